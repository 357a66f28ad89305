import { BridgeError } from "@breezeway/shared";
import { WORDS } from "@breezeway/shared/words";
import type { BridgeOptions } from "../bridge-types.ts";

// A record and not a list, so that the compiler finds a name that is missing.
const NAMES: Readonly<Record<keyof BridgeOptions, 1>> = {
  hostOrigins: 1,
  link: 1,
  contract: 1,
  handshakeTimeoutMs: 1,
  proof: 1,
  autoRefresh: 1,
  gatewayOrigins: 1,
  onError: 1,
  fetch: 1,
};

/**
 * Checks the names of options. `nearestName` of shared would take 200 bytes of every guest, and the
 * first three letters of these names identify each of them.
 *
 * @throws {BridgeError} CONFIG_INVALID, for an unknown option
 */
export function assertOptionNames(options: object): void {
  for (const name in options) {
    if (Object.hasOwn(NAMES, name)) continue;
    throw new BridgeError(
      "CONFIG_INVALID",
      WORDS ? `createAppBridge: ${name}: unknown option.${suggestion(name)}` : [name],
    );
  }
}

function suggestion(name: string): string {
  const nearest = Object.keys(NAMES).find((known) => beginning(known) === beginning(name));
  return nearest ? ` Did you mean "${nearest}"?` : "";
}

function beginning(name: string): string {
  return name.slice(0, 3).toLowerCase();
}
