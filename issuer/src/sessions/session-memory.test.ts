/** What requests of active sessions read from the store. */
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Issuer } from "../index.ts";
import { openBrowser, type Browser } from "../../test-support/client.ts";
import { describeStores } from "../../test-support/stores.ts";
import { reasonOf, testClock, testIssuer, type TestClock } from "../../test-support/test-issuer.ts";
import { watchedStore, type WatchedStore } from "../../test-support/watched-store.ts";

/** Tokens live for a minute and are asked for a little earlier. */
const TOKEN_MS = 57_000;
const GRACE_MS = 30_000;
/** Statements about sessions. */
const SESSION = / "breezeway_session" /;

describeStores("an issuer on $name with active sessions", (place) => {
  let clock: TestClock;
  let store: WatchedStore;
  let a: Issuer;
  let b: Issuer;
  let browser: Browser;
  let isCut: boolean;

  beforeEach(async () => {
    clock = testClock();
    isCut = false;
    store = watchedStore(place().store(), ({ query }) => {
      if (isCut && query.sql.includes("breezeway_rotation")) throw new Error("cut");
    });
    a = testIssuer({ store: place().store(), clock });
    b = testIssuer({ store, clock });
    await Promise.all([a.ready, b.ready]);
    browser = await openBrowser(a);
  });
  afterEach(async () => {
    await Promise.all([a.close(), b.close()]);
    store.stop();
  });

  const reads = (): number => store.matching(SESSION).length;

  /** Mints at the second issuer. @returns the status, and the statements about sessions */
  async function mint(): Promise<[status: number, statements: number]> {
    const before = reads();
    const { status } = await browser.mint(b);
    return [status, reads() - before];
  }

  it("mint without a query for the session, for as long as it stays active", async () => {
    expect(await mint()).toEqual([200, 1]);
    for (let minute = 0; minute < 50; minute += 1) {
      clock.advance(TOKEN_MS);
      expect(await mint()).toEqual([200, 0]);
    }
  });

  it("cost one query each when they are not in memory, by cookie and by handle, which is compiled once", async () => {
    const others = await Promise.all(["bob", "carol"].map((user) => openBrowser(a, user)));
    const before = reads();
    for (const other of others) expect((await other.mint(b)).status).toBe(200);
    const byCookie = store.matching(SESSION).slice(before);
    for (const user of ["dora", "emil"]) {
      const { session } = await a.sessions.create({ userId: user, tenantId: "acme" });
      await b.sessions.mintToken(session.handle, "orders");
    }
    const byHandle = store.matching(SESSION).slice(before + byCookie.length);
    for (const statements of [byCookie, byHandle]) {
      const compiled = new Set(statements.map(({ query }) => query.queryId));
      expect([statements.length, compiled.size]).toEqual([2, 1]);
    }
  });

  it("refuse a secret after its grace, although it was in memory when another process rotated it", async () => {
    expect(await mint()).toEqual([200, 1]);
    clock.advance(TOKEN_MS);
    const old = browser.cookie;
    await browser.refresh(a);
    browser.cookie = old;
    clock.advance(GRACE_MS);
    expect((await mint())[0]).toBe(200);
    clock.advance(1);
    expect(await reasonOf(await browser.mint(b))).toBe("401 refresh-reused");
  });

  it("read the session at each request while they cannot read the rotations", async () => {
    isCut = true;
    expect(await mint()).toEqual([200, 1]);
    clock.advance(GRACE_MS - 1);
    expect(await mint()).toEqual([200, 0]);
    clock.advance(1);
    expect(await mint()).toEqual([200, 1]);
  });
});
