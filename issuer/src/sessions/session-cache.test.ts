import { beforeEach, describe, expect, it } from "vitest";
import { testClock, type TestClock } from "../../test-support/test-issuer.ts";
import { createSessionCache, type SessionCache } from "./session-cache.ts";
import type { SessionRecord } from "./session-record.ts";

let clock: TestClock;
let cache: SessionCache;

beforeEach(() => {
  clock = testClock();
  cache = createSessionCache({ clock, maxAgeMs: 30_000, maxEntries: 3 });
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
    cache.drop("b");
    cache.keep(record("a", { secretHash: "next" }), mark);
    expect(cache.get("selector-a")).toBeUndefined();
  });

  it("keeps nothing longer than its age, counted from before the read", () => {
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

  it("holds a bounded number of sessions and drops the oldest", () => {
    for (const handle of ["a", "b", "c", "d"]) cache.keep(record(handle), cache.mark());
    expect(cache.getByHandle("a")).toBeUndefined();
    expect(cache.getByHandle("d")).toBeDefined();
  });

  it("keeps nothing when there is no grace", () => {
    const none = createSessionCache({ clock, maxAgeMs: 0, maxEntries: 3 });
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
