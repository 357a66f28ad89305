import { afterEach, beforeEach, expect, it } from "vitest";
import { maintainedIssuer, type MaintainedIssuer } from "../test-support/maintained.ts";
import { copySessions } from "../test-support/many-sessions.ts";
import { describeStores } from "../test-support/stores.ts";
import { call, reasonOf, testClock, type TestClock } from "../test-support/test-issuer.ts";
import { tableScans, watchedStore, type WatchedStore } from "../test-support/watched-store.ts";
import { CLEAN_UP_BATCH } from "./clean-up/clean-up.ts";
import type { SessionTable } from "./store/schema.ts";
import type { OpenStore } from "./store/store.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const IDLE_HOURS = 3;
/** Needs the clean-up three times, with a rest. */
const MANY = 2 * CLEAN_UP_BATCH + 7;

describeStores("the maintenance of an issuer on $name", (place) => {
  let clock: TestClock;
  let store: WatchedStore;
  let direct: OpenStore;
  let open: MaintainedIssuer[];

  beforeEach(async () => {
    clock = testClock();
    store = watchedStore(place().store());
    direct = await place().store().open();
    open = [];
  });
  afterEach(async () => {
    await Promise.all(open.map(({ issuer }) => issuer.close()));
    await direct.close();
    store.stop();
  });

  async function start(): Promise<MaintainedIssuer> {
    const maintained = await maintainedIssuer(store, clock, { idleSeconds: IDLE_HOURS * 3_600 });
    open.push(maintained);
    return maintained;
  }

  async function run({ maintain }: MaintainedIssuer, { hours }: { hours: number }): Promise<void> {
    for (let hour = 0; hour < hours; hour += 1) {
      clock.advance(HOUR);
      await maintain();
    }
  }

  async function signIn({ issuer }: MaintainedIssuer): Promise<string> {
    const { setCookie } = await issuer.sessions.create({ userId: "alice", tenantId: "acme" });
    return setCookie.split(";", 1)[0] ?? "";
  }

  async function standing({ issuer }: MaintainedIssuer, cookie: string): Promise<string> {
    const response = await call(issuer, "/session", { cookie });
    return response.ok ? "live" : reasonOf(response);
  }

  /** Copies of one session, changes and sign-ins, which all ended long ago. */
  async function fill(
    { issuer }: MaintainedIssuer,
    change: Partial<SessionTable> = {},
  ): Promise<void> {
    await issuer.sessions.create({ userId: "alice", tenantId: "acme" });
    const ended = { created_at_ms: 0, last_active_at_ms: 0, expires_at_ms: 0, review_at_ms: 0 };
    await copySessions(direct, MANY, () => ({ ...ended, ...change }));
    for (let from = 0; from < MANY; from += 100) {
      const numbers = Array.from({ length: Math.min(100, MANY - from) }, (_, at) => from + at);
      await direct.db
        .insertInto("breezeway_change")
        .values(
          numbers.map((n) => ({ seq: n - MANY, kind: "session", subject: `h${n}`, at_seconds: 0 })),
        )
        .execute();
      await direct.db
        .insertInto("breezeway_login_attempt")
        .values(
          numbers.map((n) => ({
            id_hash: `a${n}`,
            state: "s",
            nonce: "n",
            code_verifier: "c",
            return_to: "/",
            expires_at_ms: 0,
          })),
        )
        .execute();
    }
  }

  /** Sessions, changes and sign-ins of {@link fill} that are still there. */
  async function rowsLeft(): Promise<number[]> {
    const { db } = direct;
    const left = await Promise.all([
      db.selectFrom("breezeway_session").select("handle").execute(),
      db.selectFrom("breezeway_change").select("seq").where("seq", "<", 0).execute(),
      db.selectFrom("breezeway_login_attempt").select("id_hash").execute(),
    ]);
    return left.map(({ length }) => length);
  }

  it("deletes a session a day after its idle end, and not while it is used", async () => {
    const issuer = await start();
    const cookie = await signIn(issuer);
    await run(issuer, { hours: IDLE_HOURS - 1 });
    expect(await standing(issuer, cookie)).toBe("live");
    await run(issuer, { hours: IDLE_HOURS + 23 });
    expect(await standing(issuer, cookie)).toBe("401 session-expired");
    await run(issuer, { hours: 2 });
    expect(await standing(issuer, cookie)).toBe("401 session-missing");
  });

  it("deletes a revoked session a day after its end", async () => {
    const issuer = await start();
    const cookie = await signIn(issuer);
    await run(issuer, { hours: 2 });
    await issuer.issuer.sessions.revokeAllForUser("alice");
    await run(issuer, { hours: 23 });
    expect(await standing(issuer, cookie)).toBe("401 session-revoked");
    await run(issuer, { hours: 2 });
    expect(await standing(issuer, cookie)).toBe("401 session-missing");
  });

  it("deletes nothing within an hour after the clock jumped", async () => {
    const issuer = await start();
    const cookie = await signIn(issuer);
    await run(issuer, { hours: 2 });
    clock.advance(60 * DAY);
    await issuer.maintain();
    clock.advance(HOUR - 1);
    await issuer.maintain();
    clock.advance(-60 * DAY);
    await issuer.maintain();
    expect(await standing(issuer, cookie)).toBe("live");
  });

  it("deletes although no process lives for an hour", async () => {
    let issuer = await start();
    await fill(issuer);
    for (let restarts = 0; restarts < 4; restarts += 1) {
      await issuer.maintain();
      await issuer.issuer.close();
      clock.advance(20 * MINUTE);
      issuer = await start();
    }
    await issuer.maintain();
    expect(await rowsLeft()).toEqual([1, 0, 0]);
  });

  it("deletes in one of several processes at a time", async () => {
    const issuers = [await start(), await start(), await start()];
    await run(issuers[0]!, { hours: 2 });
    await fill(issuers[0]!);
    clock.advance(MINUTE);
    const before = store.matching(/^delete from "breezeway_rotation"/).length;
    await Promise.all(issuers.map(({ maintain }) => maintain()));
    expect(store.matching(/^delete from "breezeway_rotation"/)).toHaveLength(before + 1);
    expect(await rowsLeft()).toEqual([1, 0, 0]);
  });

  it("deletes very many in small statements by an index, with a turn for others between", async () => {
    const issuer = await start();
    await run(issuer, { hours: 2 });
    await fill(issuer);
    clock.advance(MINUTE);
    store.statements.length = 0;
    await issuer.maintain();
    expect(await rowsLeft()).toEqual([1, 0, 0]);
    for (const table of ["session", "change", "login_attempt"]) {
      const deletes = store.matching(new RegExp(`^delete from "breezeway_${table}"`));
      expect(deletes.every(({ rows }) => rows <= CLEAN_UP_BATCH)).toBe(true);
      expect(deletes).toHaveLength(3);
      expect(new Set(deletes.map(({ turn }) => turn)).size).toBe(deletes.length);
    }
    for (const { query } of store.statements.filter(({ query: { sql } }) =>
      /"breezeway_(?:session|change|login_attempt)"/.test(sql),
    ))
      expect(await tableScans(direct, query), query.sql).toEqual([]);
  });

  it("takes live sessions, which a process of the version before has inserted, into its schedule", async () => {
    const issuer = await start();
    await run(issuer, { hours: 2 });
    const live = clock.now();
    await fill(issuer, { last_active_at_ms: live, expires_at_ms: live + 30 * DAY });
    clock.advance(MINUTE);
    await issuer.maintain();
    expect((await rowsLeft())[0]).toBe(MANY + 1);
    store.statements.length = 0;
    clock.advance(MINUTE);
    await issuer.maintain();
    const reviews = store.matching(/^update "breezeway_session"/);
    expect(reviews.map(({ rows }) => rows)).toEqual([0]);
  });
});
