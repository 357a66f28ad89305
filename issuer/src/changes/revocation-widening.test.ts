import { decodeJwt } from "jose";
import type { KyselyPlugin, PluginTransformResultArgs, QueryResult, UnknownRow } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sqliteStore, type Issuer, type Store } from "../index.ts";
import { MAX_SESSION_CHANGES } from "../sessions/session-revocation.ts";
import { openBrowser } from "../../test-support/client.ts";
import { describeStores } from "../../test-support/stores.ts";
import {
  call,
  reasonOf,
  shiftedClock,
  testClock,
  testIssuer,
  type TestClock,
} from "../../test-support/test-issuer.ts";
import { appendChanges } from "./change-log.ts";

interface Entry {
  readonly kind: string;
  readonly id: string;
  readonly atSeconds: number;
}

async function feedOf(issuer: Issuer): Promise<Entry[]> {
  const response = await call(issuer, "/revocations", { headers: { accept: "application/json" } });
  return ((await response.json()) as { revocations: Entry[] }).revocations;
}

/** The last `iat` whose tokens the feed ends, in epoch seconds. */
async function reachOf(issuer: Issuer, kind: string): Promise<number> {
  const entries = (await feedOf(issuer)).filter((entry) => entry.kind === kind);
  return Math.max(0, ...entries.map(({ atSeconds }) => atSeconds));
}

async function iatOf(response: Response): Promise<number> {
  const { token } = (await response.json()) as { token: string };
  return decodeJwt(token).iat ?? Number.NaN;
}

const AT_ONCE = 50;

/** Some at a time: a create that waits too long for a connection of the pool is an outage. */
async function openMany(issuer: Issuer, userId: string): Promise<void> {
  for (let opened = 0; opened < MAX_SESSION_CHANGES; opened += AT_ONCE) {
    await Promise.all(
      Array.from({ length: AT_ONCE }, () => issuer.sessions.create({ userId, tenantId: "acme" })),
    );
  }
}

describeStores("two issuers on one $name", (place) => {
  let clock: TestClock;
  let a: Issuer;

  beforeEach(async () => {
    clock = testClock();
    a = testIssuer({ store: place().store(), clock });
    await a.ready;
  });
  afterEach(() => a.close());

  it("end the tokens of the other one when its clock is ahead", async () => {
    const ahead = testIssuer({ store: place().store(), clock: shiftedClock(4_000, clock) });
    const browser = await openBrowser(a);
    await openMany(a, "alice");
    const iat = await iatOf(await browser.mint(ahead));
    await a.sessions.revokeTokensForApp("orders");
    await a.sessions.revokeAllForUser("alice");
    for (const kind of ["app", "user"]) {
      await expect.poll(() => reachOf(a, kind), { interval: 5 }).toBeGreaterThanOrEqual(iat);
    }
    expect((await browser.mint(ahead)).status).toBe(401);
    await ahead.close();
  });

  it("end the tokens that the other one minted while the revocation waited for its commit", async () => {
    const b = testIssuer({ store: place().store(), clock });
    const browser = await openBrowser(a);
    await browser.mint(b);
    const other = await place().store().open();
    const held = Promise.withResolvers<void>();
    const locked = Promise.withResolvers<void>();
    const holding = other.db.transaction().execute(async (transaction) => {
      await appendChanges(other, transaction, [{ kind: "session", subject: "x" }], clock.now());
      locked.resolve();
      await held.promise;
    });
    await locked.promise;
    const revoking = a.sessions.revokeTokensForApp("orders");
    // Once another request is answered, the revocation has chosen its second.
    await browser.mint(b);
    clock.advance(5_000);
    const iat = await iatOf(await browser.mint(b));
    held.resolve();
    await Promise.all([holding, revoking]);
    await expect.poll(() => reachOf(a, "app"), { interval: 5 }).toBeGreaterThanOrEqual(iat);
    expect(await iatOf(await browser.mint(b))).toBeGreaterThan(await reachOf(b, "app"));
    await Promise.all([b.close(), other.close()]);
  });

  it("move a revocation by at most a minute, however wrong the other one's clock is", async () => {
    const ahead = testIssuer({ store: place().store(), clock: shiftedClock(3_600_000, clock) });
    const browser = await openBrowser(a);
    await browser.mint(ahead);
    await a.sessions.revokeTokensForApp("orders");
    await expect.poll(() => feedOf(a), { interval: 5 }).toHaveLength(2);
    expect(await reachOf(a, "app")).toBe(clock.now() / 1_000 + 61);
    await ahead.close();
  });
});

describe("a revocation of many", () => {
  it("ends tokens that were minted after an earlier revocation in the same second", async () => {
    const issuer = testIssuer({ clock: testClock() });
    const browser = await openBrowser(issuer);
    for (let round = 0; round < 3; round += 1) {
      await issuer.sessions.revokeTokensForApp("orders");
      const iat = await iatOf(await browser.mint());
      await issuer.sessions.revokeTokensForApp("orders");
      await expect.poll(() => reachOf(issuer, "app"), { interval: 5 }).toBeGreaterThanOrEqual(iat);
    }
    await issuer.close();
  });

  it("is not repeated when it arrived in time", async () => {
    const issuer = testIssuer({ clock: testClock() });
    const browser = await openBrowser(issuer);
    await browser.mint();
    await issuer.sessions.revokeTokensForApp("orders");
    await issuer.sessions.revokeAllForUser("alice");
    expect((await feedOf(issuer)).map(({ kind }) => kind)).toEqual(["app", "session"]);
    await issuer.close();
  });

  it("is moved by seconds only after a token from a clock that was far ahead", async () => {
    const clock = testClock();
    const issuer = testIssuer({ clock });
    const browser = await openBrowser(issuer);
    clock.advance(3_600_000);
    await browser.mint();
    clock.advance(-3_600_000);
    await issuer.sessions.revokeTokensForApp("orders");
    await expect.poll(() => feedOf(issuer), { interval: 5 }).toHaveLength(2);
    expect(await reachOf(issuer, "app")).toBe(clock.now() / 1_000 + 5);
    await issuer.close();
  });

  it("ends a token whose claims hook answered after the revocation", async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Record<string, unknown>>();
    const issuer = testIssuer({
      clock: testClock(),
      claims: () => (asked.resolve(), answer.promise),
    });
    const browser = await openBrowser(issuer);
    await openMany(issuer, "alice");
    const minting = browser.mint();
    await asked.promise;
    await issuer.sessions.revokeAllForUser("alice");
    answer.resolve({});
    expect(await iatOf(await minting)).toBeLessThanOrEqual(await reachOf(issuer, "user"));
    await issuer.close();
  });

  it("refuses a session whose row was being read when the revocation arrived", async () => {
    const gate = createGate();
    const issuer = testIssuer({ store: gate.behind(sqliteStore({ file: ":memory:" })) });
    const browser = await openBrowser(issuer);
    await openMany(issuer, "alice");
    // Clears the cache, so that the next request reads the row.
    await issuer.sessions.updateData((await handleOf(browser.session())) ?? "", { x: 1 });
    const [row, open] = gate.holdNext();
    const minting = browser.mint();
    await row;
    await issuer.sessions.revokeAllForUser("alice");
    open();
    expect(await reasonOf(await minting)).toBe("401 session-revoked");
    await issuer.close();
  });
});

async function handleOf(answer: Promise<Response>): Promise<string | undefined> {
  return ((await (await answer).json()) as { handle?: string }).handle;
}

/** A store whose next answer can be delayed after the database has returned it. */
function createGate(): {
  behind(store: Store): Store;
  /** Resolves when an answer is delayed, with the function that releases it. */
  holdNext(): [Promise<void>, () => void];
} {
  let next: { arrived: () => void; opened: Promise<void> } | undefined;
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    async transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
      const held = result.rows[0]?.["selector_hash"] === undefined ? undefined : next;
      if (held) {
        next = undefined;
        held.arrived();
        await held.opened;
      }
      return result;
    },
  };
  return {
    behind: (store) => ({
      kind: store.kind,
      async open() {
        const opened = await store.open();
        return { ...opened, db: opened.db.withPlugin(plugin) };
      },
    }),
    holdNext() {
      const arrived = Promise.withResolvers<void>();
      const opened = Promise.withResolvers<void>();
      next = { arrived: arrived.resolve, opened: opened.promise };
      return [arrived.promise, opened.resolve];
    },
  };
}
