import { afterEach, describe, expect, it, vi } from "vitest";
import { createProver, PUBLIC_URL } from "@breezeway/test-support/prover";
import { createSigner } from "@breezeway/test-support/signer";
import { MAX_RENEWALS } from "./refusal-limit.ts";
import { startGateway, type StartOptions, type TestGateway } from "../../test-support/start.ts";

afterEach(() => void vi.useRealTimers());

const start = (options: StartOptions["gateway"] = {}): Promise<TestGateway> =>
  startGateway({
    gateway: {
      trustedProxies: ["127.0.0.1"],
      refusalLimit: { requests: 3, windowSeconds: 60 },
      ...options,
    },
  });

interface Caller {
  readonly gateway: TestGateway;
  readonly address: string;
  readonly token?: string;
}

async function send({ gateway, address, token }: Caller): Promise<Response> {
  return gateway.request("/orders", {
    headers: {
      authorization: `Bearer ${token ?? gateway.tokens.token()}`,
      "x-forwarded-for": address,
    },
  });
}

const forged = (): string => createSigner().token();

async function flood(gateway: TestGateway, address: string): Promise<number[]> {
  const statuses: number[] = [];
  for (let count = 0; count < 5; count += 1) {
    statuses.push((await send({ gateway, address, token: forged() })).status);
  }
  return statuses;
}

describe("an address that sends rejected tokens", () => {
  it("gets 429 beyond the limit, without verification of its tokens", async () => {
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    await using gateway = await start();
    expect(await flood(gateway, "203.0.113.7")).toEqual([401, 401, 401, 429, 429]);
    const response = await send({ gateway, address: "203.0.113.7" });
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("60");
    expect(await response.json()).toMatchObject({ reason: "rate-limited", action: "wait" });
    expect((await send({ gateway, address: "203.0.113.8" })).status).toBe(200);
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toContain("breezeway_gateway_limited_addresses 1");
  });

  it("waits no longer than a window when the clock is set back by a day meanwhile", async () => {
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    await using gateway = await start();
    const address = "203.0.113.9";
    await send({ gateway, address, token: forged() });
    vi.setSystemTime(Date.now() - 86_400_000);
    for (const status of [401, 401, 429]) {
      expect((await send({ gateway, address, token: forged() })).status).toBe(status);
    }
    const refused = await send({ gateway, address, token: forged() });
    expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(60);
  });

  it("gets no proofs verified either, while cached tokens with a valid proof pass", async () => {
    await using gateway = await start({ proof: { publicUrls: PUBLIC_URL } });
    const prover = createProver();
    const token = gateway.tokens.token(prover.bound);
    const ask = async (headers: Record<string, string>): Promise<number> => {
      const all = { "x-forwarded-for": "203.0.113.7", ...headers };
      return (await gateway.request("/orders", { headers: all })).status;
    };
    expect(await ask(prover.headers(token, "/orders"))).toBe(200);
    const statuses: number[] = [];
    for (let count = 0; count < 5; count += 1) {
      const stranger = createSigner().token({ sid: "session-2" });
      statuses.push(await ask(createProver().headers(stranger, "/orders", { htm: "PUT" })));
    }
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    expect(await ask(prover.headers(token, "/orders"))).toBe(200);
  });

  it("does not lock out those that were accepted before", async () => {
    await using gateway = await start();
    const token = gateway.tokens.token();
    const address = "203.0.113.7";
    expect((await send({ gateway, address, token })).status).toBe(200);
    await flood(gateway, address);
    expect((await send({ gateway, address, token })).status).toBe(200);
  });

  it("does not lock out an accepted neighbour whose token is renewed", async () => {
    await using gateway = await start();
    const address = "203.0.113.7";
    expect((await send({ gateway, address })).status).toBe(200);
    await flood(gateway, address);
    expect((await send({ gateway, address })).status).toBe(200);
    const stranger = gateway.tokens.token({ sid: "session-2" });
    expect((await send({ gateway, address, token: stranger })).status).toBe(429);
  });

  it("gets at most MAX_RENEWALS forgeries verified when they name an accepted session", async () => {
    await using gateway = await start();
    const address = "203.0.113.7";
    expect((await send({ gateway, address })).status).toBe(200);
    await flood(gateway, address);
    const statuses: number[] = [];
    // The forged tokens of the flood named the session too.
    for (let count = 2; count < MAX_RENEWALS; count += 1) {
      statuses.push((await send({ gateway, address, token: forged() })).status);
    }
    expect(new Set(statuses)).toEqual(new Set([401]));
    expect((await send({ gateway, address, token: forged() })).status).toBe(429);
  });

  it("is not limited by upstreams' refusals, or by requests without a token", async () => {
    await using gateway = await start();
    const address = "203.0.113.7";
    const noScope = (): string => gateway.tokens.token({ scope: "" });
    for (let count = 0; count < 5; count += 1) {
      expect((await send({ gateway, address, token: noScope() })).status).toBe(403);
      expect((await send({ gateway, address, token: "" })).status).toBe(401);
    }
    expect((await send({ gateway, address })).status).toBe(200);
  });

  it("is counted at /authz by the address that the reverse proxy reports", async () => {
    await using gateway = await start();
    const ask = async (address: string, token: string): Promise<number> => {
      const headers = {
        authorization: `Bearer ${token}`,
        "x-forwarded-for": address,
        "x-forwarded-method": "GET",
        "x-forwarded-uri": "/orders",
      };
      return (await gateway.request("/authz", { headers })).status;
    };
    for (let count = 0; count < 3; count += 1) expect(await ask("203.0.113.7", forged())).toBe(401);
    expect(await ask("203.0.113.7", gateway.tokens.token())).toBe(429);
    expect(await ask("203.0.113.8", gateway.tokens.token())).toBe(200);
  });

  it("has a limit by default", async () => {
    await using gateway = await start({ refusalLimit: undefined });
    const statuses = new Set<number>();
    for (let round = 0; round < 11; round += 1) {
      const requests = Array.from({ length: 100 }, () =>
        send({ gateway, address: "203.0.113.7", token: "x" }),
      );
      for (const { status } of await Promise.all(requests)) statuses.add(status);
    }
    expect(statuses).toEqual(new Set([401, 429]));
  });

  it("has no limit when it is off, or when no proxy reports who is behind the peer", async () => {
    await using off = await start({ refusalLimit: false });
    expect(await flood(off, "203.0.113.7")).toEqual([401, 401, 401, 401, 401]);
    await using untrusting = await start({ trustedProxies: [] });
    expect(await flood(untrusting, "203.0.113.7")).toEqual([401, 401, 401, 401, 401]);
    const metrics = await (await fetch(`${untrusting.url}/metrics`)).text();
    expect(metrics).toContain("breezeway_gateway_limited_addresses 0");
  });
});
