/** Reverse proxies that ask the gateway about each request: the refusals that a client gets. */
import { describe, expect, it } from "vitest";
import { createProver, PUBLIC_URL } from "@breezeway/test-support/prover";
import { APP_ORIGIN } from "@breezeway/test-support/signer";
import type { Echo } from "@breezeway/test-support/upstream";
import { reverseProxies, startReverseProxy } from "../../test-support/reverse-proxies.ts";

const asking = reverseProxies.filter(({ file }) => file !== "haproxy.cfg");
for (const reverseProxy of asking) {
  describe.runIf(reverseProxy.program)(`a client behind ${reverseProxy.name}`, () => {
    it("gets the whole refusal", async () => {
      await using scene = await startReverseProxy(reverseProxy, {
        route: { rateLimit: { requests: 1, windowSeconds: 60 } },
      });
      const authorization = `Bearer ${scene.gateway.tokens.token()}`;
      const headers = { authorization, origin: APP_ORIGIN };
      expect((await fetch(`${scene.url}/orders`, { headers })).status).toBe(200);
      const limited = await fetch(`${scene.url}/orders`, { headers });
      expect(limited.status).toBe(429);
      expect(limited.headers.get("retry-after")).toMatch(/^\d+$/);
      expect(limited.headers.get("access-control-allow-origin")).toBe(APP_ORIGIN);
      expect(await limited.json()).toMatchObject({ reason: "rate-limited", action: "wait" });
      const refused = await fetch(`${scene.url}/orders`, {
        headers: { authorization: "Bearer x", origin: APP_ORIGIN },
      });
      expect(refused.status).toBe(401);
      expect(refused.headers.get("www-authenticate")).toContain("invalid_token");
      expect(refused.headers.get("content-type")).toBe("application/problem+json");
      expect(await refused.json()).toMatchObject({ reason: "token-malformed", action: "refresh" });
    });

    it("is refused once its session is revoked", async () => {
      const revoked = new Set<string>();
      await using scene = await startReverseProxy(reverseProxy, {
        gateway: { isRevoked: ({ sid }) => revoked.has(sid) },
      });
      const headers = { authorization: `Bearer ${scene.gateway.tokens.token()}` };
      expect((await fetch(`${scene.url}/orders`, { headers })).status).toBe(200);
      revoked.add("session-1");
      const response = await fetch(`${scene.url}/orders`, { headers });
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ reason: "session-revoked", action: "login" });
    });

    it("may use a token with its proof once", async () => {
      await using scene = await startReverseProxy(reverseProxy, {
        gateway: { proof: { publicUrls: PUBLIC_URL } },
      });
      const prover = createProver();
      const token = scene.gateway.tokens.token(prover.bound);
      const headers = { ...prover.headers(token, "/orders/7"), origin: APP_ORIGIN };
      const response = await fetch(`${scene.url}/orders/7?x=1`, { headers });
      expect(response.status).toBe(200);
      const seen = (await response.json()) as Echo;
      expect(seen.headers).toMatchObject({ "x-breezeway-user": "alice" });
      expect(seen.headers).not.toHaveProperty("dpop");
      const again = await fetch(`${scene.url}/orders/7?x=1`, { headers });
      expect(again.status).toBe(401);
      expect(again.headers.get("www-authenticate")).toContain("invalid_dpop_proof");
      expect(await again.json()).toMatchObject({ reason: "proof-invalid", action: "refresh" });
    });

    it("is refused when the gateway is down", async () => {
      await using scene = await startReverseProxy(reverseProxy);
      const headers = { authorization: `Bearer ${scene.gateway.tokens.token()}` };
      await scene.gateway.server.close();
      const response = await fetch(`${scene.url}/orders`, { headers });
      expect([502, 503]).toContain(response.status);
      expect(scene.gateway.upstream.requests).toEqual([]);
    });
  });
}
