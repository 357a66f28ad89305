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
} from "../../test-support/test-issuer.ts";
import { appendChanges } from "./change-log.ts";

interface Entry {
  readonly kind: string;
  readonly seq: number;
}

async function feedOf(issuer: Issuer): Promise<Entry[]> {
  const response = await call(issuer, "/revocations", { headers: { accept: "application/json" } });
  return ((await response.json()) as { revocations: Entry[] }).revocations;
}

/** The number of the latest entry of a kind; 0 when there is none. */
async function latestOf(issuer: Issuer, kind: string): Promise<number> {
  const entries = (await feedOf(issuer)).filter((entry) => entry.kind === kind);
  return Math.max(0, ...entries.map(({ seq }) => seq));
}

/** The latest entry that the token of an answer respects. */
async function respectedBy(response: Response): Promise<number> {
  const { token } = (await response.json()) as { token: string };
  return Number(decodeJwt(token)["rev"]);
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
  let a: Issuer;

  beforeEach(async () => {
    a = testIssuer({ store: place().store() });
    await a.ready;
  });
  afterEach(() => a.close());

  it.each([
    ["a day ahead", 86_400_000],
    ["a day behind", -86_400_000],
  ])("end the tokens of the other one when its clock is %s", async (_name, byMs) => {
    const other = testIssuer({ store: place().store(), clock: shiftedClock(byMs) });
    const browser = await openBrowser(a);
    const respected = await respectedBy(await browser.mint(other));
    await a.sessions.revokeTokensForApp("orders");
    expect(await latestOf(a, "app")).toBeGreaterThan(respected);
    await expect
      .poll(async () => respectedBy(await browser.mint(other)), { interval: 5 })
      .toBeGreaterThanOrEqual(await latestOf(a, "app"));
    await other.close();
  });

  it("end the tokens that the other one minted while the revocation waited for its commit", async () => {
    const b = testIssuer({ store: place().store() });
    const browser = await openBrowser(a);
    await browser.mint(b);
    const other = await place().store().open();
    const held = Promise.withResolvers<void>();
    const locked = Promise.withResolvers<void>();
    const holding = other.db.transaction().execute(async (transaction) => {
      await appendChanges(other, transaction, [{ kind: "session", subject: "x" }], Date.now());
      locked.resolve();
      await held.promise;
    });
    await locked.promise;
    const revoking = a.sessions.revokeTokensForApp("orders");
    // Once two other requests are answered, the revocation waits.
    await browser.mint(b);
    const respected = await respectedBy(await browser.mint(b));
    held.resolve();
    await Promise.all([holding, revoking]);
    expect(await latestOf(a, "app")).toBeGreaterThan(respected);
    await Promise.all([b.close(), other.close()]);
  });
});

describe("a revocation of many", () => {
  it("ends tokens that were minted after an earlier revocation in the same second", async () => {
    const issuer = testIssuer({ clock: testClock() });
    const browser = await openBrowser(issuer);
    for (let round = 0; round < 3; round += 1) {
      await issuer.sessions.revokeTokensForApp("orders");
      const respected = await respectedBy(await browser.mint());
      expect(respected).toBeGreaterThanOrEqual(await latestOf(issuer, "app"));
      await issuer.sessions.revokeTokensForApp("orders");
      expect(await latestOf(issuer, "app")).toBeGreaterThan(respected);
    }
    await issuer.close();
  });

  it("leaves the iat of new tokens at the present second", async () => {
    const clock = testClock();
    const issuer = testIssuer({ clock });
    const browser = await openBrowser(issuer);
    clock.advance(86_400_000);
    await issuer.sessions.revokeTokensForApp("orders");
    clock.advance(-86_400_000);
    const { token } = (await (await browser.mint()).json()) as { token: string };
    expect(decodeJwt(token)).toMatchObject({ iat: clock.now() / 1_000, nbf: clock.now() / 1_000 });
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
    expect(await respectedBy(await minting)).toBeLessThan(await latestOf(issuer, "user"));
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
