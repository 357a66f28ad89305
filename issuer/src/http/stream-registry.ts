/** The open event streams of this process. Their number is bounded; they end when the issuer closes. */
import { BridgeError } from "@breezeway/shared";
import { createEventStream, type EventStream } from "./event-stream.ts";

export interface OpenStreamOptions {
  readonly kind: "revocations" | "session";
  /** A session handle or a reader's network. The streams of one owner are bounded, too. */
  readonly owner?: string;
  readonly onHeartbeat?: () => void;
  readonly onClose: () => void;
}

export interface StreamRegistry {
  /** @throws {BridgeError} OVERLOADED, when too many streams are open */
  readonly open: (options: OpenStreamOptions) => EventStream;
  readonly close: () => void;
}

// There are few gateways and services but many pages, and a user has several tabs. The readers of a
// data centre may share an address, but a stranger must not use up all streams from one address.
const MAX_STREAMS = { revocations: 4_096, session: 20_000 } as const;
// A page that misses an event learns of the change with its next token, and there are many pages.
const SESSION_HEARTBEAT_MS = 10_000;
// After a restart, all pages reconnect, each with several requests. Readers of the feed spread by
// themselves, and must reconnect within seconds.
const MIN_RETRY_MS = 1_000;
const SPREAD_MS = { revocations: 0, session: 4_000 } as const;
const MAX_PER_OWNER = { revocations: 256, session: 32 } as const;

/** @param feedHeartbeatMs Time between heartbeats on the revocation feed. */
export function createStreamRegistry(feedHeartbeatMs: number): StreamRegistry {
  const heartbeatMs = { revocations: feedHeartbeatMs, session: SESSION_HEARTBEAT_MS };
  const open = { revocations: new Set<EventStream>(), session: new Set<EventStream>() };
  const perOwner = new Map<string, number>();

  function count(owner: string | undefined, change: 1 | -1): void {
    if (owner === undefined) return;
    const left = (perOwner.get(owner) ?? 0) + change;
    if (left === 0) perOwner.delete(owner);
    else perOwner.set(owner, left);
  }

  return {
    open: ({ kind, owner, onHeartbeat, onClose }) => {
      const streams = open[kind];
      const isOwnerFull = owner !== undefined && (perOwner.get(owner) ?? 0) >= MAX_PER_OWNER[kind];
      if (streams.size >= MAX_STREAMS[kind] || isOwnerFull) {
        throw new BridgeError(
          "OVERLOADED",
          "Too many event streams are open. Close some, or retry later.",
        );
      }
      const stream = createEventStream({
        heartbeatMs: heartbeatMs[kind],
        retryMs: MIN_RETRY_MS + Math.floor(Math.random() * SPREAD_MS[kind]),
        ...(onHeartbeat ? { onHeartbeat } : {}),
        onClose: () => {
          streams.delete(stream);
          count(owner, -1);
          onClose();
        },
      });
      streams.add(stream);
      count(owner, 1);
      return stream;
    },
    close: () => {
      for (const stream of [...open.revocations, ...open.session]) stream.close();
    },
  };
}
