/** The real issuer with a backend behind `@breezeway/verify`: mint, verify, rotate, revoke. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createIssuer, sqliteStore, type Issuer } from "@breezeway/issuer";
import { serveIssuer, type IssuerServer } from "@breezeway/issuer/node";
import {
  createRevocationFeed,
  createSessionVerifier,
  type RevocationFeed,
} from "@breezeway/verify";
import { verifySession, type FetchSessions } from "@breezeway/verify/fetch";
import { freePort } from "@breezeway/test-support/free-port";

let issuer: Issuer;
let server: IssuerServer;
let feed: RevocationFeed;
let sessions: FetchSessions;

beforeAll(async () => {
  // The address is part of every token, so it must be known before the server listens.
  const port = await freePort();
  issuer = createIssuer({
    issuer: `http://127.0.0.1:${port}/auth`,
    store: sqliteStore({ file: ":memory:" }),
    apps: [
      {
        id: "orders",
        name: "Orders",
        version: "1.0.0",
        url: "https://orders.example/",
        scopes: ["orders:read"],
      },
    ],
  });
  server = await serveIssuer(issuer, { port });
  // Rotate before the first fetch of the key set, so that every cached key set has the successor,
  // too.
  await issuer.keys.rotate();
  const url = `${server.url}/auth`;
  feed = createRevocationFeed({ url: `${url}/revocations` });
  sessions = verifySession({
    issuer: url,
    audience: "orders",
    scopes: ["orders:read"],
    checkRevocation: true,
    revocationFeed: feed,
  });
});

afterAll(async () => {
  sessions.close();
  feed.close();
  await issuer.close();
  await server.close();
});

async function signIn(userId: string): Promise<{ handle: string; token: string }> {
  const { session } = await issuer.sessions.create({
    userId,
    tenantId: "acme",
    scopes: ["orders:read"],
  });
  const { token } = await issuer.sessions.mintToken(session.handle, "orders");
  return { handle: session.handle, token };
}

async function ask(token: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, origin: "https://orders.example" };
  const admission = await sessions.admit(new Request("https://backend.example/", { headers }));
  if (admission.kind !== "refused") return `${admission.kind} of ${admission.session?.userId}`;
  return admission.problem.problem.reason;
}

test("a backend takes the issuer's tokens, and refuses them once their session is revoked", async () => {
  const alice = await signIn("alice");
  const bob = await signIn("bob");
  expect(await ask(alice.token)).toBe("session of alice");
  expect(await ask(bob.token)).toBe("session of bob");

  const heard = new Promise((resolve) => {
    feed.subscribe(resolve);
  });
  await issuer.sessions.revoke(alice.handle);
  expect(await heard).toMatchObject({ kind: "session", id: alice.handle });
  expect(await ask(alice.token)).toBe("session-revoked");
  expect(await ask(bob.token)).toBe("session of bob");
});

test("revoking all sessions of a user revokes the tokens of that user", async () => {
  const carol = await signIn("carol");
  expect(await ask(carol.token)).toBe("session of carol");
  const heard = new Promise((resolve) => {
    feed.subscribe(resolve);
  });
  await issuer.sessions.revokeAllForUser("carol");
  await heard;
  expect(await ask(carol.token)).toBe("session-revoked");
});

test("a key that is removed in an emergency is refused at once by those who follow the feed", async () => {
  const dave = await signIn("dave");
  const settings = { issuer: issuer.url, audience: "orders" };
  using following = asDisposable(
    createSessionVerifier({
      ...settings,
      isRevoked: (claims) => feed.isRevoked(claims),
      isKeyRemoved: (kid) => feed.isKeyRemoved(kid),
    }),
  );
  using apart = asDisposable(createSessionVerifier(settings));
  expect(await ask(dave.token)).toBe("session of dave");
  for (const verifier of [following, apart]) await verifier.verify(dave.token);

  const [{ kid } = { kid: "" }] = await issuer.keys.list();
  const heard = new Promise((resolve) => {
    feed.subscribe(resolve);
  });
  await issuer.keys.remove(kid);
  expect(await heard).toMatchObject({ kind: "key", id: kid });
  expect(await ask(dave.token)).toBe("key-unknown");
  await expect(following.verify(dave.token)).rejects.toMatchObject({ code: "KEY_UNKNOWN" });
  // This verifier has an older key set.
  await expect(apart.verify(dave.token)).resolves.toMatchObject({ userId: "dave" });

  const { token } = await issuer.sessions.mintToken(dave.handle, "orders");
  expect(await ask(token)).toBe("session of dave");
  expect((await following.verify(token)).keyId).not.toBe(kid);
});

function asDisposable<T extends { close(): void }>(opened: T): T & Disposable {
  return Object.assign(opened, { [Symbol.dispose]: () => opened.close() });
}
