/**
 * Whether this process may send heartbeats on its revocation feed: it has read the change log
 * recently, and no entry is missing. A process that sent heartbeats without reading the log would keep
 * its readers from a process that reads it (docs/adr/0068).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { BridgeError } from "@breezeway/shared";
import type { ChangeWatcher } from "./change-watcher.ts";
import type { RevocationFeed } from "./revocation-feed.ts";

export interface FeedLiveness {
  /** The feed has everything that was committed more than {@link MAX_UNREAD_MS} ago. */
  readonly isLive: boolean;
  /** Reads the log, unless it is fresh. @throws {BridgeError} STORE_UNAVAILABLE */
  readonly refresh: () => Promise<void>;
}

/** Tolerates slow and lost reads. With one heartbeat per second, readers are disconnected within 3 s. */
export const MAX_UNREAD_MS = 2_000;

/** When the database hangs, readers must not wait longer, since another process may serve them. */
const MAX_WAIT_MS = 1_000;

export function createFeedLiveness(
  watcher: Pick<ChangeWatcher, "ageMs" | "isFresh" | "sync">,
  feed: Pick<RevocationFeed, "isComplete">,
): FeedLiveness {
  return {
    get isLive() {
      return feed.isComplete && watcher.ageMs < MAX_UNREAD_MS;
    },
    refresh: async () => {
      if (watcher.isFresh()) return;
      const answered = new AbortController();
      const { signal } = answered;
      // When aborted, this promise rejects after the race has settled.
      const late = sleep(MAX_WAIT_MS, undefined, { ref: false, signal }).then(() => {
        throw new BridgeError(
          "STORE_UNAVAILABLE",
          "The session store does not answer. Retry later.",
        );
      });
      try {
        await Promise.race([watcher.sync(), late]);
      } finally {
        answered.abort();
      }
    },
  };
}
