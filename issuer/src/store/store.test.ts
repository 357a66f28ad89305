import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { appendChanges, latestSeq, readChanges } from "../changes/change-log.ts";
import { createSessionStore, MAX_SESSION_CHANGES } from "../sessions/session-store.ts";
import type { SessionRecord } from "../sessions/session-record.ts";
import type { ConnectionRecord } from "../connections/connection-machine.ts";
import { createConnectionStore } from "../connections/connection-store.ts";
import { createKeyStore, type StoredKey } from "../keys/key-store.ts";
import {
  postgresFixture,
  sqliteFixture,
  START_TIMEOUT_MS,
  type Place,
} from "../test-support/stores.ts";
import type { OpenStore } from "./store.ts";

const NOW_MS = 1_800_000_000_000;

function session(handle: string, change: Partial<SessionRecord> = {}): SessionRecord {
  return {
    handle,
    selectorHash: `selector-${handle}`,
    secretHash: `secret-${handle}`,
    previousSecretHash: undefined,
    previousSinceMs: undefined,
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
    ...change,
  };
}

function key(kid: string, ordinal: number): StoredKey {
  return {
    kid,
    alg: "EdDSA",
    ordinal,
    publicJwk: { kty: "OKP", crv: "Ed25519", x: kid },
    reference: `private-${kid}`,
    createdAtMs: NOW_MS,
    activatesAtMs: NOW_MS,
    retiresAtMs: undefined,
    removedAtMs: undefined,
  };
}

describe.each([sqliteFixture(), postgresFixture()])("the $name store", (fixture) => {
  let place: Place;
  let store: OpenStore;

  beforeAll(() => fixture.start(), START_TIMEOUT_MS);
  afterAll(() => fixture.close());
  beforeEach(async () => {
    place = await fixture.place();
    store = await place.store().open();
    return () => store.close();
  });

  describe("sessions", () => {
    it("gives back exactly what was stored, by selector and by handle", async () => {
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

    it("lets one of several writes that arrive at once fail, and keeps the others", async () => {
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
      await sessions.revoke({ handle: "a" }, "revoked", NOW_MS);
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
      const ended = await sessions.revoke(query, "revoked", NOW_MS);
      expect(ended.map(({ handle }) => handle).sort()).toEqual(["a", "b", "c"]);
      expect(await sessions.revoke(query, "revoked", NOW_MS)).toEqual([]);
      const changes = await readChanges(store.db, 0, 10);
      expect(changes.map(({ seq, kind }) => [seq, kind])).toEqual([
        [1, "session"],
        [2, "session"],
        [3, "session"],
      ]);
      expect((await sessions.listForUser("alice")).map(({ handle }) => handle)).toEqual(["d"]);
      expect(await sessions.listForUser("alice", "acme")).toEqual([]);
    });

    it("announces a very large revocation as one change", async () => {
      const sessions = createSessionStore(store);
      const handles = Array.from({ length: MAX_SESSION_CHANGES + 1 }, (_, index) => `s${index}`);
      await Promise.all(handles.map((handle) => sessions.insert(session(handle))));
      const ended = await sessions.revoke({ userId: "alice" }, "revoked", NOW_MS);
      expect(ended).toHaveLength(MAX_SESSION_CHANGES + 1);
      expect(await readChanges(store.db, 0, 10)).toMatchObject([
        { kind: "user", subject: "alice" },
      ]);
    });

    it("loses no update when several change one session at once", async () => {
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

    it("purges what ended before a time, and nothing else", async () => {
      const sessions = createSessionStore(store);
      await sessions.insert(session("live"));
      await sessions.insert(session("expired", { expiresAtMs: NOW_MS - 10 }));
      await sessions.insert(session("idle", { lastActiveAtMs: NOW_MS - 600 }));
      await sessions.insert(session("revoked", { revokedAtMs: NOW_MS - 10 }));
      await sessions.insert(session("just-revoked", { revokedAtMs: NOW_MS + 10 }));
      await sessions.purge(NOW_MS, 500);
      const left = await store.db.selectFrom("breezeway_session").select("handle").execute();
      expect(left.map(({ handle }) => handle).sort()).toEqual(["just-revoked", "live"]);
    });
  });

  describe("the change log", () => {
    it("numbers changes of concurrent writers without a gap, in commit order", async () => {
      const other = await place.store().open();
      const seen: number[] = [];
      const reader = (async () => {
        let after = 0;
        while (after < 40) {
          for (const { seq } of await readChanges(store.db, after, 100)) {
            seen.push(seq);
            after = seq;
          }
        }
      })();
      await Promise.all(
        Array.from({ length: 40 }, (_, index) => {
          const writer = index % 2 === 0 ? store : other;
          return writer.db
            .transaction()
            .execute((transaction) =>
              appendChanges(writer, transaction, [{ kind: "session", subject: "s" }], NOW_MS),
            );
        }),
      );
      await reader;
      // A reader that follows by number misses none, whatever the order of the commits.
      expect(seen).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
      await other.close();
    });
  });

  describe("keys", () => {
    it("takes one of two keys of the same place in the succession", async () => {
      const keys = createKeyStore(store);
      const added = await Promise.all([
        keys.add(key("a", 1), NOW_MS),
        keys.add(key("b", 1), NOW_MS),
      ]);
      expect(added.filter(Boolean)).toHaveLength(1);
      expect(await keys.list()).toHaveLength(1);
    });

    it("ends the key before it together with adding the next", async () => {
      const keys = createKeyStore(store);
      await keys.add(key("a", 1), NOW_MS);
      await keys.add(key("b", 2), NOW_MS, { kid: "a", atMs: NOW_MS + 7 });
      expect(await keys.list()).toEqual([{ ...key("a", 1), retiresAtMs: NOW_MS + 7 }, key("b", 2)]);
    });

    it("forgets the private part of a removed key", async () => {
      const keys = createKeyStore(store);
      await keys.add(key("a", 1), NOW_MS);
      await keys.setTimes("a", { removedAtMs: NOW_MS }, NOW_MS);
      const [row] = await store.db.selectFrom("breezeway_signing_key").selectAll().execute();
      expect(row?.private_reference).toBe("");
    });
  });

  describe("connections", () => {
    const orders = { appId: "orders", tenantId: "acme" };
    const connection = (change: Partial<ConnectionRecord> = {}): ConnectionRecord => ({
      ...orders,
      id: `${change.appId ?? "orders"}-${change.tenantId ?? "acme"}`,
      state: "connecting",
      failure: undefined,
      attempts: 0,
      dueAtMs: NOW_MS,
      leaseId: undefined,
      createdAtMs: NOW_MS,
      changedAtMs: NOW_MS,
      ...change,
    });
    const put = (record: ConnectionRecord): Promise<unknown> =>
      createConnectionStore(store).update(record, () => ({ next: record, changes: [] }), NOW_MS);

    it("gives back exactly what was stored", async () => {
      const connections = createConnectionStore(store);
      const failure = { event: "connect", reason: "refused", detail: "no \u0001 ü" } as const;
      const record = connection({ state: "failed", failure, attempts: 3, leaseId: "lease" });
      await put(record);
      expect(await connections.find(orders)).toEqual(record);
      const plain = { ...record, failure: { event: "connect", reason: "timeout" } } as const;
      await put(plain);
      expect(await connections.find(orders)).toEqual(plain);
      expect(await connections.find({ ...orders, tenantId: "globex" })).toBeUndefined();
    });

    it("makes one of several that begin at once, and tells the others of it", async () => {
      const other = await place.store().open();
      const made = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          createConnectionStore(index % 2 === 0 ? store : other).update(
            orders,
            (current) => ({
              next: current ?? connection({ id: `id-${index}` }),
              changes: [{ kind: "connections-changed", subject: "acme" }],
            }),
            NOW_MS,
          ),
        ),
      );
      expect(new Set(made.map((record) => record?.id)).size).toBe(1);
      expect(await latestSeq(store.db)).toBe(1);
      await other.close();
    });

    it("loses no change when several are made at once", async () => {
      const other = await place.store().open();
      await put(connection());
      await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          createConnectionStore(index % 2 === 0 ? store : other).update(
            orders,
            (current) => ({
              next: current && { ...current, attempts: current.attempts + 1 },
              changes: [],
            }),
            NOW_MS,
          ),
        ),
      );
      expect((await createConnectionStore(store).find(orders))?.attempts).toBe(12);
      await other.close();
    });

    it("writes nothing, and logs nothing, when a command has nothing to do or refuses", async () => {
      const connections = createConnectionStore(store);
      await put(connection());
      const change = { kind: "connections-changed", subject: "acme" } as const;
      await connections.update(orders, (next) => ({ next, changes: [change] }), NOW_MS);
      const refusing = (): never => {
        throw new Error("no");
      };
      await expect(connections.update(orders, refusing, NOW_MS)).rejects.toThrow("no");
      expect(await latestSeq(store.db)).toBe(0);
      expect(await connections.find(orders)).toEqual(connection());
    });

    it("lists a tenant's, and those whose call is due, the longest wait first", async () => {
      const connections = createConnectionStore(store);
      await put(connection({ dueAtMs: NOW_MS - 1 }));
      await put(connection({ appId: "stock", state: "disconnecting", dueAtMs: NOW_MS - 2 }));
      await put(connection({ appId: "later", dueAtMs: NOW_MS + 7 }));
      await put(connection({ appId: "calm", state: "connected" }));
      await put(connection({ tenantId: "globex", dueAtMs: NOW_MS + 9 }));
      const list = await connections.listForTenant("acme");
      expect(list.map(({ appId }) => appId)).toEqual(["calm", "later", "orders", "stock"]);
      const due = async (limit: number, withoutApps: string[] = []): Promise<string[]> =>
        (await connections.listDue(NOW_MS, { limit, withoutApps })).map(({ appId }) => appId);
      expect(await due(10)).toEqual(["stock", "orders"]);
      expect(await due(1)).toEqual(["stock"]);
      expect(await due(10, ["stock"])).toEqual(["orders"]);
      expect(await connections.nextDueAtMs(NOW_MS)).toBe(NOW_MS + 7);
      expect(await connections.nextDueAtMs(NOW_MS + 9)).toBeUndefined();
    });
  });

  it("brings the schema up once when several processes start on an empty store", async () => {
    const empty = await fixture.place();
    const stores = await Promise.all([1, 2, 3].map(() => empty.store().open()));
    expect(await Promise.all(stores.map(({ db }) => latestSeq(db)))).toEqual([0, 0, 0]);
    await Promise.all(stores.map((open) => open.close()));
  });
});
