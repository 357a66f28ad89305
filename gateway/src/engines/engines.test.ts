/**
 * The shipped configurations of other engines, in the engines themselves. What they have in common is
 * one table of attacks; what each does of its own is tested beside it.
 */
import { createPublicKey } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { findProgram, freePort, runProgram, temporaryFolder } from "../test-support/programs.ts";
import { sendRaw, statusOf } from "../test-support/raw-client.ts";
import { startGateway, type TestGateway } from "../test-support/start.ts";
import { createTokenMaker, ORDERS_ORIGIN, PANE_ORIGIN } from "../test-support/tokens.ts";

const EXAMPLES = fileURLToPath(new URL("../../../examples/engines/", import.meta.url));
const TIMEOUT_MS = 60_000;

interface Engine {
  readonly name: string;
  readonly program: string | undefined;
  readonly file: string;
  readonly algorithm: "EdDSA" | "ES256";
  args(config: string, folder: string): string[];
}

const engines: readonly Engine[] = [
  {
    name: "nginx",
    program: findProgram("nginx"),
    file: "nginx.conf",
    algorithm: "EdDSA",
    args: (config, folder) => [
      ...["-c", config, "-p", folder, "-e", "stderr"],
      ...["-g", `daemon off; pid ${folder}/pid;${process.getuid?.() === 0 ? " user root;" : ""}`],
    ],
  },
  {
    name: "Caddy",
    program: findProgram("caddy"),
    file: "Caddyfile",
    algorithm: "EdDSA",
    args: (config) => ["run", "--config", config, "--adapter", "caddyfile"],
  },
  {
    name: "HAProxy",
    program: findProgram("haproxy"),
    file: "haproxy.cfg",
    algorithm: "ES256",
    args: (config) => ["-db", "-f", config],
  },
];

interface Scene extends AsyncDisposable {
  readonly url: string;
  readonly gateway: TestGateway;
  send(lines: readonly string[]): Promise<string>;
}

async function start(engine: Engine, route: object = {}): Promise<Scene> {
  const tokens = createTokenMaker("key-1", engine.algorithm);
  const gateway = await startGateway({
    tokens,
    // The engine proxies: the gateway needs no upstream of its own.
    route: { upstream: undefined, apps: ["orders"], ...route },
    gateway: { algorithms: [engine.algorithm] },
  });
  const folder = temporaryFolder();
  const port = await freePort();
  const pem = join(folder.path, "breezeway.pem");
  const [jwk] = tokens.jwks.keys;
  const key = createPublicKey({ key: jwk!, format: "jwk" });
  writeFileSync(pem, key.export({ format: "pem", type: "spki" }));
  const config = join(folder.path, engine.file);
  const shipped = readFileSync(EXAMPLES + engine.file, "utf8");
  const adapted = shipped
    .replaceAll(":8080", `:${port}`)
    .replaceAll("127.0.0.1:4001", new URL(gateway.url).host)
    .replaceAll("127.0.0.1:4020", new URL(gateway.upstream.url).host)
    .replaceAll("/etc/haproxy/breezeway.pem", pem);
  writeFileSync(config, adapted);
  const running = await runProgram(engine.program ?? "", engine.args(config, folder.path), port);
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    gateway,
    send: (lines) => sendRaw(url, [...lines, "Connection: close", "", ""].join("\r\n")),
    [Symbol.asyncDispose]: async () => {
      await running[Symbol.asyncDispose]();
      await gateway[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

type Attack = [string, (scene: Scene) => readonly string[], readonly number[], string?];

const get = (path: string, ...headers: string[]): string[] => [
  `GET ${path} HTTP/1.1`,
  "Host: api.example",
  ...headers,
];
const auth = ({ gateway }: Scene, claims?: object, header?: object): string =>
  `Authorization: Bearer ${gateway.tokens.token(claims, header)}`;

const attacks: readonly Attack[] = [
  ["no token", () => get("/orders"), [401], "token-missing"],
  ["another scheme", () => get("/orders", "Authorization: Basic YTpi"), [401], "token-missing"],
  ["garbage", () => get("/orders", "Authorization: Bearer a.b.c"), [401]],
  [
    "a token without a signature",
    (scene) => get("/orders", auth(scene).replace(/\.[^.]+$/, ".")),
    [401],
  ],
  ["a changed signature", (scene) => get("/orders", auth(scene).replace(/.{4}$/, "AAAA")), [401]],
  ["changed claims", (scene) => get("/orders", tamper(auth(scene))), [401], "token-signature"],
  [
    "alg none",
    (scene) => get("/orders", auth(scene, {}, { alg: "none", typ: "JWT", kid: "key-1" })),
    [401],
    "token-alg",
  ],
  [
    "alg HS256",
    (scene) => get("/orders", auth(scene, {}, { alg: "HS256", typ: "JWT", kid: "key-1" })),
    [401],
    "token-alg",
  ],
  [
    "an expired token",
    (scene) => get("/orders", auth(scene, { iat: 1000, nbf: 1000, exp: 1060 })),
    [401],
    "token-expired",
  ],
  ["a token of the future", (scene) => get("/orders", auth(scene, future())), [401]],
  [
    "a token that lives too long",
    (scene) => get("/orders", auth(scene, { exp: Date.now() })),
    [401],
  ],
  [
    "another issuer",
    (scene) => get("/orders", auth(scene, { iss: "https://evil.example" })),
    [401],
    "issuer-mismatch",
  ],
  [
    "an unknown app",
    (scene) => get("/orders", auth(scene, { aud: "ghost" })),
    [401],
    "audience-mismatch",
  ],
  [
    "another app's token",
    (scene) => get("/orders", auth(scene, { aud: "customer-pane", azp: PANE_ORIGIN })),
    [401, 403],
  ],
  [
    "a missing scope",
    (scene) => get("/orders", auth(scene, { scope: "orders:write" })),
    [403],
    "scope-missing",
  ],
  [
    "a scope that contains the right one",
    (scene) => get("/orders", auth(scene, { scope: "xorders:read orders:reads" })),
    [403],
    "scope-missing",
  ],
  [
    "a write with the right to read",
    (scene) => [
      "POST /orders HTTP/1.1",
      "Host: a",
      "Content-Length: 0",
      auth(scene, { scope: "orders:read" }),
    ],
    [403],
    "scope-missing",
  ],
  [
    "another tenant",
    (scene) => get("/orders", auth(scene), "X-Tenant-ID: globex"),
    [403],
    "tenant-mismatch",
  ],
  [
    "two tenants",
    (scene) => get("/orders", auth(scene), "X-Tenant-ID: acme", "X-Tenant-ID: globex"),
    [403],
  ],
  [
    "another app's origin",
    (scene) => get("/orders", auth(scene), `Origin: ${PANE_ORIGIN}`),
    [401],
    "azp-mismatch",
  ],
  [
    "an origin of nobody",
    (scene) => get("/orders", auth(scene), "Origin: https://evil.example"),
    [401, 403],
  ],
  ["two tokens", (scene) => get("/orders", auth(scene), auth(scene)), [400]],
  ["two tokens in one header", (scene) => get("/orders", `${auth(scene)}, Bearer x`), [400]],
  [
    "a token in the query",
    (scene) => get("/orders?access_token=x", auth(scene)),
    [400],
    "duplicate-credentials",
  ],
  ["a path out of the route", (scene) => get("/orders/../admin", auth(scene)), [400, 404]],
  [
    "an encoded path out of the route",
    (scene) => get("/orders/%2e%2e/admin", auth(scene)),
    [400, 404],
  ],
  ["a path with an encoded slash", (scene) => get("/orders%2f..%2fadmin", auth(scene)), [400, 404]],
  ["a path parameter", (scene) => get("/orders/..;/admin", auth(scene)), [400]],
  ["another path", (scene) => get("/admin", auth(scene)), [404]],
  ["another letter case", (scene) => get("/ORDERS", auth(scene)), [404]],
  [
    "told to the gateway in another way",
    (scene) =>
      get(
        "/orders",
        auth(scene, { scope: "" }),
        "X-Original-URI: /",
        "X-Forwarded-Uri: /",
        "X-Original-Method: GET",
        "X-Forwarded-Method: GET",
      ),
    [400, 403],
  ],
  [
    "a length and an encoding",
    (scene) => [
      "POST /orders HTTP/1.1",
      "Host: a",
      auth(scene),
      "Content-Length: 3",
      "Transfer-Encoding: chunked",
      "",
      "0",
      "",
      "GET /orders/smuggled HTTP/1.1",
      "Host: a",
    ],
    [200, 400],
  ],
];

function tamper(authorization: string): string {
  const [head = "", payload = "", signature = ""] = authorization.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
  const changed = JSON.stringify({ ...claims, sub: "mallory", userId: "mallory" });
  return [head, Buffer.from(changed).toString("base64url"), signature].join(".");
}

function future(): object {
  const iat = Math.floor(Date.now() / 1_000) + 60;
  return { iat, nbf: iat, exp: iat + 60 };
}

const SPOOFED = [
  "X-Breezeway-User: mallory",
  "X_Breezeway_User: mallory",
  "X-Breezeway_User: mallory",
  "X.Breezeway.User: mallory",
  "x-breezeway-SCOPE: admin",
  "X_Tenant_ID: globex",
  "X-Tenant_ID: globex",
  "X-HTTP-Method-Override: DELETE",
  "X-Original-URL: /admin",
  "Cookie: breezeway=secret",
];

for (const engine of engines) {
  describe.runIf(engine.program)(`${engine.name} with the shipped configuration`, () => {
    it(
      "lets a good token in, and tells the service who it is",
      { timeout: TIMEOUT_MS },
      async () => {
        await using scene = await start(engine);
        const response = await fetch(`${scene.url}/orders/7?full=1`, {
          headers: {
            authorization: `Bearer ${scene.gateway.tokens.token()}`,
            "x-tenant-id": "acme",
            origin: ORDERS_ORIGIN,
          },
        });
        expect(response.status).toBe(200);
        const seen = (await response.json()) as { url: string; headers: Record<string, string> };
        expect(seen.url).toBe("/orders/7?full=1");
        expect(seen.headers).toMatchObject({
          "x-breezeway-user": "alice",
          "x-breezeway-tenant": "acme",
          "x-breezeway-app": "orders",
          "x-breezeway-session": "session-1",
          "x-breezeway-scope": "orders:read orders:write",
          "x-breezeway-request-id": expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
          "x-tenant-id": "acme",
        });
        expect(seen.headers).not.toHaveProperty("authorization");
        expect(response.headers.get("access-control-allow-origin")).toBe(ORDERS_ORIGIN);
        expect(response.headers.get("vary")?.toLowerCase()).toContain("origin");
      },
    );

    it("refuses every attack of the table", { timeout: TIMEOUT_MS }, async () => {
      await using scene = await start(engine);
      for (const [name, make, statuses, reason] of attacks) {
        const received = await scene.send(make(scene));
        expect(statuses, `${name}: ${received.slice(0, 300)}`).toContain(statusOf(received));
        if (reason !== undefined) expect(received, name).toContain(reason);
      }
      // The last attack may be read as one good request with an empty body; what stands behind it
      // is then a request of its own, without a token.
      const arrived = scene.gateway.upstream.requests.map(({ url }) => url);
      expect(arrived.filter((url) => url !== "/orders")).toEqual([]);
      expect(arrived.length).toBeLessThanOrEqual(1);
    });

    it("never lets spoofed headers arrive", { timeout: TIMEOUT_MS }, async () => {
      await using scene = await start(engine);
      const good = (token: string): string => `Authorization: Bearer ${token}`;
      for (const line of SPOOFED) {
        const { tokens, upstream } = scene.gateway;
        const received = await scene.send(get("/orders", good(tokens.token()), line));
        const request = upstream.requests.pop();
        if (statusOf(received) !== 200) {
          expect(request, line).toBeUndefined();
          continue;
        }
        const raw = request?.rawHeaders.join("\n") ?? "";
        expect(raw, line).not.toMatch(/mallory|globex|admin|DELETE|secret/);
        expect(request?.headers["x-breezeway-user"], line).toBe("alice");
        expect(request?.headers["x-tenant-id"], line).toBe("acme");
      }
    });

    it("does not let Connection take identity headers away", { timeout: TIMEOUT_MS }, async () => {
      await using scene = await start(engine);
      for (const name of ["X-Tenant-ID", "X-Breezeway-Tenant", "x-breezeway-user"]) {
        const text = get("/orders", auth(scene), `Connection: close, ${name}`, "", "");
        const received = await sendRaw(scene.url, text.join("\r\n"));
        const request = scene.gateway.upstream.requests.pop();
        if (statusOf(received) === 200) {
          expect(request?.headers).toMatchObject({
            "x-tenant-id": "acme",
            "x-breezeway-tenant": "acme",
            "x-breezeway-user": "alice",
          });
        } else {
          expect(request).toBeUndefined();
        }
      }
    });

    it("answers preflights without the service", { timeout: TIMEOUT_MS }, async () => {
      await using scene = await start(engine);
      const response = await fetch(`${scene.url}/orders`, {
        method: "OPTIONS",
        headers: {
          origin: ORDERS_ORIGIN,
          "access-control-request-method": "POST",
          "access-control-request-headers": "authorization",
        },
      });
      expect(response.status).toBe(204);
      expect(response.headers.get("access-control-allow-origin")).toBe(ORDERS_ORIGIN);
      const evil = await fetch(`${scene.url}/orders`, {
        method: "OPTIONS",
        headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
      });
      expect(evil.status).toBe(403);
      expect(scene.gateway.upstream.requests).toEqual([]);
    });

    it("passes bodies and the service's own errors on", { timeout: TIMEOUT_MS }, async () => {
      await using scene = await start(engine);
      const response = await fetch(`${scene.url}/orders`, {
        method: "POST",
        headers: { authorization: `Bearer ${scene.gateway.tokens.token()}` },
        body: "x".repeat(100_000),
      });
      expect(((await response.json()) as { body: string }).body).toHaveLength(100_000);
    });
  });
}

const asking = engines.filter(({ file }) => file !== "haproxy.cfg");
for (const engine of asking) {
  describe.runIf(engine.program)(`${engine.name}, asking the gateway`, () => {
    it("passes the whole refusal to the client", { timeout: TIMEOUT_MS }, async () => {
      await using scene = await start(engine, { rateLimit: { requests: 1, windowSeconds: 60 } });
      const authorization = `Bearer ${scene.gateway.tokens.token()}`;
      const headers = { authorization, origin: ORDERS_ORIGIN };
      expect((await fetch(`${scene.url}/orders`, { headers })).status).toBe(200);
      const limited = await fetch(`${scene.url}/orders`, { headers });
      expect(limited.status).toBe(429);
      expect(limited.headers.get("retry-after")).toMatch(/^\d+$/);
      expect(limited.headers.get("access-control-allow-origin")).toBe(ORDERS_ORIGIN);
      expect(await limited.json()).toMatchObject({ reason: "rate-limited", action: "wait" });
      const refused = await fetch(`${scene.url}/orders`, {
        headers: { authorization: "Bearer x", origin: ORDERS_ORIGIN },
      });
      expect(refused.status).toBe(401);
      expect(refused.headers.get("www-authenticate")).toContain("invalid_token");
      expect(refused.headers.get("content-type")).toBe("application/problem+json");
      expect(await refused.json()).toMatchObject({ reason: "token-malformed", action: "refresh" });
    });

    it("refuses when the gateway is gone", { timeout: TIMEOUT_MS }, async () => {
      await using scene = await start(engine);
      const headers = { authorization: `Bearer ${scene.gateway.tokens.token()}` };
      await scene.gateway.server.close();
      const response = await fetch(`${scene.url}/orders`, { headers });
      expect([502, 503]).toContain(response.status);
      expect(scene.gateway.upstream.requests).toEqual([]);
    });
  });
}
