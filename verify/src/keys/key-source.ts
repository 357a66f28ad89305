import { BridgeError } from "@breezeway/shared";
import type { VerificationKey } from "./verification-key.ts";

/** Where one verifier finds its issuer's keys. */
export interface KeySource {
  /**
   * Answers without waiting; `undefined` when only a fetch can tell.
   *
   * @throws {BridgeError} KEY_UNKNOWN, KEYS_UNAVAILABLE
   */
  find(kid: string): VerificationKey | undefined;
  /** @throws {BridgeError} KEY_UNKNOWN, KEYS_UNAVAILABLE */
  load(kid: string): Promise<VerificationKey>;
  /** Settles when keys are there. @throws {BridgeError} KEYS_UNAVAILABLE */
  ready(): Promise<void>;
  close(): void;
}

export function keyUnknown(): BridgeError {
  return new BridgeError("KEY_UNKNOWN", "The issuer publishes no key of this id.");
}

export function keysUnavailable(cause?: unknown): BridgeError {
  return new BridgeError("KEYS_UNAVAILABLE", "The issuer's public keys cannot be fetched.", {
    cause,
  });
}

/** Keys that were given directly: no network, no change. */
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
