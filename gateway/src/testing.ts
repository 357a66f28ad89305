/** For tests: a gateway whose clock and request ids the test controls. */
import { systemClock, type Clock } from "@breezeway/shared";
import {
  createProofVerifierForTesting,
  createRevocationFeedForTesting,
  createSessionVerifierForTesting,
} from "@breezeway/verify/testing";
import type { GatewayOptions } from "./config/options.ts";
import { buildGateway, productionDeps, type Gateway } from "./gateway.ts";

export interface GatewayTestHooks {
  /** Only `now()` is read. Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** Creates request ids: visible ASCII, at most 64 characters. Default: random UUIDs. */
  readonly randomId?: (() => string) | undefined;
}

/**
 * As `createGateway`, with parts that a test replaces.
 *
 * @throws {BridgeError} CONFIG_INVALID or MANIFEST_INVALID, naming the option
 */
export function createGatewayForTesting(
  options: GatewayOptions,
  { clock = systemClock(), randomId }: GatewayTestHooks = {},
): Gateway {
  const production = productionDeps();
  return buildGateway(options, {
    clock,
    randomId: randomId ?? production.randomId,
    createSessionVerifier: (given) => createSessionVerifierForTesting(given, { clock }),
    createRevocationFeed: (given) => createRevocationFeedForTesting(given, { clock }),
    createProofVerifier: (given) => createProofVerifierForTesting(given, { clock }),
  });
}
