import { describe, expect, it } from "vitest";
import { onlySecret, presented, rotated, standingOf, type Secrets } from "./secret-rules.ts";

const GRACE_MS = 30_000;
const SINCE_MS = 1_000_000;
const SIBLING = { hash: "sibling", sinceMs: SINCE_MS };
const record: Secrets = {
  secretHash: "current",
  previousSecretHash: "previous",
  previousSinceMs: SINCE_MS,
  siblings: [SIBLING],
};

describe("standingOf", () => {
  it.each([
    ["[ROT-1] accepts the current secret at once", "current", SINCE_MS, "good"],
    [
      "[ROT-1] accepts the current secret long after the rotation",
      "current",
      SINCE_MS + 1e9,
      "good",
    ],
    ["[ROT-2] accepts the previous secret at once", "previous", SINCE_MS, "previous"],
    [
      "[ROT-2] accepts the previous secret at the end of grace",
      "previous",
      SINCE_MS + GRACE_MS,
      "previous",
    ],
    [
      "[ROT-4] detects reuse of the previous secret after grace",
      "previous",
      SINCE_MS + GRACE_MS + 1,
      "reused",
    ],
    ["[ROT-4] detects reuse of an older secret within grace", "older", SINCE_MS, "reused"],
    ["[ROT-4] treats an empty secret as reuse", "", SINCE_MS, "reused"],
    [
      "[ROT-2] accepts the previous secret when the clock is 2 s behind",
      "previous",
      SINCE_MS - 2_000,
      "previous",
    ],
    [
      "[ROT-4] detects reuse when the clock was set back by an hour",
      "previous",
      SINCE_MS - 3_600_000,
      "reused",
    ],
    ["[ROT-3] accepts a sibling at once", "sibling", SINCE_MS, "good"],
    ["[ROT-3] accepts a sibling long after the rotation", "sibling", SINCE_MS + 1e9, "good"],
  ])("%s", (_case, secret, nowMs, standing) => {
    expect(standingOf(record, secret, { nowMs, graceMs: GRACE_MS })).toBe(standing);
  });

  it("accepts no previous secret before the first rotation", () => {
    const at = { nowMs: SINCE_MS, graceMs: GRACE_MS };
    expect(standingOf(onlySecret("c"), "previous", at)).toBe("reused");
  });
});

describe("presented", () => {
  const IN_GRACE = SINCE_MS + GRACE_MS;
  const AFTER = IN_GRACE + 1;
  it.each([
    ["keeps all while grace lasts", "sibling", IN_GRACE, record],
    ["keeps the current secret alone after grace", "current", AFTER, { siblings: [] }],
    [
      "makes a sibling the current secret after grace",
      "sibling",
      AFTER,
      { secretHash: "sibling", siblings: [] },
    ],
    ["changes nothing for the previous secret", "previous", IN_GRACE, record],
    ["changes nothing for an old secret", "older", AFTER, record],
  ])("[ROT-3] %s", (_case, secret, nowMs, expected) => {
    const result = presented(record, secret, { nowMs, graceMs: GRACE_MS });
    expect(result).toEqual({ ...record, ...expected });
    if (expected === record) expect(result).toBe(record);
  });
});

describe("rotated", () => {
  const rotate = (secretHash: string, afterMs: number, secrets: Secrets = record): Secrets =>
    rotated(secrets, {
      secretHash,
      nextSecretHash: "next",
      nowMs: SINCE_MS + afterMs,
      graceMs: GRACE_MS,
    });

  it("[ROT-1] remembers the current secret as the previous one", () => {
    expect(rotate("current", GRACE_MS + 5)).toEqual({
      secretHash: "next",
      previousSecretHash: "current",
      previousSinceMs: SINCE_MS + GRACE_MS + 5,
      siblings: [],
    });
  });

  it("[ROT-2] leaves the remembered secret and its time alone, and keeps the current one as a sibling", () => {
    expect(rotate("previous", 5)).toEqual({
      secretHash: "next",
      previousSecretHash: "previous",
      previousSinceMs: SINCE_MS,
      siblings: [{ hash: "current", sinceMs: SINCE_MS }, SIBLING],
    });
  });

  it("[ROT-3] keeps siblings beyond a rotation, up to the end of their own grace", () => {
    const siblings = [{ hash: "current", sinceMs: SINCE_MS }];
    expect(rotate("sibling", GRACE_MS)).toMatchObject({ previousSecretHash: "sibling", siblings });
    expect(rotate("sibling", GRACE_MS + 1)).toMatchObject({ siblings: [] });
  });

  it("[ROT-3] keeps the 8 latest siblings", () => {
    let secrets: Secrets = onlySecret("first");
    secrets = rotated(secrets, {
      secretHash: "first",
      nextSecretHash: "tab-0",
      nowMs: SINCE_MS,
      graceMs: GRACE_MS,
    });
    for (let tab = 1; tab <= 10; tab += 1) {
      secrets = rotated(secrets, {
        secretHash: "first",
        nextSecretHash: `tab-${tab}`,
        nowMs: SINCE_MS,
        graceMs: GRACE_MS,
      });
    }
    expect(secrets.siblings.map(({ hash }) => hash)).toEqual(
      [9, 8, 7, 6, 5, 4, 3, 2].map((tab) => `tab-${tab}`),
    );
  });
});
