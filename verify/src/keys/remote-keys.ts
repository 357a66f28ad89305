/**
 * The keys behind a JWKS URL.
 *
 * Rules:
 *  [JWKS-1] Keys are fresh for `maxAgeSeconds` after their fetch.
 *  [JWKS-2] When a new fetch fails, the old keys serve until they are `maxStaleSeconds` old. Then
 *           verification fails.
 *  [JWKS-3] Fetches are single flight: all callers wait for the same request, except in runtimes where
 *           work ends with the request that started it.
 *  [JWKS-4] A key id that is not in the set causes a fetch, but no two fetches start within
 *           `cooldownSeconds`: an attacker can name any key id. Without a usable set every request fails,
 *           and only the issuer can cause that: then `retrySeconds` after a failed one.
 *  [JWKS-5] Keys that are no longer published, or whose value changed, are reported at once.
 *  [JWKS-6] After `refreshAtFraction` of the age the next use starts a fetch in the background, so
 *           no request waits while the issuer is up. A runtime without shared fetches has no background
 *           either: there a request waits once in `maxAgeSeconds`.
 *  [JWKS-7] An age is the longer one of two: the wall clock may be set back, and the monotonic clock of a
 *           suspended machine stands still.
 *  [JWKS-8] A removal of a key of the set, heard from the issuer, permits one fetch within the cooldown, for
 *           the key that signs in its place. Only the issuer can cause it, and once for each key.
 */
import type { Clock } from "@breezeway/shared";
import { JWKS_LIMITS } from "../limits.ts";
import { fetchJwks, type Fetch } from "./fetch-jwks.ts";
import { createFlights } from "./flights.ts";
import { keyUnknown, keysUnavailable, type KeySource } from "./key-source.ts";
import type { VerificationKey } from "./verification-key.ts";

export interface RemoteKeysOptions {
  readonly url: string;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Whether the issuer told of the removal of a key. */
  readonly isKeyRemoved: (kid: string) => boolean;
  readonly onKeysRemoved: (kids: readonly string[]) => void;
  readonly onFetchFailed: (error: unknown) => void;
}

/** A moment on both clocks. */
interface Moment {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

const NEVER: Moment = {
  wallMs: Number.NEGATIVE_INFINITY,
  monotonicMs: Number.NEGATIVE_INFINITY,
};

interface KeysState {
  keys: ReadonlyMap<string, VerificationKey> | undefined;
  fetchedAt: Moment;
  /** When the last fetch ended, successful or not. */
  attemptedAt: Moment;
  /** The error of the last fetch, `undefined` when it succeeded. */
  failure: { readonly error: unknown } | undefined;
  /** Removed keys of the set that the last fetch was for, or came after. */
  removalsSeen: ReadonlySet<string>;
}

export function createRemoteKeys(options: RemoteKeysOptions): KeySource {
  const { clock } = options;
  const flights = createFlights();
  const state: KeysState = {
    keys: undefined,
    fetchedAt: NEVER,
    attemptedAt: NEVER,
    failure: undefined,
    removalsSeen: new Set(),
  };

  const removedKeys = (): string[] => [...(state.keys?.keys() ?? [])].filter(options.isKeyRemoved);
  // [JWKS-8]
  const isOutdated = (): boolean => removedKeys().some((kid) => !state.removalsSeen.has(kid));

  const moment = (): Moment => ({ wallMs: clock.now(), monotonicMs: clock.monotonic() });
  // The wall clock may be set back, and the monotonic clock of a suspended machine stands still.
  const sinceMs = ({ wallMs, monotonicMs }: Moment): number =>
    Math.max(clock.now() - wallMs, clock.monotonic() - monotonicMs);

  // Never rejects: the outcome is in the state.
  async function attempt(signal: AbortSignal): Promise<void> {
    // The answer may be from before a removal that is heard meanwhile.
    const inUse = [...(state.keys?.keys() ?? [])].filter((kid) => !options.isKeyRemoved(kid));
    try {
      const fetched = await fetchJwks(options.url, {
        fetch: options.fetch,
        timeoutMs: options.timeoutMs,
        maxBytes: JWKS_LIMITS.maxBytes,
        signal,
      });
      const removed = removedKids(state.keys, fetched);
      state.keys = fetched;
      state.fetchedAt = moment();
      state.failure = undefined;
      if (removed.length > 0) options.onKeysRemoved(removed);
    } catch (error) {
      state.failure = { error };
      if (!signal.aborted) options.onFetchFailed(error);
    } finally {
      state.attemptedAt = moment();
      state.removalsSeen = new Set(removedKeys().filter((kid) => !inUse.includes(kid)));
    }
  }

  const refresh = (): Promise<void> => flights.run(attempt);

  function find(kid: string): VerificationKey | undefined {
    const { keys, failure } = state;
    const ageSeconds = sinceMs(state.fetchedAt) / 1_000;
    const attemptedBeforeMs = sinceMs(state.attemptedAt);
    const isFresh = ageSeconds < JWKS_LIMITS.maxAgeSeconds;
    // A recent failure counts as an outage, so that each request need not wait for another one.
    const isOutage =
      failure !== undefined && attemptedBeforeMs < JWKS_LIMITS.outageMemorySeconds * 1_000;
    const isUsable =
      keys !== undefined && (isFresh || (isOutage && ageSeconds < JWKS_LIMITS.maxStaleSeconds));
    const { retrySeconds, cooldownSeconds } = JWKS_LIMITS;
    const restSeconds = failure !== undefined && !isUsable ? retrySeconds : cooldownSeconds;
    const mayFetch = !flights.isClosed && attemptedBeforeMs >= restSeconds * 1_000;
    if (!isUsable) {
      if (mayFetch) return undefined;
      throw keysUnavailable(failure?.error);
    }
    const isAging = ageSeconds >= JWKS_LIMITS.maxAgeSeconds * JWKS_LIMITS.refreshAtFraction;
    if (mayFetch && isAging && flights.areShared) void refresh();
    const key = keys.get(kid);
    if (key !== undefined) return key;
    if (mayFetch || (!flights.isClosed && isOutdated())) return undefined;
    // During an outage the issuer may have published this key without our knowing.
    throw failure === undefined ? keyUnknown() : keysUnavailable(failure.error);
  }

  return {
    find,
    load: async (kid) => {
      const known = find(kid);
      if (known !== undefined) return known;
      await refresh();
      const loaded = find(kid);
      if (loaded === undefined) throw keyUnknown();
      return loaded;
    },
    ready: async () => {
      const isFresh = sinceMs(state.fetchedAt) < JWKS_LIMITS.maxAgeSeconds * 1_000;
      if (!isFresh) await refresh();
      if (state.keys === undefined) throw keysUnavailable(state.failure?.error);
    },
    close: () => flights.close(),
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
