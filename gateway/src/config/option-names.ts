/** A misspelt option would leave what it stands for as it was, such as `isRevoked`, and nobody told. */
import { BridgeError } from "@breezeway/shared";
import type { GatewayOptions } from "./options.ts";

const NAMES: Readonly<Record<keyof GatewayOptions | "$schema", 1>> = {
  // Of a configuration file.
  $schema: 1,
  issuer: 1,
  apps: 1,
  routes: 1,
  jwks: 1,
  algorithms: 1,
  revocations: 1,
  isRevoked: 1,
  cors: 1,
  hostOrigins: 1,
  trustedProxies: 1,
  removeHeaders: 1,
  limits: 1,
  rateLimitStore: 1,
  proof: 1,
  refusalLimit: 1,
  audit: 1,
  metrics: 1,
  tracing: 1,
  onError: 1,
  clock: 1,
  fetch: 1,
  randomId: 1,
};

/**
 * Of the options themselves; what is in them has schemas.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming source and option
 */
export function checkOptionNames(options: GatewayOptions, source: string): void {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(NAMES, name));
  if (unknown === undefined) return;
  throw new BridgeError("CONFIG_INVALID", `${source}: ${unknown}: is not an option.`);
}
