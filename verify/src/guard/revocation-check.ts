/** Asks the revocation feed, opened on first use, and refuses when it cannot be relied upon. */
import { BridgeError } from "@breezeway/shared";
import { keyUnknown } from "../keys/key-source.ts";
import { endpointOf } from "../options/checks.ts";
import { createRevocationFeed, type RevocationFeed } from "../revocation/revocation-feed.ts";
import type { VerifiedSession } from "../verifier/verified-session.ts";
import type { SessionOptions } from "./session-options.ts";

export interface RevocationCheck {
  /** @throws {BridgeError} SESSION_REVOKED, KEY_UNKNOWN, STORE_UNAVAILABLE */
  check(session: VerifiedSession): Promise<void>;
  close(): void;
}

// The first request of a process waits so long for the first snapshot.
const FIRST_SNAPSHOT_MS = 5_000;
// A lost feed is missing what was revoked since. For so long its last state is taken for good.
const MAX_LOST_MS = 60_000;

export function createRevocationCheck(options: SessionOptions): RevocationCheck {
  const clock = options.clock ?? Date.now;
  const own = new Map<string, RevocationFeed>();
  let isClosed = false;

  function feedOf(issuer: string): RevocationFeed {
    if (options.revocationFeed) return options.revocationFeed;
    if (isClosed) throw unavailable();
    const existing = own.get(issuer);
    if (existing) return existing;
    const created = createRevocationFeed({
      url: endpointOf(issuer, "revocations"),
      clock,
      ...(options.fetch && { fetch: options.fetch }),
      unsafeAllowHttp: options.unsafeAllowHttp ?? false,
    });
    own.set(issuer, created);
    return created;
  }

  return {
    check: async ({ claims, keyId }) => {
      // Verified: an issuer that this verifier trusts.
      const current = feedOf(claims.iss);
      if (current.status.state === "connecting") await within(FIRST_SNAPSHOT_MS, current.ready());
      const { status } = current;
      const isReliable =
        status.state === "live" ||
        (status.state === "lost" && clock() - status.heardAtMs <= MAX_LOST_MS);
      if (!isReliable) throw unavailable();
      if (current.isKeyRemoved(keyId)) throw keyUnknown();
      if (current.isRevoked(claims)) {
        throw new BridgeError("SESSION_REVOKED", "The session was revoked.");
      }
    },
    close: () => {
      isClosed = true;
      for (const feed of own.values()) feed.close();
    },
  };
}

async function within(ms: number, ready: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(unavailable()), ms);
  });
  try {
    await Promise.race([ready, late]);
  } finally {
    clearTimeout(timer);
  }
}

function unavailable(): BridgeError {
  return new BridgeError("STORE_UNAVAILABLE", "The revocation feed cannot be followed.");
}
