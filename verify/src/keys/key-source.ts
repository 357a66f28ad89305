import { BridgeError } from "@breezeway/shared";
import type { VerificationKey } from "./verification-key.ts";

/** The keys of one issuer, as its verifier looks them up. */
export interface KeySource {
  /**
   * Answers without waiting. `undefined` means that a fetch is needed: call `load`.
   *
   * @throws {BridgeError} KEY_UNKNOWN, KEYS_UNAVAILABLE
   */
  find(kid: string): VerificationKey | undefined;
  /**
   * Fetches the key set first if needed.
   *
   * @throws {BridgeError} KEY_UNKNOWN, KEYS_UNAVAILABLE
   */
  load(kid: string): Promise<VerificationKey>;
  /**
   * Resolves when keys are available.
   *
   * @throws {BridgeError} KEYS_UNAVAILABLE
   */
  ready(): Promise<void>;
  close(): void;
}

export function keyUnknown(): BridgeError {
  return new BridgeError("KEY_UNKNOWN", "The issuer publishes no key with this id.");
}

export function keysUnavailable(cause?: unknown): BridgeError {
  return new BridgeError("KEYS_UNAVAILABLE", "The issuer's public keys cannot be fetched.", {
    cause,
  });
}

/** Keys from the options: no network, no change. */
export function createStaticKeys(keys: ReadonlyMap<string, VerificationKey>): KeySource {
  const find = (kid: string): VerificationKey => {
    const key = keys.get(kid);
    if (key === undefined) throw keyUnknown();
    return key;
  };
  return {
    find,
    load: async (kid) => find(kid),
    ready: async () => {},
    close: () => {},
  };
}
