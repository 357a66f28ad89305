/** For tests: the issuer and the key manager with a clock that the test controls. */
import { createIssuerWithHooks, type Issuer, type IssuerTestHooks } from "./create-issuer.ts";
import {
  createKeyManagerWithHooks,
  type KeyManager,
  type KeyManagerOptions,
} from "./keys/key-manager.ts";
import type { IssuerOptions } from "./options.ts";

export type { Clock } from "@breezeway/shared";
export type { IssuerTestHooks } from "./create-issuer.ts";

/**
 * `createIssuer` with hooks.
 *
 * @throws {BridgeError} CONFIG_INVALID, MANIFEST_INVALID, as `createIssuer` throws them
 *
 * @example
 * const issuer = createIssuerForTesting(options, { clock });
 */
export function createIssuerForTesting(
  options: IssuerOptions,
  hooks: IssuerTestHooks = {},
): Issuer {
  return createIssuerWithHooks(options, hooks);
}

/**
 * `createKeyManager` with hooks.
 *
 * @throws {BridgeError} STORE_UNAVAILABLE, KEYS_UNAVAILABLE, CONFIG_INVALID
 */
export function createKeyManagerForTesting(
  options: KeyManagerOptions,
  hooks: IssuerTestHooks = {},
): Promise<KeyManager> {
  return createKeyManagerWithHooks(options, hooks);
}
