/**
 * The shipped configurations in the real reverse proxies, with one table of attacks for all of them.
 * `asking.test.ts` tests the reverse proxies that ask the gateway.
 */
import { describe, expect, it } from "vitest";
import { sendRaw, statusOf } from "@breezeway/test-support/raw-client";
import { APP_ORIGIN } from "@breezeway/test-support/signer";
import { attacks, auth, get, SPOOFED } from "../../test-support/reverse-proxy-attacks.ts";
import { reverseProxies, startReverseProxy } from "../../test-support/reverse-proxies.ts";

const TIMEOUT_MS = 60_000;

for (const reverseProxy of reverseProxies) {
  describe.runIf(reverseProxy.program)(
    `${reverseProxy.name} with the shipped configuration`,
    () => {
      it(
        "lets a good token in, and tells the service who it is",
        { timeout: TIMEOUT_MS },
        async () => {
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
        },
      );

      it("refuses every attack in the table", { timeout: TIMEOUT_MS }, async () => {
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

      it("never lets spoofed headers arrive", { timeout: TIMEOUT_MS }, async () => {
        await using scene = await startReverseProxy(reverseProxy);
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

      it("does not let Connection remove identity headers", { timeout: TIMEOUT_MS }, async () => {
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

      it("answers preflights without the service", { timeout: TIMEOUT_MS }, async () => {
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

      it("forwards bodies", { timeout: TIMEOUT_MS }, async () => {
        await using scene = await startReverseProxy(reverseProxy);
        const response = await fetch(`${scene.url}/orders`, {
          method: "POST",
          headers: { authorization: `Bearer ${scene.gateway.tokens.token()}` },
          body: "x".repeat(100_000),
        });
        expect(response.status).toBe(200);
        expect(((await response.json()) as { body: string }).body).toHaveLength(100_000);
      });

      it("forwards the service's own refusals and errors", { timeout: TIMEOUT_MS }, async () => {
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
