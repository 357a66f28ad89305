/**
 * The open event streams of this process. They end when the issuer closes.
 *
 * [ES-1] Their number is bounded: all together, and those of one session, user and address.
 * [ES-2] The last places are for holders of few streams, so that nobody else can take them all.
 */
import { BridgeError } from "@breezeway/shared";
import { STREAM_LIMITS, type StreamKind, type StreamShare } from "../limits.ts";
import { createEventStream, type EventStream } from "./event-stream.ts";

export interface OpenStreamOptions {
  readonly kind: StreamKind;
  /** On whose account the stream is. A share without a holder is not bounded. */
  readonly holders: Readonly<Partial<Record<StreamShare, string | undefined>>>;
  readonly onHeartbeat?: () => void;
}

export interface StreamRegistry {
  /** @throws {BridgeError} OVERLOADED, when too many streams are open */
  readonly open: (options: OpenStreamOptions) => EventStream;
  readonly close: () => void;
}

// A page that misses an event learns of the change with its next token, and there are many pages.
const SESSION_HEARTBEAT_MS = 10_000;
// After a restart, all pages reconnect, each with several requests. Readers of the feed spread by
// themselves, and must reconnect within seconds.
const MIN_RETRY_MS = 1_000;
const SPREAD_MS = { revocations: 0, session: 4_000 } as const;

const SHARES = ["session", "user", "address"] as const;

/** The places of one kind of stream. */
class Places {
  readonly #limits: (typeof STREAM_LIMITS)[StreamKind];
  readonly #held = new Map<string, number>();
  #taken = 0;

  constructor(kind: StreamKind) {
    this.#limits = STREAM_LIMITS[kind];
  }

  /**
   * Takes a place.
   *
   * @returns a function that gives it back
   * @throws {BridgeError} OVERLOADED
   */
  enter(holders: OpenStreamOptions["holders"]): () => void {
    const { total, reserve, per } = this.#limits;
    const accounts = SHARES.flatMap((share) => {
      const holder = holders[share];
      const bound = per[share];
      if (holder === undefined || bound === undefined) return [];
      const name = `${share} ${holder}`;
      return [{ name, held: this.#held.get(name) ?? 0, bound }];
    });
    const isReserved = this.#taken >= total - reserve;
    const mayEnter =
      this.#taken < total &&
      accounts.every(({ held, bound }) => held < (isReserved ? bound.few : bound.most));
    if (!mayEnter) {
      throw new BridgeError(
        "OVERLOADED",
        "Too many event streams are open. Close some, or retry later.",
      );
    }
    const change = (by: 1 | -1): void => {
      this.#taken += by;
      for (const { name } of accounts) {
        const held = (this.#held.get(name) ?? 0) + by;
        if (held === 0) this.#held.delete(name);
        else this.#held.set(name, held);
      }
    };
    change(1);
    return () => change(-1);
  }
}

/** @param feedHeartbeatMs Time between heartbeats on the revocation feed. */
export function createStreamRegistry(feedHeartbeatMs: number): StreamRegistry {
  const heartbeatMs = { revocations: feedHeartbeatMs, session: SESSION_HEARTBEAT_MS };
  const places = { revocations: new Places("revocations"), session: new Places("session") };
  const open = new Set<EventStream>();
  return {
    open: ({ kind, holders, onHeartbeat }) => {
      const leave = places[kind].enter(holders);
      const stream = createEventStream({
        heartbeatMs: heartbeatMs[kind],
        retryMs: MIN_RETRY_MS + Math.floor(Math.random() * SPREAD_MS[kind]),
        ...(onHeartbeat ? { onHeartbeat } : {}),
      });
      open.add(stream);
      stream.onEnd(() => {
        open.delete(stream);
        leave();
      });
      return stream;
    },
    close: () => {
      for (const stream of [...open]) stream.close();
    },
  };
}
