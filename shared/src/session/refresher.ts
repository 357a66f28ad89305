/** Reads something again whenever there may be news: one read at a time, and with backoff after a failure. */
import type { Clock } from "../clock.ts";

export interface Refresher {
  /** There may be news: reads now, or once more after the running read. */
  readonly refresh: () => void;
  /** Reads after this time, instead of at the time that was planned. */
  readonly refreshIn: (ms: number) => void;
  readonly stop: () => void;
}

export interface RefresherDeps {
  /** A result that arrives after `stop` is the reader's to ignore: see the signal. */
  readonly read: (signal: AbortSignal) => Promise<void>;
  /** Called for each failed read, unless it was stopped. */
  readonly onFailed: (error: unknown) => void;
  readonly clock: Pick<Clock, "setTimer" | "clearTimer">;
  /** Returns 0 ≤ x < 1. Spreads the attempts of many that lost the same server. */
  readonly random: () => number;
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
}

export function createRefresher(deps: RefresherDeps): Refresher {
  const { read, onFailed, clock, random, firstRetryMs, maxRetryMs } = deps;
  const stopping = new AbortController();
  const { signal } = stopping;
  let retryMs = firstRetryMs;
  let isReading = false;
  let isDue = false;
  let timer: unknown;

  function refreshIn(ms: number): void {
    clock.clearTimer(timer);
    if (!signal.aborted) timer = clock.setTimer(refresh, ms);
  }

  async function readOnce(): Promise<void> {
    try {
      await read(signal);
      retryMs = firstRetryMs;
    } catch (error) {
      if (signal.aborted) return;
      onFailed(error);
      refreshIn(retryMs * (0.5 + random() / 2));
      retryMs = Math.min(2 * retryMs, maxRetryMs);
    }
  }

  function refresh(): void {
    isDue = true;
    if (isReading || signal.aborted) return;
    clock.clearTimer(timer);
    isDue = false;
    isReading = true;
    void readOnce().finally(() => {
      isReading = false;
      if (isDue) refresh();
    });
  }

  return {
    refresh,
    refreshIn,
    stop: () => {
      stopping.abort();
      clock.clearTimer(timer);
    },
  };
}
