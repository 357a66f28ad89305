/**
 * Follows the issuer's revocation feed.
 *
 * Rules:
 *  [REV-1] Before the first snapshot nothing is known to be revoked; `status.state` is `connecting`.
 *  [REV-2] A lost connection is opened again with `Last-Event-ID`, soon at first and then every
 *          `maxRetryMs`. Known revocations stay in force meanwhile.
 *  [REV-3] A snapshot replaces the known revocations. The issuer sends one when it cannot resume.
 *  [REV-4] A connection without any data for `maxSilenceMs` counts as lost.
 *  [REV-5] Entries that no unexpired token can match are dropped. Memory thus follows the rate of
 *          revocations, not their total number.
 *  [REV-6] Listeners receive each entry once.
 *  [REV-7] An entry that this version does not understand is reported and skipped. Later entries
 *          still apply.
 *  [REV-8] A snapshot with a lower number is of another log: the issuer's database was restored. Times
 *          decide about the tokens from before, since their numbers are those of the old log.
 */
import { BridgeError, systemClock, TOKEN_LIMITS, type Clock } from "@breezeway/shared";
import {
  parseJsonWith,
  parseWith,
  revocationSchema,
  type ParseContext,
  type Revocation,
  type SessionClaims,
} from "@breezeway/shared/schemas";
import type { EventSourceMessage } from "eventsource-parser";
import * as z from "zod/mini";
import { FEED_LIMITS } from "../limits.ts";
import { endsWorkWithRequest, streamsEnd } from "../options/runtime.ts";
import type { VerifyTestHooks } from "../options/test-hooks.ts";
import { readEventStream } from "./event-stream.ts";
import { parseFeedOptions, type FeedConfig, type RevocationFeedOptions } from "./feed-options.ts";
import { createRevocationList, type RevocationList } from "./revocation-list.ts";

export type RevocationFeedStatus =
  /** No snapshot has arrived, so nothing is known to be revoked. */
  | { readonly state: "connecting" }
  /** `heardAtMs`: epoch milliseconds of the issuer's last event or heartbeat. */
  | { readonly state: "live" | "lost"; readonly heardAtMs: number; readonly seq: string }
  | { readonly state: "closed" };

export interface RevocationFeed {
  /** Whether a known entry revokes these claims. Synchronous, and cheap enough for each request. */
  isRevoked(claims: SessionClaims): boolean;
  /** Whether the issuer removed this key in an emergency. Synchronous. */
  isKeyRemoved(kid: string): boolean;
  readonly status: RevocationFeedStatus;
  /**
   * Milliseconds since the issuer's last event or heartbeat, or since the start. By the monotonic clock,
   * which stands still while the machine is frozen.
   */
  readonly silentMs: number;
  /**
   * Resolves with the first snapshot.
   *
   * @throws {BridgeError} STORE_UNAVAILABLE, when the feed is closed before
   */
  ready(): Promise<void>;
  /** Calls back with each new entry, for example to end open streams. Returns the unsubscribe. */
  subscribe(listener: (revocation: Revocation) => void): () => void;
  close(): void;
}

const snapshotSchema = z.object({ seq: z.number(), revocations: z.array(z.unknown()) });

const sourceOf = (event: string): ParseContext => ({
  code: "REQUEST_MALFORMED",
  source: `revocation feed, ${event}`,
});

/**
 * Opens the feed at once and keeps it open until `close`.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option
 *
 * @example
 * const feed = createRevocationFeed({ url: `${issuer}/revocations` });
 * const { isRevoked, isKeyRemoved } = feed;
 * const verifier = createSessionVerifier({ issuer, audience, isRevoked, isKeyRemoved });
 */
export function createRevocationFeed(options: RevocationFeedOptions): RevocationFeed {
  return createRevocationFeedForTesting(options, {});
}

/** {@link createRevocationFeed} with parts that a test replaces. */
export function createRevocationFeedForTesting(
  options: RevocationFeedOptions,
  { clock = systemClock() }: VerifyTestHooks,
): RevocationFeed {
  const config = parseFeedOptions(options);
  if (endsWorkWithRequest()) throw streamsEnd("createRevocationFeed");
  const closing = new AbortController();
  const entries = createEntries(config, clock);
  const connection = { isOpen: false, heardAtMs: 0, heardMonotonicMs: clock.monotonic() };
  void follow({ config, clock, signal: closing.signal, entries, connection });
  return {
    isRevoked: (claims) => entries.list.isRevoked(claims),
    isKeyRemoved: (kid) => entries.list.isKeyRemoved(kid),
    get status(): RevocationFeedStatus {
      const { seq } = entries;
      if (closing.signal.aborted) return { state: "closed" };
      if (seq === undefined) return { state: "connecting" };
      const { isOpen, heardAtMs } = connection;
      return { state: isOpen ? "live" : "lost", heardAtMs, seq };
    },
    get silentMs() {
      return clock.monotonic() - connection.heardMonotonicMs;
    },
    ready: () => entries.ready,
    subscribe: entries.subscribe,
    close: () => {
      closing.abort();
      entries.close();
    },
  };
}

/** The known revocations, as the events of the feed build them up. */
interface Entries {
  readonly list: RevocationList;
  /** The last sequence number. `undefined` before the first snapshot. */
  readonly seq: string | undefined;
  readonly ready: Promise<void>;
  /** @throws {BridgeError} REQUEST_MALFORMED, for a malformed snapshot */
  readonly onEvent: (event: EventSourceMessage) => void;
  readonly subscribe: (listener: (revocation: Revocation) => void) => () => void;
  readonly close: () => void;
}

/** The callbacks of {@link RevocationFeed.subscribe}. */
interface Listeners {
  readonly subscribe: Entries["subscribe"];
  /** One that throws does not keep the others from the entry. */
  readonly notify: (revocation: Revocation) => void;
  readonly clear: () => void;
}

function createListeners(attempt: (action: () => void) => void): Listeners {
  const listeners = new Set<(revocation: Revocation) => void>();
  return {
    subscribe: (listener) => {
      // A separate function for each call, so that one listener may subscribe twice.
      const own = (revocation: Revocation): void => listener(revocation);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    notify: (revocation) => {
      for (const listener of listeners) attempt(() => listener(revocation));
    },
    clear: () => listeners.clear(),
  };
}

/** An entry of a snapshot, or the text of an event. @throws {BridgeError} REQUEST_MALFORMED */
function parseEntry(entry: unknown): Revocation {
  const source = sourceOf("revoked");
  return typeof entry === "string"
    ? parseJsonWith(revocationSchema, entry, source)
    : parseWith(revocationSchema, entry, source);
}

function createEntries({ onError, onRegistryChange }: FeedConfig, clock: Clock): Entries {
  const attempt = (action: () => void): void => {
    try {
      action();
    } catch (error) {
      onError(error);
    }
  };
  const listeners = createListeners(attempt);
  const firstSnapshot = Promise.withResolvers<void>();
  // Nobody may ever call `ready`.
  firstSnapshot.promise.catch(() => {});
  let list = createRevocationList({ clock });
  let seq: string | undefined;
  let renumberedAtSeconds: number | undefined;
  let prunedAtMs = clock.monotonic();

  const add = (revocation: Revocation, known: RevocationList): void => {
    const isNew = !known.has(revocation);
    list.add(revocation);
    const nowMs = clock.monotonic();
    if (nowMs - prunedAtMs >= FEED_LIMITS.pruneEverySeconds * 1_000) {
      list.prune();
      prunedAtMs = nowMs;
    }
    if (isNew) listeners.notify(revocation);
  };

  // [REV-7]
  const admit = (entry: unknown, known: RevocationList): void =>
    attempt(() => add(parseEntry(entry), known));

  const replace = (data: string): void => {
    const snapshot = parseJsonWith(snapshotSchema, data, sourceOf("snapshot"));
    const known = list;
    if (seq !== undefined && snapshot.seq < Number(seq)) {
      renumberedAtSeconds = clock.now() / 1_000 + TOKEN_LIMITS.maxClockSkewSeconds;
    }
    list = createRevocationList({ clock, renumberedAtSeconds });
    for (const entry of snapshot.revocations) admit(entry, known);
    seq = String(snapshot.seq);
    firstSnapshot.resolve();
  };

  return {
    get list() {
      return list;
    },
    get seq() {
      return seq;
    },
    ready: firstSnapshot.promise,
    onEvent: ({ event, id, data }) => {
      if (event === "snapshot") replace(data);
      else if (event === "revoked" && seq !== undefined) {
        admit(data, list);
        if (id !== undefined && id !== "") seq = id;
      } else if (event === "registry") attempt(onRegistryChange);
    },
    subscribe: listeners.subscribe,
    close: () => {
      listeners.clear();
      firstSnapshot.reject(
        new BridgeError(
          "STORE_UNAVAILABLE",
          "The revocation feed was closed before its first snapshot.",
        ),
      );
    },
  };
}

interface FollowDeps {
  readonly config: FeedConfig;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly entries: Entries;
  readonly connection: { isOpen: boolean; heardAtMs: number; heardMonotonicMs: number };
}

async function follow(deps: FollowDeps): Promise<void> {
  const { config, clock, signal, entries, connection } = deps;
  let retryMs: number = FEED_LIMITS.firstRetryMs;
  const hear = (): void => {
    connection.heardAtMs = clock.now();
    connection.heardMonotonicMs = clock.monotonic();
  };
  while (!signal.aborted) {
    const { seq } = entries;
    try {
      await readEventStream({
        url: config.url,
        headers: { ...config.headers, ...(seq === undefined ? {} : { "last-event-id": seq }) },
        fetch: config.fetch,
        signal,
        maxSilenceMs: config.maxSilenceMs,
        maxEventBytes: FEED_LIMITS.maxEventBytes,
        onOpen: () => {
          connection.isOpen = true;
          hear();
          config.onRegistryChange();
        },
        onData: () => {
          hear();
          retryMs = FEED_LIMITS.firstRetryMs;
        },
        onEvent: entries.onEvent,
      });
    } catch (error) {
      if (!signal.aborted) config.onError(error);
    }
    connection.isOpen = false;
    // Jitter, so that not all readers reconnect at the same moment when the issuer returns.
    await pause(Math.min(retryMs, config.maxRetryMs) * (0.5 + Math.random() / 2), signal);
    retryMs = Math.min(retryMs * 2, config.maxRetryMs);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = (): void => resolve();
  const timer = setTimeout(end, ms);
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", end);
}
