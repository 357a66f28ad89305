/**
 * Whether this process may vouch for its feed of revocations: it has read the change log lately, and
 * nothing of it is missing. A process that goes on beating while it reads nothing would keep its
 * readers from another one that hears (docs/adr/0068).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { BridgeError } from "@breezeway/shared";
import type { ChangeWatcher } from "./change-watcher.ts";
import type { RevocationFeed } from "./revocation-feed.ts";

export interface FeedLiveness {
  /** Whatever was committed more than {@link MAX_UNREAD_MS} ago is in the feed. */
  readonly isLive: boolean;
  /** Reads the log, unless it was read just now. @throws {BridgeError} STORE_UNAVAILABLE */
  refresh(): Promise<void>;
}

/** Some reads may be slow or lost. With a beat a second, readers are let go within 3 s. */
export const MAX_UNREAD_MS = 2_000;

/** A database that is silent, rather than away, must not hold readers that another process can serve. */
const MAX_WAIT_MS = 1_000;

export function createFeedLiveness(
  watcher: Pick<ChangeWatcher, "ageMs" | "isFresh" | "sync">,
  feed: Pick<RevocationFeed, "isComplete">,
): FeedLiveness {
  return {
    get isLive() {
      return feed.isComplete && watcher.ageMs < MAX_UNREAD_MS;
    },
    async refresh() {
      if (watcher.isFresh()) return;
      const answered = new AbortController();
      const { signal } = answered;
      // Called off, it rejects when nobody waits for it any more.
      const late = sleep(MAX_WAIT_MS, undefined, { ref: false, signal }).then(() => {
        throw new BridgeError("STORE_UNAVAILABLE", "The session store does not answer.");
      });
      try {
        await Promise.race([watcher.sync(), late]);
      } finally {
        answered.abort();
      }
    },
  };
}
