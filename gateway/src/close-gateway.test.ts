import { afterEach, describe, expect, it, vi } from "vitest";
import { ISSUER } from "@breezeway/test-support/signer";
import { createGateway } from "./gateway.ts";
import { ORDERS_APP } from "../test-support/apps.ts";

describe("a gateway", () => {
  afterEach(() => void vi.useRealTimers());

  /** An issuer that never answers, and which requests to it are still open. */
  function silentIssuer() {
    const signals: AbortSignal[] = [];
    const options = {
      issuer: ISSUER,
      apps: [ORDERS_APP],
      routes: [{ prefix: "/orders" }],
      fetch: (_url: unknown, init?: RequestInit) => {
        const signal = init?.signal ?? new AbortController().signal;
        signals.push(signal);
        return new Promise<Response>((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(new Error("aborted")));
        });
      },
      onError: () => {},
    };
    return { options, asked: () => signals.map(({ aborted }) => !aborted) };
  }

  it("leaves no request and no timer behind after close", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
    const { options, asked } = silentIssuer();
    const gateway = createGateway(options);
    expect(asked()).toEqual([true, true]);
    expect(vi.getTimerCount()).toBeGreaterThan(0);
    await gateway.close();
    await gateway.ready;
    expect(asked()).toEqual([false, false]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("leaves none behind when an option is wrong", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
    const { options, asked } = silentIssuer();
    const jwks = { keys: [{ kty: "RSA", kid: "weak" }] };
    expect(() => createGateway({ ...options, jwks })).toThrow("jwks");
    // The gateway follows the feed before it reads the keys.
    expect(asked()).toEqual([false]);
    await new Promise(setImmediate);
    expect(vi.getTimerCount()).toBe(0);
  });
});
