/**
 * The shipped configurations in the real reverse proxies, with one table of attacks for all of them.
 * `asking.test.ts` tests the reverse proxies that ask the gateway.
 */
import { describe, expect, it } from "vitest";
import { sendRaw, statusOf } from "@breezeway/test-support/raw-client";
import { APP_ORIGIN } from "@breezeway/test-support/signer";
import {
  attacks,
  auth,
  CUSTOM,
  get,
  HARMLESS,
  SPOOFED,
} from "../../test-support/reverse-proxy-attacks.ts";
import {
  reverseProxies,
  startReverseProxy,
  type Scene,
} from "../../test-support/reverse-proxies.ts";

/** Spoofed headers in few requests: those with "_" or "." alone, the others together. */
const odd = SPOOFED.filter((line) => /^[^:]*[_.]|^Proxy:/.test(line));
const plain = SPOOFED.filter((line) => !odd.includes(line));
const PER_HEAD = 40;
const spoofedHeads: readonly (readonly string[])[] = [
  ...odd.map((line) => [line]),
  ...Array.from({ length: Math.ceil(plain.length / PER_HEAD) }, (_, index) =>
    plain.slice(index * PER_HEAD, (index + 1) * PER_HEAD),
  ),
];

const ADDRESSES = [
  ...["X-Forwarded-For: 203.0.113.9", "X-Forwarded-Host: evil.example"],
  ...["X-Forwarded-Proto: gopher", "X-Real-IP: 203.0.113.9"],
  "Forwarded: for=203.0.113.9;host=evil.example",
];

const options = (...headers: string[]): string[] => [
  ...["OPTIONS /orders HTTP/1.1", "Host: api.example"],
  ...headers,
];

/** One request for each part of a configuration that forwards or answers, with the expected status. */
const WAYS_IN: readonly [string, (scene: Scene) => string[], number | readonly number[]][] = [
  ["an allowed request", (scene) => get("/orders", auth(scene)), 200],
  ["a refused request", () => get("/orders", "Authorization: Bearer a.b.c"), 401],
  [
    "a preflight",
    () => options(`Origin: ${APP_ORIGIN}`, "Access-Control-Request-Method: POST"),
    204,
  ],
  ["a preflight without an origin", () => options("Access-Control-Request-Method: POST"), 401],
  ["a preflight without a method", () => options(`Origin: ${APP_ORIGIN}`), 401],
  [
    "a preflight of a stranger",
    () => options("Origin: https://stranger.test", "Access-Control-Request-Method: POST"),
    403,
  ],
  ["a path without a route", () => get("/elsewhere"), 404],
];

for (const reverseProxy of reverseProxies) {
  describe.runIf(reverseProxy.program)(
    `${reverseProxy.name} with the shipped configuration`,
    () => {
      it("lets a good token in, and tells the service who it is", async () => {
        await using scene = await startReverseProxy(reverseProxy);
        const response = await fetch(`${scene.url}/orders/7?full=1`, {
          headers: {
            authorization: `Bearer ${scene.gateway.tokens.token()}`,
            "x-tenant-id": "acme",
            origin: APP_ORIGIN,
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
        expect(response.headers.get("access-control-allow-origin")).toBe(APP_ORIGIN);
        expect(response.headers.get("vary")?.toLowerCase()).toContain("origin");
      });

      it("refuses every attack in the table", async () => {
        await using scene = await startReverseProxy(reverseProxy);
        for (const [name, make, statuses, reason] of attacks) {
          const received = await scene.send(make(scene));
          expect(statuses, `${name}: ${received.slice(0, 300)}`).toContain(statusOf(received));
          if (reason !== undefined) expect(received, name).toContain(reason);
        }
        // The last attack may be read as one valid request with an empty body. The bytes after it are then
        // a separate request without a token.
        const arrived = scene.gateway.upstream.requests.map(({ url }) => url);
        expect(arrived.filter((url) => url !== "/orders")).toEqual([]);
        expect(arrived.length).toBeLessThanOrEqual(1);
      });

      it("never lets spoofed headers arrive", async () => {
        await using scene = await startReverseProxy(reverseProxy);
        for (const lines of spoofedHeads) {
          const received = await scene.send(get("/orders", auth(scene), ...lines));
          const request = scene.gateway.upstream.requests.pop();
          const sent = lines.join("\n");
          // Some reverse proxies refuse names with "_" or ".".
          if (statusOf(received) !== 200) {
            expect(lines, sent).toHaveLength(1);
            expect(request, sent).toBeUndefined();
            continue;
          }
          const raw = request?.rawHeaders.join("\n") ?? "";
          expect(raw, sent).not.toMatch(/mallory|globex|admin|DELETE|secret/);
          expect(request?.headers["x-breezeway-user"], sent).toBe("alice");
          expect(request?.headers["x-tenant-id"], sent).toBe("acme");
        }
      });

      it("forwards headers that claim nothing", async () => {
        await using scene = await startReverseProxy(reverseProxy);
        const names = reverseProxy.name === "nginx" ? HARMLESS : [...HARMLESS, ...CUSTOM];
        const lines = names.map((name) =>
          name === "Origin" ? `Origin: ${APP_ORIGIN}` : `${name}: harmless`,
        );
        expect(statusOf(await scene.send(get("/orders", auth(scene), ...lines)))).toBe(200);
        const arrived = scene.gateway.upstream.requests[0]?.headers ?? {};
        expect(names.filter((name) => arrived[name.toLowerCase()] === undefined)).toEqual([]);
      });

      it.each(WAYS_IN)("lets no client choose its address with %s", async (_name, make, status) => {
        await using scene = await startReverseProxy(reverseProxy);
        const received = await scene.send([...make(scene), ...ADDRESSES]);
        expect([status].flat(), received.slice(0, 200)).toContain(statusOf(received));
        const { requests } = scene.gateway.upstream;
        for (const { rawHeaders } of [...scene.asked, ...requests]) {
          expect(rawHeaders.join("\n")).not.toMatch(/203\.0\.113|evil\.example|gopher/);
        }
        // The reverse proxy itself says where the client is.
        for (const { headers } of requests) expect(headers["x-forwarded-for"]).toBe("127.0.0.1");
      });

      it("names no origin in its own refusals", async () => {
        await using scene = await startReverseProxy(reverseProxy);
        const refusals: readonly string[][] = [
          ["POST /orders HTTP/1.1", "Host: a", "Content-Length: 99999999999"],
          ["POST /orders HTTP/1.1", "Host: a", "Content-Length: -1"],
          get("/elsewhere"),
          get("/orders", "Connection: close, x-tenant-id"),
          get("/orders", `X-Large: ${"x".repeat(70_000)}`),
        ];
        for (const lines of refusals) {
          const [first = "", ...rest] = lines;
          const received = await scene.send([first, ...rest, "Origin: https://evil.example"]);
          expect(statusOf(received), first).toBeGreaterThanOrEqual(400);
          expect(received, first).not.toMatch(/evil\.example|allow-origin: \*/i);
        }
        expect(scene.gateway.upstream.requests).toEqual([]);
      });

      it("does not let Connection remove identity headers", async () => {
        await using scene = await startReverseProxy(reverseProxy);
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

      it("answers preflights without the service", async () => {
        await using scene = await startReverseProxy(reverseProxy);
        const response = await fetch(`${scene.url}/orders`, {
          method: "OPTIONS",
          headers: {
            origin: APP_ORIGIN,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization",
          },
        });
        expect(response.status).toBe(204);
        expect(response.headers.get("access-control-allow-origin")).toBe(APP_ORIGIN);
        const evil = await fetch(`${scene.url}/orders`, {
          method: "OPTIONS",
          headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
        });
        expect(evil.status).toBe(403);
        expect(scene.gateway.upstream.requests).toEqual([]);
      });

      it("forwards bodies", async () => {
        await using scene = await startReverseProxy(reverseProxy);
        const response = await fetch(`${scene.url}/orders`, {
          method: "POST",
          headers: { authorization: `Bearer ${scene.gateway.tokens.token()}` },
          body: "x".repeat(100_000),
        });
        expect(response.status).toBe(200);
        expect(((await response.json()) as { body: string }).body).toHaveLength(100_000);
      });

      it("forwards the service's own refusals and errors", async () => {
        await using scene = await startReverseProxy(reverseProxy, {
          handler: (request, response) => {
            const status = Number(request.url?.slice("/orders/".length));
            response.writeHead(status, { "x-own": "1" }).end(`own ${status}`);
          },
        });
        const headers = { authorization: `Bearer ${scene.gateway.tokens.token()}` };
        for (const status of [401, 403, 404, 429, 500, 503]) {
          const response = await fetch(`${scene.url}/orders/${status}`, { headers });
          expect(response.status).toBe(status);
          expect(response.headers.get("x-own")).toBe("1");
          expect(await response.text()).toBe(`own ${status}`);
        }
      });
    },
  );
}
