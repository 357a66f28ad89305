/** What the Node server needs of a gateway and nobody else should see. */
import { BridgeError } from "@breezeway/shared";
import type { Metrics } from "./observe/metrics.ts";
import type { Operations } from "./observe/operations.ts";
import type { ExchangeServices } from "./exchange/services.ts";

export interface GatewayCore {
  readonly services: ExchangeServices;
  readonly operations: Operations;
  readonly metrics: Metrics;
}

const cores = new WeakMap<object, GatewayCore>();

export function registerCore(gateway: object, core: GatewayCore): void {
  cores.set(gateway, core);
}

/** @throws {BridgeError} CONFIG_INVALID for something that `createGateway` did not make */
export function coreOf(gateway: object): GatewayCore {
  const core = cores.get(gateway);
  if (core === undefined) {
    throw new BridgeError("CONFIG_INVALID", "serveGateway: this is not a gateway.");
  }
  return core;
}
