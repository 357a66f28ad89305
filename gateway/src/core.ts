/** The parts of a gateway that its own servers need and that its users must not see. */
import { BridgeError } from "@breezeway/shared";
import type { ExchangeDeps } from "./exchange/exchange-deps.ts";
import type { Metrics } from "./observe/metrics.ts";
import type { Operations } from "./observe/operations.ts";

export interface GatewayCore {
  readonly exchangeDeps: ExchangeDeps;
  readonly operations: Operations;
  readonly metrics: Metrics;
}

const cores = new WeakMap<object, GatewayCore>();

export function registerCore(gateway: object, core: GatewayCore): void {
  cores.set(gateway, core);
}

/** @throws {BridgeError} CONFIG_INVALID, when `createGateway` did not create the object */
export function coreOf(gateway: object): GatewayCore {
  const core = cores.get(gateway);
  if (core !== undefined) return core;
  const what = "serveGateway: gateway: must be created by createGateway of this package's copy.";
  throw new BridgeError("CONFIG_INVALID", what);
}
