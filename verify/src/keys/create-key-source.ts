import type { VerifierConfig } from "../verifier/options.ts";
import { createStaticKeys, type KeySource } from "./key-source.ts";
import { createRemoteKeys } from "./remote-keys.ts";

/** Serves the keys of the options, or fetches those behind the JWKS URL. */
export function createKeySource(
  config: VerifierConfig,
  onKeysRemoved: (kids: readonly string[]) => void,
): KeySource {
  if (!("url" in config.keys)) return createStaticKeys(config.keys);
  return createRemoteKeys({
    url: config.keys.url,
    fetch: config.fetch,
    clock: config.clock,
    timeoutMs: config.jwksTimeoutMs,
    isKeyRemoved: (kid) => config.isKeyRemoved(kid, config.rules.issuer),
    onKeysRemoved,
    onFetchFailed: config.onKeysError,
  });
}
