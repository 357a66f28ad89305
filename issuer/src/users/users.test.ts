import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  readToken,
  startAppBackend,
  status,
  type AppBackend,
} from "../../test-support/app-backend.ts";
import { describeStores } from "../../test-support/stores.ts";
import { tableScans, watchedStore } from "../../test-support/watched-store.ts";
import { call, cookieOf, signIn, testIssuer } from "../../test-support/test-issuer.ts";
import {
  BridgeError,
  createUserManager,
  type AuditEvent,
  type Issuer,
  type IssuerOptions,
  type OpenStore,
} from "../index.ts";

let backend: AppBackend;
beforeAll(async () => {
  backend = await startAppBackend();
});
afterAll(() => backend.close());

describeStores("users of a $name store", (place) => {
  let issuer: Issuer;
  let store: OpenStore;
  let events: AuditEvent[];
  let first: number;

  const app = (id: string, lifecycle = {}) => ({
    id,
    name: id,
    version: "1.0.0",
    url: `https://${id}.example/`,
    scopes: ["orders:read"],
    lifecycle,
  });
  const open = (options: Partial<IssuerOptions> = {}): Issuer =>
    testIssuer({
      store: place().store(),
      apps: [app("tells", { userErasedUrl: `${backend.origin}/erased` }), app("silent")],
      installations: {},
      audit: (event) => void events.push(event),
      ...options,
    });

  beforeEach(async () => {
    events = [];
    first = backend.calls.length;
    backend.answer = status(204);
    issuer = open();
    await issuer.ready;
    store = await place().store().open();
  });
  afterEach(async () => {
    await issuer.close();
    await store.close();
  });

  const calls = () => backend.calls.slice(first);
  const install = (appId: string, tenantId: string) =>
    issuer.installations.install({ appId, tenantId });
  const signInAlice = (tenantId = "acme") =>
    issuer.sessions.create({
      userId: "alice",
      tenantId,
      scopes: ["orders:read"],
      data: { name: "Alice" },
      client: { userAgent: "curl/8", address: "203.0.113.77" },
    });

  /** All rows of all tables, as text. */
  async function everything(): Promise<string> {
    const tables = await store.db.introspection.getTables();
    const all: unknown[] = [];
    for (const { name } of tables) {
      if (!name.startsWith("breezeway_")) continue;
      all.push(
        name,
        await store.db
          .selectFrom(name as "breezeway_session")
          .selectAll()
          .execute(),
      );
    }
    return JSON.stringify(all);
  }

  /** What an administrator leaves behind, in every table that names a user. */
  async function actAsAlice(): Promise<void> {
    await issuer.apps.put(app("bills"), { actor: "alice" });
    await issuer.apps.suspend("bills", { reason: "Under review", actor: "alice" });
    await issuer.installations.grants.set({
      appId: "tells",
      tenantId: "acme",
      scopes: ["orders:read"],
      actor: "alice",
    });
  }

  describe("export", () => {
    it("has everything about the user, and nothing about others", async () => {
      const { session } = await signInAlice();
      const ended = await signInAlice("globex");
      await issuer.sessions.revoke(ended.session.handle);
      await signIn(issuer, "bob");
      await actAsAlice();
      const exported = await issuer.users.export("alice");
      expect(exported).toMatchObject({
        userId: "alice",
        sessions: [
          {
            handle: session.handle,
            device: "curl",
            network: "203.0.113.0/24",
            data: { name: "Alice" },
          },
          { handle: ended.session.handle, tenantId: "globex", endedBecause: "revoked" },
        ],
        grants: [{ appId: "tells", tenantId: "acme", scopes: ["orders:read"] }],
        grantHistory: [{ appId: "tells", tenantId: "acme" }],
        appHistory: [
          { appId: "bills", action: "put" },
          { appId: "bills", action: "suspend", reason: "Under review" },
        ],
        revocations: [],
        erasureCalls: [],
      });
      expect(JSON.parse(JSON.stringify(exported))).toEqual(exported);
      expect(JSON.stringify(exported)).not.toContain("bob");
      expect(await issuer.users.export("nobody")).toMatchObject({ sessions: [], grants: [] });
    });

    it("contains no secret and no hash", async () => {
      const { secret, setCookie } = await signInAlice();
      const refreshed = await call(issuer, "/session/refresh", {
        method: "POST",
        cookie: setCookie.split(";", 1)[0],
      });
      const [row] = await store.db.selectFrom("breezeway_session").selectAll().execute();
      const text = JSON.stringify(await issuer.users.export("alice"));
      const canaries = [secret, cookieOf(refreshed).split("=")[1], row?.selector_hash];
      for (const canary of [...canaries, row?.secret_hash, row?.previous_secret_hash]) {
        expect(canary).toMatch(/.{20}/);
        expect(text).not.toContain(canary);
      }
      expect(text).not.toMatch(/hash|secret|sibling/i);
    });

    it("reads more than one batch of everything", async () => {
      const { session } = await signInAlice();
      const row = await store.db
        .selectFrom("breezeway_session")
        .selectAll()
        .executeTakeFirstOrThrow();
      const rows = Array.from({ length: 250 }, (_, index) => ({
        ...row,
        handle: `copy-${index}`,
        selector_hash: `copy-${index}`,
        revoked_at_ms: index < 120 ? 1 : null,
      }));
      await store.db.insertInto("breezeway_session").values(rows).execute();
      const changes = Array.from({ length: 130 }, (_, number) => ({
        app_id: "bills",
        number,
        action: "put" as const,
        revision: 1,
        tenant_id: null,
        reason: null,
        manifest: null,
        diff: "[]",
        actor: "alice",
        at_ms: 1,
      }));
      await store.db.insertInto("breezeway_app_change").values(changes).execute();
      const { sessions, appHistory } = await issuer.users.export("alice");
      expect(new Set(sessions.map(({ handle }) => handle)).size).toBe(251);
      expect(sessions.some(({ handle }) => handle === session.handle)).toBe(true);
      expect(appHistory.map(({ number }) => number)).toEqual(changes.map(({ number }) => number));
    });
  });

  describe("erase", () => {
    it("leaves nothing of the user in any table, and everything of others", async () => {
      await signInAlice();
      await signInAlice("globex");
      await signIn(issuer, "bob");
      await actAsAlice();
      expect(await everything()).toContain("alice");
      const report = await issuer.users.erase("alice");
      expect(report).toEqual({
        userId: "alice",
        dryRun: false,
        sessions: 2,
        histories: 4,
        told: [],
        kept: [],
      });
      const left = await everything();
      expect(left).not.toMatch(/alice/i);
      expect(left).toContain("bob");
      expect(left).toContain("Under review");
      expect(await issuer.users.erase("alice")).toMatchObject({ sessions: 0, histories: 0 });
      expect(events).toContainEqual({ event: "user.erased", sub: "alice", count: 2 });
    });

    it("ends the sessions everywhere, and no process brings them back", async () => {
      const cookie = await signIn(issuer);
      await using beside = open();
      expect((await call(beside, "/session", { cookie })).status).toBe(200);
      await issuer.users.erase("alice");
      const ended = async (path: string, method: string): Promise<number> =>
        (await call(beside, path, { method, cookie })).status;
      await expect.poll(() => ended("/session", "GET"), { timeout: 5_000 }).toBe(401);
      expect(await ended("/session/refresh", "POST")).toBe(401);
      expect(await everything()).not.toContain("alice");
    });

    it("counts in a dry run, and changes nothing", async () => {
      await signInAlice();
      await install("tells", "acme");
      await actAsAlice();
      const before = await everything();
      expect(await issuer.users.erase("alice", { dryRun: true })).toMatchObject({
        dryRun: true,
        sessions: 1,
        histories: 4,
        told: [{ appId: "tells", tenantId: "acme" }],
        kept: [],
      });
      expect(await everything()).toBe(before);
      expect(calls()).toEqual([]);
    });

    it("says what is kept after very many sessions: the entry that revokes their tokens", async () => {
      await signInAlice();
      const row = await store.db
        .selectFrom("breezeway_session")
        .selectAll()
        .executeTakeFirstOrThrow();
      for (let batch = 0; batch < 11; batch += 1) {
        const rows = Array.from({ length: 100 }, (_, index) => ({
          ...row,
          handle: `copy-${batch}-${index}`,
          selector_hash: `copy-${batch}-${index}`,
        }));
        await store.db.insertInto("breezeway_session").values(rows).execute();
      }
      const report = await issuer.users.erase("alice");
      expect(report.sessions).toBe(1_101);
      expect(report.kept).toMatchObject([{ what: "revocations" }]);
      expect(report.kept[0]?.untilSeconds).toBeGreaterThan(Date.now() / 1_000 + 3_600);
      const { revocations, sessions } = await issuer.users.export("alice");
      expect(sessions).toEqual([]);
      expect(revocations).toHaveLength(report.kept[0]?.count ?? 0);
    });

    it("is repeated after a failure of any statement, and then leaves nothing", async () => {
      const expected = { sessions: [], grants: [], grantHistory: [], appHistory: [] };
      for (let failing = 1; ; failing += 1) {
        await signInAlice();
        await signInAlice("globex");
        await install("tells", "acme");
        await actAsAlice();
        let left = failing;
        const watched = watchedStore(place().store(), () => {
          left -= 1;
          if (left === 0) throw new BridgeError("STORE_UNAVAILABLE", "The test fails this.");
        });
        await using manager = await createUserManager({ store: watched });
        const failed = await manager.erase("alice").then(
          () => false,
          () => true,
        );
        watched.stop();
        if (failed) await issuer.users.erase("alice");
        expect(await issuer.users.export("alice")).toMatchObject(expected);
        await expect.poll(everything).not.toContain("alice");
        // The call of an app is noted before the sessions that say where the app is are gone.
        expect(calls().length).toBeGreaterThanOrEqual(failing);
        if (!failed) break;
      }
    });

    it("reads no table as a whole but the log, works in batches, and lets others have a turn", async () => {
      await signInAlice();
      const row = await store.db
        .selectFrom("breezeway_session")
        .selectAll()
        .executeTakeFirstOrThrow();
      const rows = Array.from({ length: 450 }, (_, index) => ({
        ...row,
        handle: `copy-${index}`,
        selector_hash: `copy-${index}`,
      }));
      await store.db.insertInto("breezeway_session").values(rows).execute();
      await actAsAlice();
      const watched = watchedStore(place().store());
      await using manager = await createUserManager({ store: watched });
      await manager.export("alice");
      await manager.erase("alice");
      watched.stop();
      for (const { query } of watched.matching(/breezeway_(session|app_change|grant|erasure)/)) {
        if (/^(begin|commit)/.test(query.sql)) continue;
        expect(await tableScans(store, query), query.sql).toEqual([]);
      }
      const deletions = watched.matching(/^delete from "breezeway_session"/);
      expect(deletions.map((statement) => statement.rows)).toEqual([100, 100, 100, 100, 51, 0]);
      const turns = new Set(deletions.slice(0, 5).map(({ turn }) => turn));
      expect(turns.size).toBe(5);
    });

    it.each<[name: string, userId: string, options: object]>([
      ["userId", "", {}],
      ["tenantIds", "alice", { tenantIds: [""] }],
      ["dryrun", "alice", { dryrun: true }],
    ])("refuses a wrong %s by name, and erases nothing", async (name, id, options) => {
      await signInAlice();
      await expect(issuer.users.erase(id, options)).rejects.toThrow(name);
      expect((await issuer.users.export("alice")).sessions).toHaveLength(1);
    });
  });

  describe("apps of an erased user", () => {
    it("get a signed call, once for each tenant that has them", async () => {
      for (const tenantId of ["acme", "globex", "initech"]) await install("tells", tenantId);
      await install("silent", "acme");
      await signInAlice();
      await signInAlice("globex");
      const { told, kept } = await issuer.users.erase("alice");
      expect(told).toHaveLength(2);
      expect(kept).toMatchObject([{ what: "calls", count: 2 }]);
      await expect.poll(() => calls().length).toBe(2);
      await expect.poll(everything).not.toContain("alice");
      expect(new Set(calls().map(({ said }) => said["tenantId"]))).toEqual(
        new Set(["acme", "globex"]),
      );
      const [received] = calls();
      if (!received) throw new Error("no call");
      expect(received.path).toBe("POST /erased");
      expect(received.said).toMatchObject({
        event: "user-erased",
        userId: "alice",
        appId: "tells",
      });
      const { header, claims } = await readToken(received, await issuer.keys.jwks(), Date.now());
      expect(header).toMatchObject({ typ: "lifecycle+jwt" });
      expect(claims).toMatchObject({ event: "user-erased", userId: "alice", aud: "tells" });
      expect(events).toContainEqual(
        expect.objectContaining({ event: "user.erasure-delivered", sub: "alice", app: "tells" }),
      );
    });

    it("get a call in tenants that the caller names, after the sessions were forgotten", async () => {
      await install("tells", "initech");
      await issuer.users.erase("alice", { tenantIds: ["initech"] });
      await expect.poll(() => calls().map(({ said }) => said["tenantId"])).toEqual(["initech"]);
    });

    it("get a call again after a failure, with the id kept until then", async () => {
      await install("tells", "acme");
      await signInAlice();
      backend.answer = status(503);
      await issuer.users.erase("alice");
      await expect.poll(() => calls().length).toBe(1);
      const [waiting] = await waitingCalls(store);
      expect(waiting).toMatchObject({ user_id: "alice", attempts: 1 });
      expect((await issuer.users.export("alice")).erasureCalls).toEqual([
        { appId: "tells", tenantId: "acme", attempts: 1 },
      ]);
      backend.answer = status(204);
      await store.db.updateTable("breezeway_erasure_call").set({ due_at_ms: 0 }).execute();
      await expect.poll(() => waitingCalls(store)).toEqual([]);
      expect(calls()).toHaveLength(2);
    });

    it.each([
      ["a refusal", 410, {}],
      ["the last attempt", 503, { maxAttempts: 1 }],
    ] as const)(
      "get no other call after %s, which the audit log has",
      async (_what, code, installations) => {
        await issuer.close();
        issuer = open({ installations });
        await install("tells", "acme");
        await signInAlice();
        backend.answer = status(code);
        await issuer.users.erase("alice");
        await expect
          .poll(() => events.map(({ event }) => event))
          .toContain("user.erasure-undelivered");
        expect(await waitingCalls(store)).toEqual([]);
      },
    );

    it("get a call of a running issuer after an erasure on the command line", async () => {
      await install("tells", "acme");
      await install("silent", "acme");
      const { setCookie } = await signInAlice();
      await using manager = await createUserManager({ store: place().store() });
      const { told } = await manager.erase("alice");
      expect(told.map(({ appId }) => appId)).toEqual(["silent", "tells"]);
      const cookie = setCookie.split(";", 1)[0];
      await expect
        .poll(async () => (await call(issuer, "/session", { cookie })).status, { timeout: 5_000 })
        .toBe(401);
      await expect.poll(() => calls().length).toBe(1);
      await expect.poll(() => waitingCalls(store)).toEqual([]);
    });
  });
});

const waitingCalls = (store: OpenStore) =>
  store.db.selectFrom("breezeway_erasure_call").selectAll().execute();
