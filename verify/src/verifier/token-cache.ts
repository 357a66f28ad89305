/**
 * Sessions of verified tokens. Only the exact text of a token finds its session (the verifier accepts
 * one spelling per token). Failures are never cached.
 *
 * The signature is the lookup key, because it is short to hash: each request brings a new string. The
 * whole token is compared afterwards.
 *
 * The caller checks time, audience, revocation and request again.
 */
import { LRUCache } from "lru-cache";
import type { VerifiedSession } from "./verified-session.ts";

export interface TokenCache {
  get(token: string): VerifiedSession | undefined;
  add(session: VerifiedSession): void;
  delete(token: string): void;
  /** Drops all tokens that one of these keys signed. */
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

// A signature has 64 bytes, which are 86 characters of base64url. The parser rejects other values.
function signatureOf(token: string): string {
  return typeof token === "string" ? token.slice(-86) : "";
}

/** The cache of a verifier with `cache: false`. */
export const NO_CACHE: TokenCache = {
  get: () => undefined,
  add: () => {},
  delete: () => {},
  dropKeys: () => {},
  clear: () => {},
};
