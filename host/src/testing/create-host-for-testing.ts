import type { AnyContract, Contract } from "@breezeway/shared";
import type { Host, HostOptions, HostTestHooks } from "../host-types.ts";
import { startHost } from "../start-host.ts";

/**
 * `createHost` with effects that a test controls: time, chance, the other tabs, the event stream.
 *
 * @throws {BridgeError} CONFIG_INVALID, MANIFEST_INVALID
 *
 * @example
 * const issuer = createTestIssuer();
 * const host = createHostForTesting({ ...issuer.hostOptions, apps }, issuer.hooks);
 */
export function createHostForTesting<C extends Contract = AnyContract>(
  options: HostOptions<C>,
  hooks: HostTestHooks,
): Host<C> {
  return startHost(options, hooks);
}
