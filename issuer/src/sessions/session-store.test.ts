import fc from "fast-check";
import { beforeEach, expect, it } from "vitest";
import { latestSeq, readChanges } from "../changes/change-log.ts";
import type { OpenStore } from "../store/store.ts";
import { describeStores } from "../../test-support/stores.ts";
import { checkId } from "../stored-id.ts";
import { purgeSessions } from "./session-purge.ts";
import type { SessionRecord } from "./session-record.ts";
import type { EndedSession, RevokeQuery } from "./session-revocation.ts";
import { createSessionStore, type SessionStore } from "./session-store.ts";

const NOW_MS = 1_800_000_000_000;

async function revoke(sessions: SessionStore, query: RevokeQuery): Promise<EndedSession[][]> {
  const slices: EndedSession[][] = [];
  for await (const slice of sessions.revoke(query, "revoked", NOW_MS)) slices.push(slice);
  return slices;
}

function session(handle: string, change: Partial<SessionRecord> = {}): SessionRecord {
  return {
    handle,
    selectorHash: `selector-${handle}`,
    secretHash: `secret-${handle}`,
    previousSecretHash: undefined,
    previousSinceMs: undefined,
    siblings: [],
    userId: "alice",
    tenantId: "acme",
    tenants: { acme: { scopes: ["orders:read"] }, globex: { scopes: [] } },
    claims: { org_role: "admin", "weird \u0000 key": ["ü", 1.5, null] },
    data: { cart: { items: [1, 2] } },
    createdAtMs: NOW_MS,
    lastActiveAtMs: NOW_MS,
    expiresAtMs: NOW_MS + 1_000_000,
    revokedAtMs: undefined,
    revokedReason: undefined,
    device: undefined,
    network: undefined,
    ...change,
  };
}

describeStores("sessions in the $name store", (place) => {
  let store: OpenStore;
  beforeEach(async () => {
    store = await place().store().open();
    return () => store.close();
  });

  it("returns exactly what was stored, by selector and by handle", async () => {
    const sessions = createSessionStore(store);
    const record = session("a", { previousSecretHash: "p", previousSinceMs: NOW_MS - 5 });
    await sessions.insert(record);
    expect(await sessions.findBySelector("selector-a")).toEqual(record);
    expect(await sessions.findByHandle("a")).toEqual(record);
    expect(await sessions.findByHandle("b")).toBeUndefined();
  });

  it("lets one of several swaps of the same secret win", async () => {
    const sessions = createSessionStore(store);
    const record = session("a");
    await sessions.insert(record);
    const outcomes = await Promise.all(
      ["x", "y", "z"].map((secret) =>
        sessions.replace(record, { secret_hash: secret }, [], NOW_MS),
      ),
    );
    expect(outcomes.filter(Boolean)).toHaveLength(1);
  });

  it("lets one of several concurrent writes fail without the others", async () => {
    const sessions = createSessionStore(store);
    await sessions.insert(session("taken"));
    const writes = ["a", "taken", "b", "c"].map((handle) => sessions.insert(session(handle)));
    const outcomes = await Promise.allSettled(writes);
    expect(outcomes.map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "fulfilled",
      "fulfilled",
    ]);
    for (const handle of ["a", "b", "c"]) {
      expect(await sessions.findByHandle(handle)).toEqual(session(handle));
    }
  });

  it("swaps nothing in a revoked session, and logs nothing for a lost swap", async () => {
    const sessions = createSessionStore(store);
    const record = session("a");
    await sessions.insert(record);
    await revoke(sessions, { handle: "a" });
    const swapped = await sessions.replace(
      record,
      { secret_hash: "x" },
      [{ kind: "tenant-changed", subject: "a" }],
      NOW_MS,
    );
    expect(swapped).toBe(false);
    expect(await latestSeq(store.db)).toBe(1);
  });

  it("revokes once, with one change for each session", async () => {
    const sessions = createSessionStore(store);
    for (const handle of ["a", "b", "c"]) await sessions.insert(session(handle));
    await sessions.insert(session("d", { tenantId: "globex" }));
    await sessions.insert(session("e", { userId: "bob" }));
    const query = { userId: "alice", tenantId: "acme" };
    const ended = (await revoke(sessions, query)).flat();
    expect(ended.map(({ handle }) => handle).sort()).toEqual(["a", "b", "c"]);
    expect(await revoke(sessions, query)).toEqual([]);
    const changes = await readChanges(store.db, 0, 10);
    expect(changes.map(({ seq, kind }) => [seq, kind])).toEqual([
      [1, "session"],
      [2, "session"],
      [3, "session"],
    ]);
    const page = { userId: "alice", limit: 10, nowMs: NOW_MS, idleMs: 1 };
    expect((await sessions.listForUser(page))?.map(({ handle }) => handle)).toEqual(["d"]);
    expect(await sessions.listForUser({ ...page, tenantId: "acme" })).toEqual([]);
  });

  it("loses no concurrent update of one session", async () => {
    const sessions = createSessionStore(store);
    await sessions.insert(session("a", { data: {} }));
    await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        sessions.update(
          "a",
          ({ data }) => ({ data: JSON.stringify({ ...data, [`k${index}`]: index }) }),
          [],
          NOW_MS,
        ),
      ),
    );
    const data = (await sessions.findByHandle("a"))?.data ?? {};
    expect(Object.keys(data)).toHaveLength(8);
  });

  it("rolls a change back as a whole when it fails", async () => {
    const sessions = createSessionStore(store);
    await sessions.insert(session("a"));
    const failing = sessions.update(
      "a",
      () => {
        throw new Error("no");
      },
      [{ kind: "claims-changed", subject: "a" }],
      NOW_MS,
    );
    await expect(failing).rejects.toThrow("no");
    expect(await latestSeq(store.db)).toBe(0);
    expect(await sessions.findByHandle("a")).toEqual(session("a"));
  });

  it("purges only sessions that ended a day before", async () => {
    const sessions = createSessionStore(store);
    const dayAgoMs = NOW_MS - 24 * 3_600_000;
    const old = { createdAtMs: 0 };
    await sessions.insert(session("live", old));
    await sessions.insert(session("expired", { ...old, expiresAtMs: dayAgoMs - 10 }));
    await sessions.insert(session("just-expired", { ...old, expiresAtMs: dayAgoMs + 10 }));
    await sessions.insert(session("idle", { ...old, lastActiveAtMs: dayAgoMs - 600 }));
    await sessions.insert(session("revoked", { ...old, revokedAtMs: dayAgoMs - 10 }));
    await sessions.insert(session("just-revoked", { ...old, revokedAtMs: dayAgoMs + 10 }));
    expect(await purgeSessions(store, { nowMs: NOW_MS, idleMs: 500, limit: 10 })).toBe(6);
    const left = await store.db.selectFrom("breezeway_session").select("handle").execute();
    expect(left.map(({ handle }) => handle).sort()).toEqual([
      "just-expired",
      "just-revoked",
      "live",
    ]);
  });

  it("returns every allowed id unchanged", async () => {
    const sessions = createSessionStore(store);
    let handles = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "binary", minLength: 1, maxLength: 20 }),
        async (userId) => {
          fc.pre(isId(userId));
          const handle = `s${(handles += 1)}`;
          await sessions.insert(session(handle, { userId }));
          const found = await sessions.listForUser({ userId, limit: 10, nowMs: NOW_MS, idleMs: 1 });
          expect(found?.map((each) => each.userId)).toContain(userId);
          expect(await sessions.findByHandle(handle)).toMatchObject({ userId });
        },
      ),
      { numRuns: 50 },
    );
  });
});

function isId(text: string): boolean {
  try {
    return checkId("userId", text) === text;
  } catch {
    return false;
  }
}
