/**
 * Follows the issuer's revocation feed.
 *
 * Rules:
 *  [REV-1] Nothing is known before the first snapshot; `status.state` says so.
 *  [REV-2] A lost connection is opened again with `Last-Event-ID`, soon at first, then every
 *          `maxRetryMs`; what was known stays in force meanwhile.
 *  [REV-3] A snapshot replaces what was known. The issuer sends one whenever it cannot resume.
 *  [REV-4] A server that says nothing for `maxSilenceMs` is taken for gone.
 *  [REV-5] Entries that no living token can match are dropped, so memory follows the rate of
 *          revocations and not their number.
 *  [REV-6] Listeners hear of each entry once.
 *  [REV-7] An entry that this version does not understand is reported and passed over: the ones
 *          after it count.
 */
import { BridgeError } from "@breezeway/shared";
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
import { readEventStream } from "./event-stream.ts";
import { parseFeedOptions, type RevocationFeedOptions } from "./feed-options.ts";
import { createRevocationList, type RevocationList } from "./revocation-list.ts";

export type RevocationFeedStatus =
  /** No snapshot yet: nothing is known to be revoked. */
  | { readonly state: "connecting" }
  /** `heardAtMs`: epoch milliseconds of the last sign of life of the issuer. */
  | { readonly state: "live" | "lost"; readonly heardAtMs: number; readonly seq: string }
  | { readonly state: "closed" };

export interface RevocationFeed {
  /** By what is known now. Synchronous, and cheap enough for each request. */
  isRevoked(claims: SessionClaims): boolean;
  /** Whether the issuer has said that it removed this key in an emergency. Synchronous. */
  isKeyRemoved(kid: string): boolean;
  readonly status: RevocationFeedStatus;
  /** Settles with the first snapshot. @throws {BridgeError} STORE_UNAVAILABLE when closed before */
  ready(): Promise<void>;
  /** Calls back with each new entry, such as to end streams that are open. Returns the unsubscribe. */
  subscribe(listener: (revocation: Revocation) => void): () => void;
  close(): void;
}

const FIRST_RETRY_MS = 100;
// About 100 000 entries in one snapshot.
const MAX_EVENT_BYTES = 16 * 1024 * 1024;
const PRUNE_EVERY_SECONDS = 60;

const snapshotSchema = z.object({ seq: z.number(), revocations: z.array(z.unknown()) });

const sourceOf = (event: string): ParseContext => ({
  code: "REQUEST_MALFORMED",
  source: `revocation feed, ${event}`,
});

/**
 * Opens the feed at once and keeps it open until `close`.
 *
 * @example
 * const feed = createRevocationFeed({ url: `${issuer}/revocations` });
 * const { isRevoked, isKeyRemoved } = feed;
 * const verifier = createSessionVerifier({ issuer, audience, isRevoked, isKeyRemoved });
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option
 */
export function createRevocationFeed(options: RevocationFeedOptions): RevocationFeed {
  const config = parseFeedOptions(options);
  const closing = new AbortController();
  const listeners = new Set<(revocation: Revocation) => void>();
  const firstSnapshot = Promise.withResolvers<void>();
  // `ready` may never be called.
  firstSnapshot.promise.catch(() => {});

  let list: RevocationList = createRevocationList();
  let seq: string | undefined;
  let isConnected = false;
  let heardAtMs = 0;
  let prunedAtSeconds = 0;
  let retryMs = FIRST_RETRY_MS;

  function onEvent({ event, id, data }: EventSourceMessage): void {
    if (event === "snapshot") {
      const snapshot = parseJsonWith(snapshotSchema, data, sourceOf(event));
      const known = list;
      list = createRevocationList();
      for (const entry of snapshot.revocations) admit(entry, known);
      seq = String(snapshot.seq);
      firstSnapshot.resolve();
    } else if (event === "revoked" && seq !== undefined) {
      admit(data, list);
      if (id !== undefined && id !== "") seq = id;
    }
  }

  // [REV-7]
  function admit(entry: unknown, known: RevocationList): void {
    try {
      const source = sourceOf("revoked");
      add(
        typeof entry === "string"
          ? parseJsonWith(revocationSchema, entry, source)
          : parseWith(revocationSchema, entry, source),
        known,
      );
    } catch (error) {
      config.onError(error);
    }
  }

  function add(revocation: Revocation, known: RevocationList): void {
    const isNew = !known.has(revocation);
    list.add(revocation);
    const nowSeconds = config.clock() / 1_000;
    if (nowSeconds - prunedAtSeconds >= PRUNE_EVERY_SECONDS) {
      list.prune(nowSeconds);
      prunedAtSeconds = nowSeconds;
    }
    if (!isNew) return;
    for (const listener of listeners) tell(listener, revocation);
  }

  function tell(listener: (revocation: Revocation) => void, revocation: Revocation): void {
    try {
      listener(revocation);
    } catch (error) {
      config.onError(error);
    }
  }

  async function follow(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        await readEventStream({
          url: config.url,
          headers: { ...config.headers, ...(seq === undefined ? {} : { "last-event-id": seq }) },
          fetch: config.fetch,
          signal: closing.signal,
          maxSilenceMs: config.maxSilenceMs,
          maxEventBytes: MAX_EVENT_BYTES,
          onOpen: () => {
            isConnected = true;
            heardAtMs = config.clock();
          },
          onHeard: () => {
            heardAtMs = config.clock();
            retryMs = FIRST_RETRY_MS;
          },
          onEvent,
        });
      } catch (error) {
        if (!closing.signal.aborted) config.onError(error);
      }
      isConnected = false;
      // Spread, so that an issuer that comes back is not met by all its followers at once.
      await pause(Math.min(retryMs, config.maxRetryMs) * (0.5 + Math.random() / 2), closing.signal);
      retryMs = Math.min(retryMs * 2, config.maxRetryMs);
    }
  }

  void follow();

  return {
    isRevoked: (claims) => list.isRevoked(claims),
    isKeyRemoved: (kid) => list.isKeyRemoved(kid),
    get status(): RevocationFeedStatus {
      if (closing.signal.aborted) return { state: "closed" };
      if (seq === undefined) return { state: "connecting" };
      return { state: isConnected ? "live" : "lost", heardAtMs, seq };
    },
    ready: () => firstSnapshot.promise,
    subscribe: (listener) => {
      // A listener of its own for each call, so that one function may subscribe twice.
      const own = (revocation: Revocation): void => listener(revocation);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    close: () => {
      closing.abort();
      listeners.clear();
      firstSnapshot.reject(
        new BridgeError("STORE_UNAVAILABLE", "The revocation feed was closed before it was there."),
      );
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}
