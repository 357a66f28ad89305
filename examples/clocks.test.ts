/**
 * An issuer whose clock is wrong for a while, and a backend whose clock is right: what is revoked is
 * refused at once, and what is minted afterwards is accepted, whatever the clock said in between.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sqliteStore, type Issuer } from "@breezeway/issuer";
import { serveIssuer, type IssuerServer } from "@breezeway/issuer/node";
import { createIssuerForTesting } from "@breezeway/issuer/testing";
import { systemClock, type BridgeError, type Clock } from "@breezeway/shared";
import { freePort } from "@breezeway/test-support/free-port";
import {
  createRevocationFeed,
  createSessionVerifier,
  type RevocationFeed,
  type SessionVerifier,
} from "@breezeway/verify";

/** More sessions than the log announces one by one, so that it announces their user or tenant. */
const MANY = 1_001;

/** Sessions that are created together, which takes less time. */
const AT_ONCE = 100;

let offsetMs = 0;
const system = systemClock();
const clock: Clock = { ...system, now: () => system.now() + offsetMs };
const folder = mkdtempSync(join(tmpdir(), "clocks-"));
let issuer: Issuer;
let server: IssuerServer;

function openIssuer(url: string): Issuer {
  return createIssuerForTesting(
    {
      issuer: url,
      apps: [{ id: "orders", name: "Orders", version: "1.0.0", url: "https://orders.example/" }],
      store: sqliteStore({ file: join(folder, "issuer.sqlite") }),
      rateLimits: false,
    },
    { clock },
  );
}

/** A backend that starts now, and so learns everything from the feed's first snapshot. */
async function openBackend(): Promise<Backend> {
  const feed = createRevocationFeed({ url: `${issuer.url}/revocations` });
  await feed.ready();
  const verifier = createSessionVerifier({
    issuer: issuer.url,
    audience: "orders",
    isRevoked: (claims) => feed.isRevoked(claims),
    isKeyRemoved: (kid) => feed.isKeyRemoved(kid),
  });
  return {
    feed,
    verifier,
    [Symbol.dispose]: () => {
      verifier.close();
      feed.close();
    },
  };
}

interface Backend extends Disposable {
  readonly feed: RevocationFeed;
  readonly verifier: SessionVerifier;
}

/** @returns `accepted`, or the code of the rejection */
async function ask({ verifier }: Backend, token: string): Promise<string> {
  return verifier.verify(token).then(
    () => "accepted",
    (error: BridgeError) => error.code,
  );
}

async function mint(userId: string, tenantId: string): Promise<string> {
  const { session } = await issuer.sessions.create({ userId, tenantId });
  return (await issuer.sessions.mintToken(session.handle, "orders")).token;
}

beforeAll(async () => {
  const port = await freePort();
  issuer = openIssuer(`http://127.0.0.1:${port}/auth`);
  server = await serveIssuer(issuer, { port });
});

afterAll(async () => {
  await issuer.close();
  await server.close();
  rmSync(folder, { recursive: true });
});

const DAY_MS = 86_400_000;

/** Revocations of very many sessions, which take long. They are tried with the largest jumps only. */
const OF_MANY: readonly [string, (userId: string, tenantId: string) => Promise<unknown>][] = [
  ["a user", (userId) => issuer.sessions.revokeAllForUser(userId)],
  ["a tenant", (_user, tenantId) => issuer.sessions.revokeAllInTenant(tenantId)],
];

const CLOCKS: readonly [string, number][] = [
  ["a day ahead", DAY_MS],
  ["an hour ahead", 3_600_000],
  ["10 seconds ahead", 10_000],
  ["10 seconds behind", -10_000],
  ["an hour behind", -3_600_000],
  ["a day behind", -DAY_MS],
];

describe.each(CLOCKS)(
  "a revocation by an issuer whose clock is %s, and is then right",
  (_, byMs) => {
    it.each<[string, (userId: string, tenantId: string) => Promise<unknown>]>([
      ["an app", () => issuer.sessions.revokeTokensForApp("orders")],
      ...(Math.abs(byMs) === DAY_MS ? OF_MANY : []),
    ])("of %s ends the tokens from before it, and none from after it", async (what, revoke) => {
      const [userId, tenantId] = [`user of ${what} ${byMs}`, `tenant of ${what} ${byMs}`];
      if (what !== "an app") {
        for (let index = 1; index < MANY; index += AT_ONCE) {
          await Promise.all(
            Array.from({ length: AT_ONCE }, () => issuer.sessions.create({ userId, tenantId })),
          );
        }
      }
      using early = await openBackend();
      const before = await mint(userId, tenantId);
      expect(await ask(early, before)).toBe("accepted");
      const heard = new Promise((resolve) => void early.feed.subscribe(resolve));
      offsetMs = byMs;
      await revoke(userId, tenantId);
      offsetMs = 0;
      await heard;
      using late = await openBackend();
      const after = await mint(userId, tenantId);
      for (const backend of [early, late]) {
        expect(await ask(backend, before)).toBe("SESSION_REVOKED");
        expect(await ask(backend, after)).toBe("accepted");
      }
    });

    it("of a session ends its tokens", async () => {
      using early = await openBackend();
      const { session } = await issuer.sessions.create({ userId: "alice", tenantId: "acme" });
      const { token } = await issuer.sessions.mintToken(session.handle, "orders");
      const heard = new Promise((resolve) => void early.feed.subscribe(resolve));
      offsetMs = byMs;
      await issuer.sessions.revoke(session.handle);
      offsetMs = 0;
      await heard;
      using late = await openBackend();
      for (const backend of [early, late]) {
        expect(await ask(backend, token)).toBe("SESSION_REVOKED");
      }
    });
  },
);

describe("a restart of the issuer with the right clock", () => {
  it.each(CLOCKS)("keeps what it revoked while its clock was %s", async (_, byMs) => {
    // An entry by the right clock comes first.
    await issuer.sessions.revokeTokensForApp("orders");
    const token = await mint("alice", "acme");
    offsetMs = byMs;
    await issuer.sessions.revokeTokensForApp("orders");
    offsetMs = 0;
    const { url } = issuer;
    const port = Number(new URL(url).port);
    await issuer.close();
    await server.close();
    issuer = openIssuer(url);
    server = await serveIssuer(issuer, { port });
    using backend = await openBackend();
    expect(await ask(backend, token)).toBe("SESSION_REVOKED");
    expect(await ask(backend, await mint("alice", "acme"))).toBe("accepted");
  });
});
