/**
 * What developer tools may see of a channel: kinds, names, times and codes. They never see arguments,
 * results, payloads or state, which contain session tokens.
 */
import type { BridgeError, Frame } from "@breezeway/shared";
import type { AppVersion } from "@breezeway/shared/schemas";
import type { Clock } from "@breezeway/shared/channel";
import type { TapEvent } from "../host-types.ts";

export interface FrameTap {
  readonly frame: (direction: "in" | "out", frame: Frame) => void;
  readonly violation: (error: BridgeError) => void;
}

export interface FrameTapDeps {
  readonly appId: string;
  /** The version of the page that the frame shows. */
  readonly version: AppVersion;
  readonly mountId: string;
  readonly clock: Clock;
  /** While it is empty, nothing is recorded. */
  readonly listeners: ReadonlySet<(event: TapEvent) => void>;
  /** Receives what a listener throws. A broken tool must not stop calls from being answered. */
  readonly report: (error: unknown) => void;
}

type TapInput = Pick<TapEvent, "direction" | "kind"> & Partial<TapEvent>;

/** Calls without an answer that are remembered. Bounded, because a guest can abort calls silently. */
const MAX_OPEN_CALLS = 2_048;

export function createFrameTap(deps: FrameTapDeps): FrameTap {
  const { appId, version, mountId, clock, listeners, report } = deps;
  const read = createFrameReader(clock);

  const emit = (input: TapInput): void => {
    const event: TapEvent = {
      name: undefined,
      callId: undefined,
      latencyMs: undefined,
      code: undefined,
      ...input,
      appId,
      version: version.version,
      channel: version.channel,
      mountId,
      atMs: clock.now(),
    };
    for (const listener of listeners) {
      try {
        listener(event);
      } catch (error) {
        report(error);
      }
    }
  };

  return {
    frame(direction, frame) {
      if (listeners.size === 0) read.forget();
      else emit({ direction, kind: frame[0], ...read.frame(direction, frame) });
    },
    violation(error) {
      if (listeners.size === 0) return;
      emit({ direction: "in", kind: "refused-message", code: error.code });
    },
  };
}

interface FrameReader {
  /** What a frame says besides its direction and kind. */
  frame(direction: "in" | "out", frame: Frame): Partial<TapEvent>;
  forget(): void;
}

/** Remembers open calls, so that an answer gets its call's name and its latency. */
function createFrameReader(clock: Clock): FrameReader {
  const startedAt = new Map<string, { readonly at: number; readonly name: string }>();

  return {
    forget: () => startedAt.clear(),
    frame(direction, frame) {
      switch (frame[0]) {
        case "call": {
          const [, callId, name] = frame;
          if (startedAt.size < MAX_OPEN_CALLS) {
            startedAt.set(`${direction}${callId}`, { at: clock.monotonic(), name });
          }
          return { callId, name };
        }
        case "result":
        case "error": {
          const callId = frame[1];
          const key = `${direction === "in" ? "out" : "in"}${callId}`;
          const call = startedAt.get(key);
          startedAt.delete(key);
          return {
            callId,
            name: call?.name,
            latencyMs: call && clock.monotonic() - call.at,
            code: frame[0] === "error" ? frame[2].code : undefined,
          };
        }
        case "abort":
          startedAt.delete(`${direction}${frame[1]}`);
          return { callId: frame[1] };
        case "refused":
          return { name: frame[1], code: frame[2].code };
        case "event":
        case "subscribe":
        case "unsubscribe":
        case "state":
          return { name: frame[1] };
        case "close":
          return {};
      }
    },
  };
}
