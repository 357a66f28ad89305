import { describe, expect, it } from "vitest";
import { createGateway } from "../gateway.ts";
import { ISSUER, ORDERS_APP } from "../test-support/tokens.ts";

const good = {
  issuer: ISSUER,
  apps: [ORDERS_APP],
  routes: [{ prefix: "/orders", upstream: "http://127.0.0.1:4020" }],
  revocations: false,
} as const;

describe("an option that a gateway does not know", () => {
  it.each<[string, object]>([
    ["isRevokd", { isRevokd: () => true }],
    ["metrics.acess", { metrics: { acess: "none" } }],
    ["revocations.maxSilence", { revocations: { maxSilence: 3 } }],
  ])("is refused by its name, such as %s", (name, wrong) => {
    expect(() => createGateway({ ...good, ...wrong })).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        message: `createGateway: ${name}: is not an option.`,
      }),
    );
  });
});
