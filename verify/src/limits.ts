/** The key set behind a JWKS URL. The rules of `keys/remote-keys.ts` say how each is used. */
export const JWKS_LIMITS = {
  maxAgeSeconds: 300,
  maxStaleSeconds: 3_600,
  cooldownSeconds: 5,
  retrySeconds: 1,
  outageMemorySeconds: 30,
  refreshAtFraction: 0.8,
  /** A set of 64 keys has about 10 kB. */
  maxBytes: 65_536,
  timeoutMs: 5_000,
  maxTimeoutMs: 30_000,
} as const;

/** Verified tokens that one verifier keeps. An entry takes about 2 kB. */
export const CACHE_LIMITS = { defaultEntries: 10_000, maxEntries: 10_000_000 } as const;

/**
 * The revocation feed. A revocation takes effect within 5 seconds, even when the connection was cut
 * just before without an end: the silence and one reconnection. See docs/adr/0062.
 */
export const FEED_LIMITS = {
  /** Three heartbeats of an issuer with its default interval. */
  silenceMs: 3_000,
  minSilenceMs: 100,
  maxSilenceMs: 300_000,
  firstRetryMs: 100,
  retryMs: 1_000,
  minRetryMs: 10,
  maxRetryMs: 60_000,
  /** About 100 000 entries in one snapshot. */
  maxEventBytes: 16_777_216,
  pruneEverySeconds: 60,
  /** How long the first request of a process waits for the first snapshot. */
  firstSnapshotMs: 5_000,
  /** A disconnected feed misses new revocations. Trust its last state for at most this long. */
  maxLostMs: 60_000,
} as const;

/** Proofs of possession that one process remembers, so that none is used twice. */
export const REPLAY_LIMITS = {
  entries: 100_000,
  minEntries: 100,
  maxEntries: 10_000_000,
  /** One user may take a tenth of the memory, since a page can create any number of keys. */
  minUsersToFill: 10,
} as const;
