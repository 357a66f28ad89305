/**
 * The keys behind a JWKS URL.
 *
 * Rules:
 *  [JWKS-1] Keys are used for `maxAgeSeconds` after they were fetched.
 *  [JWKS-2] When they cannot be fetched again, the old ones serve until `maxStaleSeconds`; then nothing does.
 *  [JWKS-3] One request is under way at a time; everybody waits for the same one.
 *  [JWKS-4] A key id that is not in the set causes a fetch, but no two fetches start within
 *           `cooldownSeconds`: strangers can name any key id they like.
 *  [JWKS-5] Keys that are no longer published, or have another value, are reported at once.
 *  [JWKS-6] After `refreshAtFraction` of the age the next use fetches in the background, so that
 *           no request waits while the issuer is up.
 */
import { fetchJwks, type Fetch } from "./fetch-jwks.ts";
import { keyUnknown, keysUnavailable, type KeySource } from "./key-source.ts";
import type { VerificationKey } from "./verification-key.ts";

export interface RemoteKeysOptions {
  readonly url: string;
  readonly fetch: Fetch;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  readonly timeoutMs: number;
  readonly onKeysRemoved: (kids: readonly string[]) => void;
  readonly onFetchFailed: (error: unknown) => void;
}

export const JWKS_LIMITS = {
  maxAgeSeconds: 300,
  maxStaleSeconds: 3_600,
  cooldownSeconds: 5,
  outageMemorySeconds: 30,
  refreshAtFraction: 0.8,
  /** A set of 64 keys has about 10 kB. */
  maxBytes: 65_536,
  timeoutMs: 5_000,
} as const;

export function createRemoteKeys(options: RemoteKeysOptions): KeySource {
  const closing = new AbortController();
  let keys: ReadonlyMap<string, VerificationKey> | undefined;
  let fetchedAtMs = Number.NEGATIVE_INFINITY;
  let attemptedAtMs = Number.NEGATIVE_INFINITY;
  let failure: { readonly error: unknown } | undefined;
  let underWay: Promise<void> | undefined;

  function refresh(): Promise<void> {
    underWay ??= attempt().finally(() => {
      attemptedAtMs = options.clock();
      underWay = undefined;
    });
    return underWay;
  }

  // Never rejects: the outcome is in `keys` and `failure`.
  async function attempt(): Promise<void> {
    try {
      const fetched = await fetchJwks(options.url, {
        fetch: options.fetch,
        timeoutMs: options.timeoutMs,
        maxBytes: JWKS_LIMITS.maxBytes,
        signal: closing.signal,
      });
      const removed = removedKids(keys, fetched);
      keys = fetched;
      fetchedAtMs = options.clock();
      failure = undefined;
      if (removed.length > 0) options.onKeysRemoved(removed);
    } catch (error) {
      failure = { error };
      if (!closing.signal.aborted) options.onFetchFailed(error);
    }
  }

  function find(kid: string): VerificationKey | undefined {
    const nowMs = options.clock();
    const ageSeconds = (nowMs - fetchedAtMs) / 1_000;
    const mayFetch =
      !closing.signal.aborted && nowMs - attemptedAtMs >= JWKS_LIMITS.cooldownSeconds * 1_000;
    const isFresh = ageSeconds < JWKS_LIMITS.maxAgeSeconds;
    // Known from a recent attempt, so that requests need not each wait for the next one to fail.
    const isOutage =
      failure !== undefined && nowMs - attemptedAtMs < JWKS_LIMITS.outageMemorySeconds * 1_000;
    const isUsable = isFresh || (isOutage && ageSeconds < JWKS_LIMITS.maxStaleSeconds);
    if (keys === undefined || !isUsable) {
      if (mayFetch) return undefined;
      throw keysUnavailable(failure?.error);
    }
    if (mayFetch && ageSeconds >= JWKS_LIMITS.maxAgeSeconds * JWKS_LIMITS.refreshAtFraction) {
      void refresh();
    }
    const key = keys.get(kid);
    if (key !== undefined) return key;
    if (mayFetch) return undefined;
    // During an outage nobody can say whether the issuer has published this key.
    throw failure === undefined ? keyUnknown() : keysUnavailable(failure.error);
  }

  async function load(kid: string): Promise<VerificationKey> {
    const known = find(kid);
    if (known !== undefined) return known;
    await refresh();
    const loaded = find(kid);
    if (loaded === undefined) throw keyUnknown();
    return loaded;
  }

  return {
    find,
    load,
    ready: async () => {
      const isFresh = options.clock() - fetchedAtMs < JWKS_LIMITS.maxAgeSeconds * 1_000;
      if (!isFresh) await refresh();
      if (keys === undefined) throw keysUnavailable(failure?.error);
    },
    close: () => closing.abort(),
  };
}

function removedKids(
  before: ReadonlyMap<string, VerificationKey> | undefined,
  after: ReadonlyMap<string, VerificationKey>,
): string[] {
  return [...(before?.values() ?? [])]
    .filter(({ kid, key }) => after.get(kid)?.key.equals(key) !== true)
    .map(({ kid }) => kid);
}
