/**
 * Sessions of tokens that were verified before. Only the exact text of a token finds its session
 * (the verifier admits one spelling per token); failures are never kept.
 *
 * Looked up by the token's signature, since the text of each request's token is a new string and must
 * be hashed, and then compared as a whole.
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
    get: (token) => {
      const session = entries.get(signatureOf(token));
      return session?.token === token ? session : undefined;
    },
    add: (session) => void entries.set(signatureOf(session.token), session),
    delete: (token) => void entries.delete(signatureOf(token)),
    dropKeys: (kids) => {
      for (const [signature, { keyId }] of entries.entries()) {
        if (kids.includes(keyId)) entries.delete(signature);
      }
    },
    clear: () => entries.clear(),
  };
}

// 64 bytes in base64url. What is no token at all is for the parser to refuse.
function signatureOf(token: string): string {
  return typeof token === "string" ? token.slice(-86) : "";
}

/** For verifiers that are told not to remember anything. */
export const NO_CACHE: TokenCache = {
  get: () => undefined,
  add: () => {},
  delete: () => {},
  dropKeys: () => {},
  clear: () => {},
};
