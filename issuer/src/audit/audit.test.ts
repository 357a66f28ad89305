import { Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pinoAudit, type Issuer } from "../index.ts";
import {
  call,
  cookieOf,
  signIn,
  testClock,
  testIssuer,
  type TestClock,
} from "../../test-support/test-issuer.ts";

const CANARY = "canary-7f3a";

interface Line {
  readonly event: string;
  readonly time: string;
  readonly [field: string]: unknown;
}

let clock: TestClock;
let text: string;
let issuer: Issuer;
const secrets = new Set<string>();

beforeEach(() => {
  clock = testClock();
  text = "";
  secrets.clear();
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  issuer = testIssuer({
    clock,
    audit: pinoAudit(destination),
    keys: { encryptionSecret: `${CANARY}-key-secret` },
    claims: () => ({ org_name: `${CANARY}-hook-claim` }),
    onError: () => undefined,
  });
});

afterEach(() => issuer.close());

const lines = (): Line[] =>
  text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);

const named = (event: string): Line[] => lines().filter((line) => line.event === event);

function keep(cookie: string): string {
  secrets.add(cookie.slice(cookie.indexOf("=") + 1));
  return cookie;
}

async function mint(cookie: string, appId = "orders"): Promise<Response> {
  return call(issuer, "/session/token", {
    method: "POST",
    body: { appId },
    cookie,
    headers: { "x-request-id": "request-1234" },
  });
}

describe("the audit log", () => {
  it("records user, tenant, app, session, key and token of an event", async () => {
    const cookie = keep(await signIn(issuer));
    await mint(cookie);
    const [session] = await issuer.sessions.listForUser("alice");
    const [{ kid } = { kid: "" }] = await issuer.keys.list();
    expect(named("token.minted")).toEqual([
      {
        level: 30,
        log: "audit",
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
        event: "token.minted",
        sub: "alice",
        tenant: "acme",
        app: "orders",
        channel: "stable",
        version: "1.0.0",
        sid: session?.handle,
        jti: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        kid,
        requestId: "request-1234",
      },
    ]);
  });

  it("has a line for each security event", async () => {
    const first = await signIn(issuer);
    const second = cookieOf(
      await call(issuer, "/session/refresh", { method: "POST", cookie: first }),
    );
    await call(issuer, "/session/tenant", {
      method: "POST",
      body: { tenantId: "globex" },
      cookie: second,
    });
    clock.advance(31_000);
    await call(issuer, "/session/refresh", { method: "POST", cookie: first });
    const third = await signIn(issuer);
    await call(issuer, "/session", { method: "DELETE", cookie: third });
    await call(issuer, "/login/dev", { method: "POST", body: { userId: "eve", tenantId: "acme" } });
    await mint(third, "orders");
    const { session } = await issuer.sessions.create({ userId: "u", tenantId: "t" });
    await issuer.sessions.updateClaims(session.handle, { a: 1 });
    await issuer.sessions.updateData(session.handle, { a: 1 });
    await issuer.sessions.renew(session.handle);
    await issuer.sessions.revoke(session.handle);
    await issuer.sessions.revokeTokensForApp("orders");
    const { kid } = await issuer.keys.rotate();
    await issuer.keys.remove(kid);
    const [{ kid: active } = { kid: "" }] = await issuer.keys.list();
    await issuer.keys.retire(active);
    expect([...new Set(lines().map(({ event }) => event))].sort()).toEqual(
      [
        "key.created",
        "key.removed",
        "key.retired",
        "login.failed",
        "login.succeeded",
        "request.refused",
        "session.claims-updated",
        "session.created",
        "session.data-updated",
        "session.refreshed",
        "session.renewed",
        "session.reused",
        "session.revoked",
        "session.signed-out",
        "tenant.switched",
        "token.revoked",
      ].sort(),
    );
    expect(named("request.refused").map(({ reason }) => reason)).toContain("session-revoked");
  });

  it("names session and app when a token is refused", async () => {
    const own = testIssuer({
      rateLimits: { mintsPerApp: 1 },
      audit: (event) => (text += `${JSON.stringify({ ...event, time: 0 })}\n`),
    });
    const cookie = await signIn(own);
    for (const _attempt of [1, 2]) {
      await call(own, "/session/token", { method: "POST", body: { appId: "orders" }, cookie });
    }
    expect(named("request.refused")).toMatchObject([
      { sub: "alice", tenant: "acme", app: "orders", reason: "rate-limited" },
    ]);
    await own.close();
  });

  it("contains no token, cookie, claim, data or secret", async () => {
    const answers: string[] = [];
    const record = async (response: Response): Promise<Response> => {
      if (!response.ok) answers.push(await response.clone().text());
      return response;
    };
    const { session, setCookie } = await issuer.sessions.create({
      userId: "u",
      tenantId: "t",
      claims: { name: `${CANARY}-claim` },
      data: { note: `${CANARY}-data` },
    });
    const cookie = keep(setCookie.split(";", 1)[0] ?? "");
    const { token } = (await (await mint(cookie)).json()) as { token: string };
    secrets.add(token).add(token.split(".")[2] ?? "");
    const second = keep(
      cookieOf(await call(issuer, "/session/refresh", { method: "POST", cookie })),
    );
    const hostile: [string, Parameters<typeof call>[2]][] = [
      ["/session/token", { method: "POST", body: `{"appId": "${CANARY}-broken`, cookie: second }],
      ["/session/token", { method: "POST", body: { appId: `${CANARY}-app` }, cookie: second }],
      ["/session/token", { method: "POST", body: { [`${CANARY}-field`]: 1 }, cookie: second }],
      [
        "/session/tenant",
        { method: "POST", body: { tenantId: `${CANARY}-tenant` }, cookie: second },
      ],
      ["/login/dev", { method: "POST", body: { userId: `${CANARY}-user`, tenantId: "acme" } }],
      [`/${CANARY}-path?token=${token}`, { cookie: second }],
      [
        "/session",
        { cookie: `breezeway=${CANARY}`, headers: { authorization: `Bearer ${token}` } },
      ],
      ["/session", { headers: { "x-request-id": `${CANARY} not plain` } }],
      ["/session/token", { method: "POST", headers: { origin: `https://${CANARY}.example` } }],
    ];
    for (const [path, options] of hostile) await record(await call(issuer, path, options));
    await issuer.sessions.updateClaims(session.handle, { more: `${CANARY}-update` });
    await issuer.sessions
      .updateClaims(session.handle, { iss: `${CANARY}-reserved` })
      .catch((error: unknown) => answers.push(String(error)));
    clock.advance(31_000);
    await record(await call(issuer, "/session/refresh", { method: "POST", cookie }));

    expect(lines().length).toBeGreaterThan(10);
    // A field name may return to the caller that sent it, and goes nowhere else.
    const told = answers.join("\n").replaceAll(`${CANARY}-field`, "");
    for (const output of [text, told]) {
      expect(output).not.toContain(CANARY);
      for (const secret of secrets) expect(output).not.toContain(secret);
    }
  });
});
