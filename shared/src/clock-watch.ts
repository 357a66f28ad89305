/**
 * Notices when the wall clock is set: it and the monotonic clock advance alike, otherwise. A machine that
 * wakes up looks the same, since its monotonic clock stood still.
 */
import type { Clock } from "./clock.ts";
import { BridgeError } from "./errors/bridge-error.ts";

export interface ClockWatch {
  /** Compares the clocks. Call it every few seconds. */
  readonly check: () => void;
  /** Whether the clock jumped within the life of the longest token. */
  readonly hasJumped: boolean;
}

export interface ClockWatchDeps {
  readonly clock: Pick<Clock, "now" | "monotonic">;
  /** Gets an error for logs that says by how much the clock jumped, and what to do. */
  readonly onJump: (jump: BridgeError) => void;
}

/** Half of the skew that verifiers tolerate. A clock that is slewed stays far below it. */
const MAX_DRIFT_MS = 2_500;
/** The life of the longest token. */
const REMEMBERED_MS = 300_000;

export function createClockWatch({ clock, onJump }: ClockWatchDeps): ClockWatch {
  const offset = (): number => clock.now() - clock.monotonic();
  let lastOffset = offset();
  let jumpedAtMs = Number.NEGATIVE_INFINITY;

  return {
    check: () => {
      const jumpMs = offset() - lastOffset;
      lastOffset += jumpMs;
      if (Math.abs(jumpMs) < MAX_DRIFT_MS) return;
      jumpedAtMs = clock.monotonic();
      const direction = jumpMs > 0 ? "forward" : "back";
      const seconds = Math.round(Math.abs(jumpMs) / 1_000);
      onJump(
        new BridgeError(
          "INTERNAL_ERROR",
          `The system clock went ${direction} by ${seconds} s: it was set, or the machine slept. Tokens ` +
            "and sessions are judged by this clock. Check that it is synchronised.",
        ),
      );
    },
    get hasJumped() {
      return clock.monotonic() - jumpedAtMs < REMEMBERED_MS;
    },
  };
}
