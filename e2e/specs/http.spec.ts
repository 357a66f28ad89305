/** Tests the demo's HTTP interface as `curl` would use it. */
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import { expect, test } from "../support/demo.ts";
import { askGateway, send, signIn } from "../support/http.ts";

const ALICE = { userId: "alice", tenantId: "acme" };

test("a session's token reads the tenant's orders through the gateway", async ({ platform }) => {
  const token = await (await signIn(platform, ALICE)).token("orders");
  const { status, body } = await askGateway(platform, "/orders", { token });
  expect(status).toBe(200);
  expect(body).toMatchObject({ tenantId: "acme" });
  expect((body as { orders: unknown[] }).orders).toHaveLength(50);
});

test("an independent library verifies the token, which has exactly the designed claims", async ({
  platform,
}) => {
  const token = await (await signIn(platform, ALICE)).token("orders");
  const issuer = `${platform.addresses.shell.origin}/auth`;
  const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`));
  const { payload } = await jwtVerify(token, keys, {
    issuer,
    audience: "orders",
    algorithms: ["EdDSA"],
  });
  expect(Object.keys(decodeProtectedHeader(token)).sort()).toEqual(["alg", "kid", "typ"]);
  expect(decodeProtectedHeader(token)).toMatchObject({ alg: "EdDSA", typ: "JWT" });
  expect(payload).toEqual({
    iss: issuer,
    aud: "orders",
    azp: platform.addresses.orders.origin,
    sub: "alice",
    userId: "alice",
    tenantId: "acme",
    sid: expect.any(String) as unknown,
    jti: expect.any(String) as unknown,
    iat: expect.any(Number) as unknown,
    nbf: payload.iat,
    exp: expect.any(Number) as unknown,
    scope: "orders:read orders:write customers:read",
    rev: expect.any(Number) as unknown,
  });
  const life = Number(payload.exp) - Number(payload.iat);
  expect(life).toBeGreaterThanOrEqual(54);
  expect(life).toBeLessThanOrEqual(60);
});

test("a token's scope is the intersection of the app's and the user's scopes", async ({
  platform,
}) => {
  const scopeOf = async (userId: string, appId: string) => {
    const token = await (await signIn(platform, { userId, tenantId: "acme" })).token(appId);
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as {
      scope: string;
    };
    return claims.scope;
  };
  expect(await scopeOf("dana", "orders")).toBe("orders:read customers:read");
  expect(await scopeOf("alice", "customer-pane")).toBe("customers:read");
  expect(await scopeOf("alice", "inspector")).toBe("");
});

test("every refusal has a reason, an action and a WWW-Authenticate header", async ({
  platform,
}) => {
  const session = await signIn(platform, ALICE);
  const cases = [
    [await askGateway(platform, "/orders"), 401, "token-missing", "login"],
    [await askGateway(platform, "/orders", { token: "a.b.c" }), 401, "token-malformed", "refresh"],
    [
      await askGateway(platform, "/orders", { token: await session.token("inspector") }),
      403,
      "scope-missing",
      "none",
    ],
    [
      await askGateway(platform, "/nowhere", { token: await session.token("orders") }),
      404,
      "route-unknown",
      "none",
    ],
    [await session.askForToken("no-such-app"), 404, "app-unknown", "none"],
    [await send(`${platform.url}/auth/session`), 401, "session-missing", "login"],
    [await send(`${platform.url}/api/customers`), 401, "session-missing", "login"],
    [
      await session.askForToken("orders", { "x-breezeway-request": "0" }),
      403,
      "csrf-rejected",
      "none",
    ],
  ] as const;
  for (const [answer, status, reason, action] of cases) {
    expect(answer.body, reason).toMatchObject({ status, reason, action });
    expect(answer.status, reason).toBe(status);
    expect(answer.headers.get("content-type"), reason).toBe("application/problem+json");
    if (status === 401 || status === 403) {
      expect(answer.headers.get("www-authenticate"), reason).toMatch(/^Bearer/);
    }
  }
});

test("every part answers 421 to a request with a foreign Host header", async ({ platform }) => {
  for (const part of ["shell", "orders", "upstream"] as const) {
    const { authority, port } = platform.addresses[part];
    // A page that rebinds its DNS name to this machine sends that name as Host.
    const rebound = await hostHeader(port, `attacker.example:${port}`);
    expect(rebound, authority).toBe(421);
  }
});

async function hostHeader(port: number, host: string): Promise<number | undefined> {
  const { request } = await import("node:http");
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  request({ host: "127.0.0.1", port, headers: { host } }, (response) => {
    response.resume();
    resolve(response.statusCode);
  })
    .on("error", reject)
    .end();
  return promise;
}
