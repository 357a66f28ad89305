/**
 * Sessions of tokens that were verified before. Only the exact text of a token finds its session
 * (the verifier admits one spelling per token); failures are never kept.
 *
 * Whoever takes a session out checks time, audience, revocation and request again.
 */
import { LRUCache } from "lru-cache";
import type { VerifiedSession } from "./verified-session.ts";

export interface TokenCache {
  get(token: string): VerifiedSession | undefined;
  add(session: VerifiedSession): void;
  delete(token: string): void;
  /** Drops every token that one of these keys signed. */
  dropKeys(kids: readonly string[]): void;
  clear(): void;
}

export function createTokenCache(maxEntries: number): TokenCache {
  const entries = new LRUCache<string, VerifiedSession>({ max: maxEntries });
  return {
    get: (token) => entries.get(token),
    add: (session) => void entries.set(session.token, session),
    delete: (token) => void entries.delete(token),
    dropKeys: (kids) => {
      for (const [token, { keyId }] of entries.entries()) {
        if (kids.includes(keyId)) entries.delete(token);
      }
    },
    clear: () => entries.clear(),
  };
}

/** For verifiers that are told not to remember anything. */
export const NO_CACHE: TokenCache = {
  get: () => undefined,
  add: () => {},
  delete: () => {},
  dropKeys: () => {},
  clear: () => {},
};
