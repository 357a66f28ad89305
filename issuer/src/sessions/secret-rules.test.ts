import { describe, expect, it } from "vitest";
import { rotated, standingOf } from "./secret-rules.ts";

const GRACE_MS = 30_000;
const SINCE_MS = 1_000_000;
const record = { secretHash: "current", previousSecretHash: "previous", previousSinceMs: SINCE_MS };

describe("standingOf", () => {
  it.each([
    ["[ROT-1] accepts the current secret at once", "current", SINCE_MS, "current"],
    [
      "[ROT-1] accepts the current secret long after the rotation",
      "current",
      SINCE_MS + 1e9,
      "current",
    ],
    ["[ROT-2] accepts the previous secret at once", "previous", SINCE_MS, "previous"],
    [
      "[ROT-2] accepts the previous secret at the end of grace",
      "previous",
      SINCE_MS + GRACE_MS,
      "previous",
    ],
    [
      "[ROT-3] detects reuse of the previous secret after grace",
      "previous",
      SINCE_MS + GRACE_MS + 1,
      "reused",
    ],
    ["[ROT-3] detects reuse of an older secret within grace", "older", SINCE_MS, "reused"],
    ["[ROT-3] treats an empty secret as reuse", "", SINCE_MS, "reused"],
    [
      "[ROT-2] accepts the previous secret when the clock is 2 s behind",
      "previous",
      SINCE_MS - 2_000,
      "previous",
    ],
    [
      "[ROT-3] detects reuse when the clock was set back by an hour",
      "previous",
      SINCE_MS - 3_600_000,
      "reused",
    ],
  ])("%s", (_case, secret, nowMs, standing) => {
    expect(standingOf(record, secret, nowMs, GRACE_MS)).toBe(standing);
  });

  it("accepts no previous secret before the first rotation", () => {
    const fresh = { secretHash: "c", previousSecretHash: undefined, previousSinceMs: undefined };
    expect(standingOf(fresh, "previous", SINCE_MS, GRACE_MS)).toBe("reused");
  });
});

describe("rotated", () => {
  it("[ROT-1] remembers the current secret as the previous one", () => {
    expect(rotated(record, "current", "next", SINCE_MS + 5)).toEqual({
      secretHash: "next",
      previousSecretHash: "current",
      previousSinceMs: SINCE_MS + 5,
    });
  });

  it("[ROT-2] leaves the remembered secret and its time alone", () => {
    expect(rotated(record, "previous", "next", SINCE_MS + 5)).toEqual({
      secretHash: "next",
      previousSecretHash: "previous",
      previousSinceMs: SINCE_MS,
    });
  });
});
