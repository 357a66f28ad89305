import { describe, expect, it } from "vitest";
import { ISSUER } from "@breezeway/test-support/signer";
import { createGateway } from "../gateway.ts";
import { ORDERS_APP } from "../../test-support/apps.ts";

const good = {
  issuer: ISSUER,
  apps: [ORDERS_APP],
  routes: [{ prefix: "/orders", upstream: "http://127.0.0.1:4020" }],
  revocations: false,
} as const;

describe("createGateway", () => {
  it.each<[string, object]>([
    ['isRevokd: unknown option. Did you mean "isRevoked"?', { isRevokd: () => true }],
    ['metrics.acess: unknown option. Did you mean "access"?', { metrics: { acess: "none" } }],
    [
      'revocations.maxSilence: unknown option. Did you mean "maxSilenceMs"?',
      { revocations: { maxSilence: 3 } },
    ],
    ["issuer: must be", { issuer: new URL(ISSUER) }],
    ["apps: must be manifests, a registry or", { apps: { orders: ORDERS_APP } }],
    ["tracing: must be of type boolean", { tracing: "yes" }],
    ["metrics.access: must be", { metrics: { access: "everybody" } }],
    ["revocations.maxSilenceMs: must be", { revocations: { maxSilenceMs: -1 } }],
  ])("refuses the wrong option by name: %s", (message, wrong) => {
    expect(() => createGateway({ ...good, ...wrong })).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        message: expect.stringContaining(`createGateway: ${message}`) as string,
      }),
    );
  });

  it.each([
    { maxSilenceMs: 100, maxRetryMs: 10 },
    { maxSilenceMs: 300_000, maxRetryMs: 60_000 },
  ])("accepts the smallest and largest times of the feed: %j", async (times) => {
    const fetch = (): Promise<Response> => Promise.resolve(new Response(null, { status: 404 }));
    await using gateway = createGateway({
      ...good,
      revocations: times,
      fetch,
      onError: () => {},
    });
    await gateway.ready;
  });
});
