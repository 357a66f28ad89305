/**
 * {@link Tabs} over BroadcastChannel and Web Locks. Without locks (on plain http other than loopback)
 * every tab does all work itself, with more requests and the same result.
 */
import { isRecord } from "@breezeway/shared";
import type { Unsubscribe } from "@breezeway/shared/channel";
import type { TabMessage, Tabs } from "./tabs.ts";

/** A tab that holds a lock longer than any request takes is stuck. The others continue without it. */
const LOCK_WAIT_MS = 3_000;

/** @param scope Distinguishes hosts of different issuers on one origin. */
export function browserTabs(scope: string): Tabs {
  const nameOf = (what: string): string => `breezeway ${scope} ${what}`;
  const channel = new BroadcastChannel(nameOf("tabs"));
  const listeners = new Set<(message: TabMessage) => void>();
  const duties = new Set<Unsubscribe>();
  let isClosed = false;
  const locks = "locks" in navigator ? navigator.locks : undefined;

  channel.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    if (isTabMessage(data)) for (const listener of listeners) listener(data);
  });

  return {
    post(message) {
      // A response that arrives after `close` may be posted. A closed channel would throw.
      if (isClosed) return;
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a BroadcastChannel has none
      channel.postMessage(message);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async exclusively(name, work) {
      if (locks === undefined) return work();
      const waited = AbortSignal.timeout(LOCK_WAIT_MS);
      let isStarted = false;
      try {
        return await locks.request(nameOf(name), { signal: waited }, () => {
          isStarted = true;
          return work();
        });
      } catch (error) {
        if (isStarted || !waited.aborted) throw error;
        return work();
      }
    },
    lead(duty, start) {
      const stop = locks === undefined ? start() : hold(locks, nameOf(duty), start);
      const release = (): void => {
        duties.delete(release);
        stop();
      };
      duties.add(release);
      return release;
    },
    close() {
      for (const release of duties) release();
      listeners.clear();
      isClosed = true;
      channel.close();
    },
  };
}

/**
 * Holds a lock while the page can do its duty. A page in the back/forward cache cannot: it gives the lock
 * to another tab, and asks for it again when it comes back.
 */
function hold(locks: LockManager, name: string, start: () => Unsubscribe): Unsubscribe {
  const life = new AbortController();
  let turn: AbortController | undefined;

  const request = (): void => {
    turn?.abort();
    const mine = new AbortController();
    turn = mine;
    locks
      .request(name, { signal: mine.signal }, async () => {
        const stop = start();
        await aborted(mine.signal);
        stop();
      })
      // The request rejects when it is aborted while it waits.
      .catch(() => undefined);
  };

  const { signal } = life;
  addEventListener("pagehide", () => turn?.abort(), { signal });
  addEventListener("pageshow", (event) => void (event.persisted && request()), { signal });
  request();
  return () => {
    life.abort();
    turn?.abort();
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function isTabMessage(value: unknown): value is TabMessage {
  if (!isRecord(value)) return false;
  switch (value["type"]) {
    case "ended":
      return typeof value["handle"] === "string";
    case "changed":
    case "installations":
      return true;
    case "grant":
      return (
        typeof value["appId"] === "string" &&
        typeof value["identity"] === "string" &&
        typeof value["token"] === "string" &&
        typeof value["expiresAt"] === "number"
      );
    default:
      return false;
  }
}
