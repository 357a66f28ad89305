/** Asks the revocation feed, opened on first use, and refuses while the feed is not reliable. */
import { BridgeError, type Clock } from "@breezeway/shared";
import { keyUnknown } from "../keys/key-source.ts";
import { FEED_LIMITS } from "../limits.ts";
import { endpointOf } from "../options/checks.ts";
import {
  createRevocationFeedForTesting,
  type RevocationFeed,
} from "../revocation/revocation-feed.ts";
import type { VerifiedSession } from "../verifier/verified-session.ts";
import type { SessionOptions } from "./session-options.ts";

export interface RevocationCheck {
  /** @throws {BridgeError} SESSION_REVOKED, KEY_UNKNOWN, STORE_UNAVAILABLE */
  check(session: VerifiedSession): Promise<void>;
  close(): void;
}

export function createRevocationCheck(options: SessionOptions, clock: Clock): RevocationCheck {
  const own = new Map<string, RevocationFeed>();
  let isClosed = false;

  function feedOf(issuer: string): RevocationFeed {
    if (options.revocationFeed) return options.revocationFeed;
    if (isClosed) throw unavailable();
    const existing = own.get(issuer);
    if (existing) return existing;
    const created = openFeed(issuer, options, clock);
    own.set(issuer, created);
    return created;
  }

  // A live feed is heard every few seconds. One that was not has been frozen together with its timers,
  // as functions are between two calls.
  function isReliable({ status, silentMs }: RevocationFeed): boolean {
    if (status.state !== "live" && status.state !== "lost") return false;
    // The wall clock may be set back, and the monotonic one stands still in a frozen machine.
    const isOld = [clock.now() - status.heardAtMs, silentMs].some(
      (ms) => ms > FEED_LIMITS.maxLostMs,
    );
    return !isOld;
  }

  return {
    check: async ({ claims, keyId }) => {
      // The session is verified, so this is an issuer that the verifier trusts.
      const feed = feedOf(claims.iss);
      if (feed.status.state === "connecting")
        await within(FEED_LIMITS.firstSnapshotMs, feed.ready());
      if (!isReliable(feed)) throw unavailable();
      if (feed.isKeyRemoved(keyId)) throw keyUnknown();
      if (feed.isRevoked(claims)) {
        throw new BridgeError("SESSION_REVOKED", "The session was revoked.");
      }
    },
    close: () => {
      isClosed = true;
      for (const feed of own.values()) feed.close();
    },
  };
}

function openFeed(
  issuer: string,
  { fetch, unsafeAllowHttp }: SessionOptions,
  clock: Clock,
): RevocationFeed {
  const url = endpointOf(issuer, "revocations");
  return createRevocationFeedForTesting(
    {
      url,
      ...(fetch !== undefined && { fetch }),
      ...(unsafeAllowHttp !== undefined && { unsafeAllowHttp }),
    },
    { clock },
  );
}

async function within(ms: number, ready: Promise<void>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(unavailable()), ms);
  try {
    await Promise.race([ready, late]);
  } finally {
    clearTimeout(timer);
  }
}

function unavailable(): BridgeError {
  return new BridgeError("STORE_UNAVAILABLE", "The revocation feed is unavailable.");
}
