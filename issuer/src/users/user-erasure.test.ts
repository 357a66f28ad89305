import { expect, it } from "vitest";
import { describeStores } from "../../test-support/stores.ts";
import { call, signIn } from "../../test-support/test-issuer.ts";
import { setUpUsers } from "../../test-support/users-stage.ts";
import { tableScans, watchedStore } from "../../test-support/watched-store.ts";
import { BridgeError, createUserManager } from "../index.ts";

describeStores("the erasure of a user of a $name store", (place) => {
  const stage = setUpUsers(place);

  it("leaves nothing of the user in any table, and everything of others", async () => {
    await stage.signInAlice();
    await stage.signInAlice("globex");
    await signIn(stage.issuer, "bob");
    await stage.actAsAlice();
    expect(await stage.everything()).toContain("alice");
    const report = await stage.issuer.users.erase("alice");
    expect(report).toEqual({
      userId: "alice",
      dryRun: false,
      sessions: 2,
      histories: 4,
      wishes: 1,
      told: [],
      kept: [],
    });
    const left = await stage.everything();
    expect(left).not.toMatch(/alice/i);
    expect(left).toContain("bob");
    expect(left).toContain("Under review");
    expect(await stage.issuer.users.erase("alice")).toMatchObject({ sessions: 0, histories: 0 });
    expect(stage.events).toContainEqual({ event: "user.erased", sub: "alice", count: 2 });
  });

  it("ends the sessions everywhere, and no process brings them back", async () => {
    const cookie = await signIn(stage.issuer);
    await using beside = stage.open();
    expect((await call(beside, "/session", { cookie })).status).toBe(200);
    await stage.issuer.users.erase("alice");
    const ended = async (path: string, method: string): Promise<number> =>
      (await call(beside, path, { method, cookie })).status;
    await expect.poll(() => ended("/session", "GET"), { timeout: 5_000 }).toBe(401);
    expect(await ended("/session/refresh", "POST")).toBe(401);
    expect(await stage.everything()).not.toContain("alice");
  });

  it("counts in a dry run, and changes nothing", async () => {
    await stage.signInAlice();
    await stage.install("tells", "acme");
    await stage.actAsAlice();
    const before = await stage.everything();
    expect(await stage.issuer.users.erase("alice", { dryRun: true })).toMatchObject({
      dryRun: true,
      sessions: 1,
      histories: 4,
      wishes: 1,
      told: [{ appId: "tells", tenantId: "acme" }],
      kept: [],
    });
    expect(await stage.everything()).toBe(before);
    expect(stage.calls()).toEqual([]);
  });

  it("says what is kept after very many sessions: the entry that revokes their tokens", async () => {
    await stage.signInAlice();
    const row = await stage.store.db
      .selectFrom("breezeway_session")
      .selectAll()
      .executeTakeFirstOrThrow();
    for (let batch = 0; batch < 11; batch += 1) {
      const rows = Array.from({ length: 100 }, (_, index) => ({
        ...row,
        handle: `copy-${batch}-${index}`,
        selector_hash: `copy-${batch}-${index}`,
      }));
      await stage.store.db.insertInto("breezeway_session").values(rows).execute();
    }
    const report = await stage.issuer.users.erase("alice");
    expect(report.sessions).toBe(1_101);
    expect(report.kept).toMatchObject([{ what: "revocations" }]);
    expect(report.kept[0]?.untilSeconds).toBeGreaterThan(Date.now() / 1_000 + 3_600);
    const { revocations, sessions } = await stage.issuer.users.export("alice");
    expect(sessions).toEqual([]);
    expect(revocations).toHaveLength(report.kept[0]?.count ?? 0);
  });

  it("is repeated after a failure of any statement, and then leaves nothing", async () => {
    const expected = { sessions: [], grants: [], grantHistory: [], appHistory: [] };
    for (let failing = 1; ; failing += 1) {
      await stage.signInAlice();
      await stage.signInAlice("globex");
      await stage.install("tells", "acme");
      await stage.actAsAlice();
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
      if (failed) await stage.issuer.users.erase("alice");
      expect(await stage.issuer.users.export("alice")).toMatchObject(expected);
      await expect.poll(() => stage.everything()).not.toContain("alice");
      // The call of an app is noted before the sessions that say where the app is are gone.
      expect(stage.calls().length).toBeGreaterThanOrEqual(failing);
      if (!failed) break;
    }
  });

  it("reads no table as a whole but the log, works in batches, and lets others have a turn", async () => {
    await stage.signInAlice();
    const row = await stage.store.db
      .selectFrom("breezeway_session")
      .selectAll()
      .executeTakeFirstOrThrow();
    const rows = Array.from({ length: 450 }, (_, index) => ({
      ...row,
      handle: `copy-${index}`,
      selector_hash: `copy-${index}`,
    }));
    await stage.store.db.insertInto("breezeway_session").values(rows).execute();
    await stage.actAsAlice();
    const watched = watchedStore(place().store());
    await using manager = await createUserManager({ store: watched });
    await manager.export("alice");
    await manager.erase("alice");
    watched.stop();
    for (const { query } of watched.matching(/breezeway_(session|app_change|grant|erasure)/)) {
      if (/^(begin|commit)/.test(query.sql)) continue;
      expect(await tableScans(stage.store, query), query.sql).toEqual([]);
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
    await stage.signInAlice();
    await expect(stage.issuer.users.erase(id, options)).rejects.toThrow(name);
    expect((await stage.issuer.users.export("alice")).sessions).toHaveLength(1);
  });
});
