/**
 * Verifies session tokens of one issuer: form, algorithm, key, signature, claims, time, revocation,
 * request, in that order. It holds only public keys and no code that could sign.
 */
import { BridgeError } from "@breezeway/shared";
import { createKeySource } from "../keys/create-key-source.ts";
import { keyUnknown } from "../keys/key-source.ts";
import type { VerificationKey } from "../keys/verification-key.ts";
import { createCompactParser, type CompactToken } from "../token/compact.ts";
import { isTokenSignatureValid } from "../token/signature.ts";
import {
  checkAudience,
  checkClaims,
  checkRequest,
  parseClaims,
  type VerifyRequest,
} from "./claim-rules.ts";
import type { VerifierConfig } from "./options.ts";
import { NO_CACHE, createTokenCache } from "./token-cache.ts";
import { toSession, type VerifiedSession } from "./verified-session.ts";

export interface SessionVerifier {
  /**
   * Verifies a compact token.
   *
   * @throws {BridgeError} TOKEN_MALFORMED, TOKEN_ALG, KEY_UNKNOWN, KEYS_UNAVAILABLE,
   * TOKEN_SIGNATURE, ISSUER_MISMATCH, AUDIENCE_MISMATCH, TOKEN_EXPIRED, TOKEN_NOT_YET, IAT_FUTURE,
   * SESSION_REVOKED, PROOF_INVALID, AZP_MISMATCH, TENANT_MISMATCH, SCOPE_MISSING
   */
  verify(token: string, request?: VerifyRequest): Promise<VerifiedSession>;
  /**
   * Verifies without waiting. `undefined` means that a key must be fetched first: call `verify` then.
   *
   * @throws {BridgeError} as `verify`
   */
  verifySync(token: string, request?: VerifyRequest): VerifiedSession | undefined;
  /**
   * The session of a cached token, checked again for time, audience, revocation and request.
   * `undefined` for a token that is not in the cache.
   *
   * @throws {BridgeError} AUDIENCE_MISMATCH, KEY_UNKNOWN, SESSION_REVOKED, PROOF_INVALID, AZP_MISMATCH,
   * TENANT_MISMATCH, SCOPE_MISSING
   */
  verifyCached(token: string, request?: VerifyRequest): VerifiedSession | undefined;
  /**
   * Resolves when keys are available, for readiness checks.
   *
   * @throws {BridgeError} KEYS_UNAVAILABLE
   */
  ready(): Promise<void>;
  /** Aborts a fetch in progress and empties the cache. No keys are fetched afterwards. */
  close(): void;
}

const ANY_REQUEST: VerifyRequest = {};

export function createIssuerVerifier(config: VerifierConfig): SessionVerifier {
  const { rules, clock, isRevoked, isKeyRemoved } = config;
  const cache = config.cacheEntries === 0 ? NO_CACHE : createTokenCache(config.cacheEntries);
  const keys = createKeySource(config, (kids) => cache.dropKeys(kids));
  const parse = createCompactParser(config.algorithms);

  function verifyCached(token: string, request = ANY_REQUEST): VerifiedSession | undefined {
    const session = cache.get(token);
    if (session === undefined) return undefined;
    const { claims } = session;
    const nowSeconds = clock.now() / 1_000;
    // The cache ends at `exp`. Only a full verification grants the tolerated skew.
    if (nowSeconds >= claims.exp || nowSeconds < claims.nbf - rules.maxClockSkewSeconds) {
      cache.delete(token);
      return undefined;
    }
    checkAudience(claims, rules.audience);
    return admit(session, request);
  }

  function verifyWith(key: VerificationKey, compact: CompactToken, token: string): VerifiedSession {
    if (key.alg !== compact.alg) {
      throw new BridgeError("TOKEN_ALG", "The alg of the session token does not fit its key.");
    }
    if (!isTokenSignatureValid(compact, key)) {
      throw new BridgeError("TOKEN_SIGNATURE", "The signature of the session token is not valid.");
    }
    const claims = parseClaims(compact.payload);
    checkClaims(claims, rules, clock.now());
    const session = toSession(token, claims, key.kid);
    cache.add(session);
    return session;
  }

  function admit(session: VerifiedSession, request: VerifyRequest): VerifiedSession {
    if (isKeyRemoved(session.keyId, rules.issuer)) throw keyUnknown();
    if (isRevoked(session.claims)) {
      throw new BridgeError("SESSION_REVOKED", "The session was revoked.");
    }
    if (session.proofKeyThumbprint !== request.proofKeyThumbprint) throw unproven(session);
    checkRequest(session.claims, session.scopes, request);
    return session;
  }

  return {
    verifyCached,
    verifySync: (token, request = ANY_REQUEST) => {
      const cached = verifyCached(token, request);
      if (cached !== undefined) return cached;
      const compact = parse(token);
      const key = keys.find(compact.kid);
      return key && admit(verifyWith(key, compact, token), request);
    },
    verify: async (token, request = ANY_REQUEST) => {
      const cached = verifyCached(token, request);
      if (cached !== undefined) return cached;
      const compact = parse(token);
      const key = keys.find(compact.kid) ?? (await keys.load(compact.kid));
      return admit(verifyWith(key, compact, token), request);
    },
    ready: () => keys.ready(),
    close: () => {
      keys.close();
      cache.clear();
    },
  };
}

function unproven({ proofKeyThumbprint }: VerifiedSession): BridgeError {
  return new BridgeError(
    "PROOF_INVALID",
    proofKeyThumbprint === undefined
      ? "The session token is not bound to a key. Send it without a proof."
      : "The session token is bound to a key. Send it with a proof of that key.",
  );
}
