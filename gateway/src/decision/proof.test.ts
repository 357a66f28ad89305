/** Tokens that are bound to a key: requests, WebSockets and /authz. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { systemClock } from "@breezeway/shared";
import { describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { createProver, PUBLIC_URL } from "@breezeway/test-support/prover";
import { sendRaw, statusOf } from "@breezeway/test-support/raw-client";
import { createSigner, ISSUER, APP_ORIGIN } from "@breezeway/test-support/signer";
import type { Echo } from "@breezeway/test-support/upstream";
import { createGateway } from "../gateway.ts";
import { ORDERS_APP } from "../../test-support/apps.ts";
import { startGateway, type StartOptions, type TestGateway } from "../../test-support/start.ts";

const prover = createProver();
const thief = createProver();

const start = (options: StartOptions = {}): Promise<TestGateway> =>
  startGateway({ ...options, gateway: { proof: { publicUrls: PUBLIC_URL }, ...options.gateway } });

const boundToken = (gateway: TestGateway): string => gateway.tokens.token(prover.bound);

async function answerOf(response: Response): Promise<[number, string | undefined]> {
  const body = (await response.json()) as { reason?: string };
  return [response.status, body.reason];
}

const UNPROVEN = 'DPoP error="invalid_dpop_proof", error_description="proof-invalid", algs="ES256"';

describe("a request with a bound token", () => {
  it("passes with a proof, which the upstream does not see", async () => {
    await using gateway = await start();
    const headers = prover.headers(boundToken(gateway), "/orders/7");
    const response = await gateway.request("/orders/7?x=1", {
      headers: { ...headers, origin: APP_ORIGIN },
    });
    expect(response.status).toBe(200);
    const seen = (await response.json()) as Echo;
    expect(seen.headers).toMatchObject({ "x-breezeway-user": "alice" });
    expect(seen.headers).not.toHaveProperty("dpop");
    expect(seen.headers).not.toHaveProperty("authorization");
  });

  it("is checked against the gateway's own clock", async () => {
    const aheadSeconds = 3_600;
    await using gateway = await start({
      hooks: { clock: { ...systemClock(), now: () => Date.now() + aheadSeconds * 1_000 } },
    });
    const iat = Math.floor(Date.now() / 1_000) + aheadSeconds;
    const token = gateway.tokens.token({ ...prover.bound, iat, nbf: iat, exp: iat + 60 });
    const send = async (proof: object): Promise<unknown> =>
      answerOf(
        await gateway.request("/orders", { headers: prover.headers(token, "/orders", proof) }),
      );
    expect(await send({ iat })).toEqual([200, undefined]);
    expect(await send({})).toEqual([401, "proof-invalid"]);
  });

  it("keeps its scheme when the route has forwardToken", async () => {
    await using gateway = await start({ route: { forwardToken: true } });
    const token = boundToken(gateway);
    const response = await gateway.request("/orders", {
      headers: prover.headers(token, "/orders"),
    });
    const { headers } = (await response.json()) as Echo;
    expect(headers["authorization"]).toBe(`DPoP ${token}`);
    expect(headers).not.toHaveProperty("dpop");
  });

  it.each<[string, (token: string) => Record<string, string>]>([
    ["as a plain one", (token) => ({ authorization: `Bearer ${token}` })],
    [
      "as a plain one, beside a good proof",
      (token) => ({ ...prover.headers(token, "/orders"), authorization: `Bearer ${token}` }),
    ],
    ["without a proof", (token) => ({ authorization: `DPoP ${token}` })],
    ["with a thief's proof", (token) => thief.headers(token, "/orders")],
    ["with a proof for another path", (token) => prover.headers(token, "/orders/8")],
    [
      "with a proof for another method",
      (token) => prover.headers(token, "/orders", { htm: "PUT" }),
    ],
    [
      "with a proof for another token",
      (token) => ({
        ...prover.headers(`${token}A`, "/orders"),
        authorization: `DPoP ${token}`,
      }),
    ],
    [
      "with a proof for another service",
      (token) => prover.headers(token, "/orders", { htu: "https://other.example/orders" }),
    ],
    [
      "with a proof of a minute ago",
      (token) => prover.headers(token, "/orders", { iat: Math.floor(Date.now() / 1_000) - 60 }),
    ],
    [
      "with a proof of the future",
      (token) => prover.headers(token, "/orders", { iat: Math.floor(Date.now() / 1_000) + 20 }),
    ],
  ])("is refused %s", async (_, headersOf) => {
    await using gateway = await start();
    const headers = headersOf(boundToken(gateway));
    const response = await gateway.request("/orders", { headers });
    expect(response.headers.get("www-authenticate")).toBe(UNPROVEN);
    expect(await answerOf(response)).toEqual([401, "proof-invalid"]);
    expect(gateway.upstream.requests).toHaveLength(0);
  });

  it("is refused with the proof of an earlier request", async () => {
    await using gateway = await start();
    const headers = prover.headers(boundToken(gateway), "/orders");
    expect((await gateway.request("/orders", { headers })).status).toBe(200);
    const again = await gateway.request("/orders", { headers });
    expect(await answerOf(again)).toEqual([401, "proof-invalid"]);
  });

  it("is refused as a bearer token, even right after it passed with a proof", async () => {
    await using gateway = await start();
    const token = boundToken(gateway);
    const headers = prover.headers(token, "/orders");
    expect((await gateway.request("/orders", { headers })).status).toBe(200);
    const plain = await gateway.request("/orders", {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(await answerOf(plain)).toEqual([401, "proof-invalid"]);
  });

  it("is checked against the public URL, whatever Host the request has", async () => {
    await using gateway = await start({ gateway: { trustedProxies: ["127.0.0.1"] } });
    const token = boundToken(gateway);
    const elsewhere = { htu: "http://other.example/orders" };
    const { authorization, dpop } = prover.headers(token, "/orders", elsewhere);
    const answer = await sendRaw(
      gateway.url,
      [
        "GET /orders HTTP/1.1",
        "Host: other.example",
        "X-Forwarded-Host: other.example",
        "X-Forwarded-Proto: http",
        `Authorization: ${authorization}`,
        `DPoP: ${dpop}`,
        "Connection: close",
        "\r\n",
      ].join("\r\n"),
    );
    expect(statusOf(answer)).toBe(401);
    expect(answer).toContain("proof-invalid");
  });

  it("is refused with two proofs, even if one is valid", async () => {
    await using gateway = await start();
    const { authorization, dpop } = prover.headers(boundToken(gateway), "/orders");
    const answer = await sendRaw(
      gateway.url,
      `GET /orders HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nDPoP: ${dpop}\r\nDPoP: a.b.c\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toContain("proof-invalid");
  });

  it("does not use up its proof when it is refused for another reason", async () => {
    await using gateway = await start();
    const token = gateway.tokens.token({ ...prover.bound, scope: "orders:write" });
    const headers = prover.headers(token, "/orders");
    for (const _ of [1, 2]) {
      const response = await gateway.request("/orders", { headers });
      expect(response.headers.get("www-authenticate")).toMatch(/^DPoP error="insufficient_scope"/);
      expect(await answerOf(response)).toEqual([403, "scope-missing"]);
    }
  });

  it("may have a preflight from a page of its origin", async () => {
    await using gateway = await start();
    const response = await fetch(`${gateway.url}/orders`, {
      method: "OPTIONS",
      headers: {
        origin: APP_ORIGIN,
        "access-control-request-method": "GET",
        "access-control-request-headers": "authorization,dpop",
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-headers")).toContain("dpop");
  });
});

describe("a token without a key", () => {
  it("passes without a proof and is refused with one", async () => {
    await using gateway = await start();
    expect((await gateway.request("/orders")).status).toBe(200);
    const headers = prover.headers(gateway.tokens.token(), "/orders");
    expect(await answerOf(await gateway.request("/orders", { headers }))).toEqual([
      401,
      "proof-invalid",
    ]);
  });

  it("is refused by a route with proofRequired", async () => {
    await using gateway = await start({ route: { proofRequired: true } });
    const plain = await gateway.request("/orders");
    expect(plain.headers.get("www-authenticate")).toBe(UNPROVEN);
    expect(await answerOf(plain)).toEqual([401, "proof-invalid"]);
    const none = await gateway.request("/orders", { headers: { authorization: "" } });
    expect(none.headers.get("www-authenticate")).toBe('DPoP algs="ES256"');
    const headers = prover.headers(boundToken(gateway), "/orders");
    expect((await gateway.request("/orders", { headers })).status).toBe(200);
  });
});

describe("a gateway without proofs", () => {
  it("refuses bound tokens in both schemes", async () => {
    await using gateway = await startGateway();
    const token = boundToken(gateway);
    const proven = await gateway.request("/orders", { headers: prover.headers(token, "/orders") });
    expect(proven.headers.get("www-authenticate")).toBe("Bearer");
    expect(await answerOf(proven)).toEqual([401, "token-missing"]);
    const headers = { authorization: `Bearer ${token}` };
    expect(await answerOf(await gateway.request("/orders", { headers }))).toEqual([
      401,
      "proof-invalid",
    ]);
  });

  it("refuses a route that requires them, at start and at reload", async () => {
    const routes = [{ prefix: "/orders", proofRequired: true }];
    const options = { issuer: ISSUER, apps: [ORDERS_APP], routes, jwks: createSigner().jwks };
    const refused = expect.objectContaining({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("proof: is required, because the route /orders") as string,
    }) as Error;
    expect(() => createGateway(options)).toThrow(refused);
    const others = [{ prefix: "/orders" }];
    await using gateway = createGateway({ ...options, routes: others, revocations: false });
    expect(() => gateway.reload({ apps: [ORDERS_APP], routes })).toThrow(refused);
  });

  it.each([
    [{ publicUrls: "api.example" }, "publicUrls"],
    [{}, "publicUrls"],
    [{ publicUrls: PUBLIC_URL, maxRememberedProofs: 1 }, "maxRememberedProofs"],
    [{ publicUrls: PUBLIC_URL, nonce: true }, "proof"],
  ])("refuses the wrong proof option %o by name", (proof, name) => {
    const options = { issuer: ISSUER, apps: [ORDERS_APP], routes: [{ prefix: "/orders" }] };
    expect(() => createGateway({ ...options, proof: proof as { publicUrls: string } })).toThrow(
      name,
    );
  });
});

describe("a WebSocket", () => {
  const refusalOf = async (socket: WebSocket): Promise<string> => {
    const [, response] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
    let body = "";
    for await (const chunk of response) body += String(chunk);
    return (JSON.parse(body) as { reason: string }).reason;
  };

  it("opens with a proof in a header, and not with a bound token as subprotocol", async () => {
    await using gateway = await start({ route: { scopes: ["orders:read"] } });
    const sockets = new WebSocketServer({ server: gateway.upstream.server });
    const handshakes: IncomingMessage[] = [];
    sockets.on("connection", (_, request) => handshakes.push(request));
    const url = `${gateway.url.replace("http:", "ws:")}/orders/live`;
    const token = boundToken(gateway);
    const proven = new WebSocket(url, { headers: prover.headers(token, "/orders/live") });
    await once(proven, "open");
    expect(handshakes[0]?.headers).not.toHaveProperty("dpop");
    const plain = new WebSocket(url, ["breezeway", `breezeway.bearer.${token}`]);
    expect(await refusalOf(plain)).toBe("proof-invalid");
    proven.terminate();
    sockets.close();
  });
});

describe("/authz", () => {
  const nginx = { "x-original-method": "GET", "x-original-uri": "/orders/7?x=1" };
  const reverseProxies: [string, string, object][] = [
    ["nginx", "/authz", nginx],
    ["Caddy", "/authz", { "x-forwarded-method": "GET", "x-forwarded-uri": "/orders/7?x=1" }],
    ["Envoy", "/authz/orders/7?x=1", {}],
  ];

  it.each(reverseProxies)(
    "allows %s with a proof of the original request, once",
    async (...row) => {
      const [, path, asking] = row;
      await using gateway = await start();
      const headers = { ...asking, ...prover.headers(boundToken(gateway), "/orders/7") };
      const first = await gateway.request(path, { headers });
      expect(first.ok).toBe(true);
      expect(first.headers.get("x-breezeway-user")).toBe("alice");
      const again = await gateway.request(path, { headers });
      expect([again.status, again.headers.get("x-breezeway-error")]).toEqual([
        401,
        "proof-invalid",
      ]);
    },
  );

  it("refuses a proof of the /authz request instead of the original one", async () => {
    await using gateway = await start();
    const headers = { ...nginx, ...prover.headers(boundToken(gateway), "/authz") };
    expect((await gateway.request("/authz", { headers })).status).toBe(401);
  });

  it("gives nginx the same reason twice: for a replay, and for a limit before it", async () => {
    const rateLimit = { requests: 1, windowSeconds: 60 };
    await using gateway = await start({ routes: [{ prefix: "/limited", rateLimit }] });
    const used = { ...nginx, ...prover.headers(boundToken(gateway), "/orders/7") };
    await gateway.request("/authz", { headers: used });
    expect((await gateway.request("/authz", { headers: used })).status).toBe(401);
    expect(await answerOf(await gateway.request("/authz/refusal", { headers: used }))).toEqual([
      401,
      "proof-invalid",
    ]);
    const limited = (): Record<string, string> => ({
      "x-original-method": "GET",
      "x-original-uri": "/limited",
      ...prover.headers(boundToken(gateway), "/limited"),
    });
    await gateway.request("/authz", { headers: limited() });
    const headers = limited();
    expect((await gateway.request("/authz", { headers })).status).toBe(403);
    expect(await answerOf(await gateway.request("/authz/refusal", { headers }))).toEqual([
      429,
      "rate-limited",
    ]);
  });

  it.each(reverseProxies)(
    "counts no copied question of %s against the rate limit",
    async (...row) => {
      const [, path, asking] = row;
      const rateLimit = { requests: 2, windowSeconds: 60 };
      await using gateway = await start({ route: { rateLimit } });
      const question = (): object => ({
        ...asking,
        ...prover.headers(boundToken(gateway), "/orders/7"),
      });
      const ask = async (headers: object): Promise<number> =>
        (await gateway.request(path, { headers: { ...headers } })).status;
      const copied = question();
      expect(await ask(copied)).toBeLessThan(300);
      for (let count = 0; count < 3; count += 1) expect(await ask(copied)).toBe(401);
      expect(await ask(question())).toBeLessThan(300);
    },
  );

  it("does not count the question at /authz/refusal", async () => {
    const rateLimit = { requests: 2, windowSeconds: 60 };
    await using gateway = await startGateway({ route: { rateLimit } });
    const ask = async (path: string): Promise<number> =>
      (await gateway.request(path, { headers: nginx })).status;
    expect(await ask("/authz")).toBe(204);
    for (let count = 0; count < 3; count += 1) expect(await ask("/authz/refusal")).toBe(503);
    expect(await ask("/authz")).toBe(204);
    expect(await ask("/authz")).toBe(403);
    expect(await ask("/authz/refusal")).toBe(429);
  });
});
