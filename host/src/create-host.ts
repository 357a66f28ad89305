import type { AnyContract, Contract } from "@breezeway/shared";
import type { Host, HostOptions } from "./host-types.ts";
import { startHost } from "./start-host.ts";

/**
 * Creates a host: the page that holds the session and shows apps in frames.
 *
 * @throws {BridgeError} CONFIG_INVALID, when an option is unknown or does not fit; MANIFEST_INVALID
 *
 * @example
 * const host = createHost({ issuerUrl: "/auth", gatewayUrl: "https://api.example", apps });
 * host.mount("orders", { container: document.querySelector("main")! });
 */
export function createHost<C extends Contract = AnyContract>(options: HostOptions<C>): Host<C> {
  return startHost(options, {});
}
