import type { VerifierConfig } from "../verifier/options.ts";
import { createStaticKeys, type KeySource } from "./key-source.ts";
import { createRemoteKeys } from "./remote-keys.ts";

/** The keys that a verifier's options name: given ones, or those behind a URL. */
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
    onKeysRemoved,
    onFetchFailed: config.onKeysError,
  });
}
