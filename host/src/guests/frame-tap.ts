/**
 * What a tool may see of a channel: kinds, names, times and codes. Never arguments, results,
 * payloads or state, since a session token is among them.
 */
import type { BridgeError, Frame } from "@breezeway/shared";
import type { Clock } from "@breezeway/shared/channel";
import type { TapEvent } from "../host-types.ts";

export interface FrameTap {
  readonly frame: (direction: "in" | "out", frame: Frame) => void;
  readonly violation: (error: BridgeError) => void;
}

export interface FrameTapOptions {
  readonly appId: string;
  readonly mountId: string;
  readonly clock: Clock;
  readonly listeners: () => Iterable<(event: TapEvent) => void>;
  /** Nobody listens: nothing is remembered. */
  readonly isIdle: () => boolean;
  /** What a listener throws. A broken tool must not keep a call from being sent, answered or timed out. */
  readonly report: (error: unknown) => void;
}

// Calls of which the answer was not seen yet. Bounded, because a guest can abort in silence.
const MAX_OPEN_CALLS = 2_048;

export function createFrameTap({
  appId,
  mountId,
  clock,
  listeners,
  isIdle,
  report,
}: FrameTapOptions): FrameTap {
  const startedAt = new Map<string, { readonly at: number; readonly name: string }>();

  const emit = (event: Pick<TapEvent, "direction" | "kind"> & Partial<TapEvent>): void => {
    const full: TapEvent = {
      name: undefined,
      callId: undefined,
      latencyMs: undefined,
      code: undefined,
      ...event,
      appId,
      mountId,
      atMs: clock.now(),
    };
    for (const listener of listeners()) {
      try {
        listener(full);
      } catch (error) {
        report(error);
      }
    }
  };

  return {
    frame(direction, frame) {
      if (isIdle()) {
        startedAt.clear();
        return;
      }
      const [kind] = frame;
      switch (kind) {
        case "call": {
          const [, callId, name] = frame;
          if (startedAt.size < MAX_OPEN_CALLS) {
            startedAt.set(`${direction}${callId}`, { at: clock.monotonic(), name });
          }
          return emit({ direction, kind, callId, name });
        }
        case "result":
        case "error": {
          const callId = frame[1];
          const key = `${direction === "in" ? "out" : "in"}${callId}`;
          const call = startedAt.get(key);
          startedAt.delete(key);
          return emit({
            direction,
            kind,
            callId,
            name: call?.name,
            latencyMs: call && clock.monotonic() - call.at,
            code: kind === "error" ? frame[2].code : undefined,
          });
        }
        case "abort":
          startedAt.delete(`${direction}${frame[1]}`);
          return emit({ direction, kind, callId: frame[1] });
        case "refused":
          return emit({ direction, kind, name: frame[1], code: frame[2].code });
        case "event":
        case "subscribe":
        case "unsubscribe":
        case "state":
          return emit({ direction, kind, name: frame[1] });
        case "close":
          return emit({ direction, kind });
      }
    },
    violation(error) {
      if (!isIdle()) emit({ direction: "in", kind: "refused-message", code: error.code });
    },
  };
}
