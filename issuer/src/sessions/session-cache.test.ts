import { beforeEach, describe, expect, it } from "vitest";
import { testClock, type TestClock } from "../../test-support/test-issuer.ts";
import { createSessionCache, type SessionCache } from "./session-cache.ts";
import type { SessionRecord } from "./session-record.ts";

let clock: TestClock;
let cache: SessionCache;
let knowsRotations: boolean;
const deps = { graceMs: 30_000, maxEntries: 3, knowsRotations: () => knowsRotations };

beforeEach(() => {
  clock = testClock();
  knowsRotations = false;
  cache = createSessionCache({ ...deps, clock });
});

function record(handle: string, change: Partial<SessionRecord> = {}): SessionRecord {
  return {
    handle,
    selectorHash: `selector-${handle}`,
    secretHash: "secret",
    previousSecretHash: undefined,
    previousSinceMs: undefined,
    siblings: [],
    userId: "u",
    tenantId: "t",
    tenants: {},
    claims: {},
    data: {},
    createdAtMs: 0,
    lastActiveAtMs: 0,
    expiresAtMs: 0,
    revokedAtMs: undefined,
    revokedReason: undefined,
    device: undefined,
    network: undefined,
    ...change,
  };
}

describe("the session cache", () => {
  it("finds a session by selector and by handle", () => {
    cache.keep(record("a"), cache.mark());
    expect(cache.get("selector-a")).toEqual(record("a"));
    expect(cache.getByHandle("a")).toEqual(record("a"));
    expect(cache.get("selector-b")).toBeUndefined();
  });

  it("does not keep what was read before a change and arrives after it", () => {
    const mark = cache.mark();
    cache.drop("a");
    cache.keep(record("a"), mark);
    expect(cache.get("selector-a")).toBeUndefined();
    const second = cache.mark();
    cache.clear();
    cache.keep(record("a"), second);
    expect(cache.get("selector-a")).toBeUndefined();
  });

  it("drops the older copy even when the newer one is not kept", () => {
    cache.keep(record("a"), cache.mark());
    const mark = cache.mark();
    cache.drop("a");
    cache.keep(record("a", { secretHash: "next" }), mark);
    expect(cache.get("selector-a")).toBeUndefined();
  });

  it("keeps what was read before a change of another session", () => {
    const mark = cache.mark();
    cache.drop("b");
    cache.clear({ kind: "user", id: "somebody else" });
    cache.keep(record("a"), mark);
    expect(cache.get("selector-a")).toBeDefined();
  });

  it.each([
    ["user", "u"],
    ["tenant", "t"],
  ] as const)("forgets the sessions of a %s that ended, and no others", (kind, id) => {
    cache.keep(record("a"), cache.mark());
    cache.keep(record("b", { userId: "v", tenantId: "w" }), cache.mark());
    cache.clear({ kind, id });
    expect(cache.getByHandle("a")).toBeUndefined();
    expect(cache.getByHandle("b")).toBeDefined();
  });

  it("uses a record beyond the grace while it knows the rotations, for an hour", () => {
    cache.keep(record("a"), cache.mark());
    clock.advance(30_000);
    expect(cache.get("selector-a")).toBeUndefined();
    knowsRotations = true;
    expect(cache.get("selector-a")).toBeDefined();
    clock.advance(3_600_000 - 30_001);
    expect(cache.get("selector-a")).toBeDefined();
    clock.advance(1);
    expect(cache.get("selector-a")).toBeUndefined();
  });

  it("uses nothing beyond the grace while it does not, counted from before the read", () => {
    const mark = cache.mark();
    clock.advance(10_000);
    cache.keep(record("a"), mark);
    clock.advance(19_999);
    expect(cache.get("selector-a")).toBeDefined();
    clock.advance(1);
    expect(cache.get("selector-a")).toBeUndefined();
  });

  it("ignores records from the future after a clock was set back", () => {
    cache.keep(record("a"), cache.mark());
    clock.advance(-1);
    expect(cache.get("selector-a")).toBeUndefined();
  });

  it("finds a session under its new selector only", () => {
    cache.keep(record("a"), cache.mark());
    cache.keep(record("a", { selectorHash: "renewed" }), cache.mark());
    expect(cache.get("selector-a")).toBeUndefined();
    expect(cache.get("renewed")).toBeDefined();
  });

  it("holds a bounded number of sessions and drops the one that was not used for longest", () => {
    for (const handle of ["a", "b", "c"]) cache.keep(record(handle), cache.mark());
    cache.getByHandle("a");
    cache.keep(record("d"), cache.mark());
    expect(["a", "b", "c", "d"].filter((handle) => cache.getByHandle(handle))).toEqual([
      "a",
      "c",
      "d",
    ]);
  });

  it.each([
    ["there is no grace", { graceMs: 0 }],
    ["it may hold none", { maxEntries: 0 }],
  ])("keeps nothing when %s", (_case, change) => {
    const none = createSessionCache({ ...deps, clock, ...change });
    none.keep(record("a"), none.mark());
    expect(none.get("selector-a")).toBeUndefined();
  });
});

describe("a record that was read while many sessions were ended", () => {
  const found = record("h");

  it("may be used when its own session was not among them", () => {
    const mark = cache.mark();
    cache.clear({ kind: "user", id: "somebody else" });
    cache.clear({ kind: "tenant", id: "elsewhere" });
    expect(cache.isCurrent(mark, found)).toBe(true);
  });

  it.each([
    ["its user", { kind: "user", id: found.userId }],
    ["its tenant", { kind: "tenant", id: found.tenantId }],
    ["an unknown scope", undefined],
  ] as const)(
    "may not be used when those of %s were ended, until it was read again",
    (_name, ended) => {
      const mark = cache.mark();
      cache.clear(ended);
      expect(cache.isCurrent(mark, found)).toBe(false);
      expect(cache.isCurrent(cache.mark(), found)).toBe(true);
    },
  );

  it("may not be used when more sessions were ended than are remembered", () => {
    const mark = cache.mark();
    for (let count = 0; count <= 10_000; count += 1) cache.clear({ kind: "user", id: `u${count}` });
    expect(cache.isCurrent(mark, found)).toBe(false);
    expect(cache.isCurrent(cache.mark(), found)).toBe(true);
  });
});
