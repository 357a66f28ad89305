/**
 * Verifies calls of the issuer: form, key, signature, claims, time, body, in that order. Shares its
 * keys and its strictness with the verifier of session tokens, and takes none of those.
 */
import { createHash } from "node:crypto";
import { BridgeError } from "@breezeway/shared";
import {
  LIFECYCLE_TTL_SECONDS,
  LIFECYCLE_TYPE,
  MAX_LIFECYCLE_BODY_BYTES,
  lifecycleBodySchema,
  lifecycleClaimsSchema,
  type LifecycleClaims,
} from "@breezeway/shared/schemas";
import { safeParse } from "zod/mini";
import { requestCredential } from "../guard/request-credential.ts";
import { createKeySource } from "../keys/create-key-source.ts";
import { createCompactParser, malformed } from "../token/compact.ts";
import { isSignatureValid } from "../token/signature.ts";
import { parseStrictObject } from "../token/strict-json.ts";
import type { ClaimRules } from "../verifier/claim-rules.ts";
import { parseOptions, type SessionVerifierOptions } from "../verifier/options.ts";
import { bodyOf, partsOfCall, type LifecycleCall } from "./lifecycle-call.ts";

/** `issuer` and `audience` are required; the rest is as for session tokens. */
export type LifecycleOptions = Pick<
  SessionVerifierOptions,
  | "issuer"
  | "audience"
  | "jwks"
  | "algorithms"
  | "maxClockSkewSeconds"
  | "isKeyRemoved"
  | "onKeysError"
  | "clock"
  | "fetch"
  | "jwksTimeoutMs"
  | "unsafeAllowHttp"
>;

/** An app was installed in a tenant, or uninstalled. Proven to be the issuer's word. */
export interface LifecycleEvent {
  readonly event: "connect" | "disconnect";
  /**
   * What makes handling safe to repeat: the same on every attempt, and on the disconnect that ends
   * the installation. A tenant that installs anew has another one.
   */
  readonly installationId: string;
  readonly appId: string;
  readonly tenantId: string;
  readonly issuer: string;
  /** Names this attempt, for logs. */
  readonly callId: string;
}

export interface LifecycleVerifier {
  /**
   * Does not remember calls: one that somebody has seen can be sent again for a minute, and says
   * nothing else than it did. Handle it by its `installationId`.
   *
   * @throws {BridgeError} TOKEN_MISSING, DUPLICATE_CREDENTIALS, TOKEN_MALFORMED, TOKEN_ALG,
   * KEY_UNKNOWN, KEYS_UNAVAILABLE, TOKEN_SIGNATURE, ISSUER_MISMATCH, AUDIENCE_MISMATCH,
   * TOKEN_EXPIRED, IAT_FUTURE, REQUEST_MALFORMED, BODY_TOO_LARGE, CONFIG_INVALID
   */
  verify(call: LifecycleCall): Promise<LifecycleEvent>;
  close(): void;
}

/** @throws {BridgeError} CONFIG_INVALID, naming the option */
export function createLifecycleVerifier(options: LifecycleOptions): LifecycleVerifier {
  const config = parseOptions(options);
  const { rules, clock, isKeyRemoved } = config;
  const keys = createKeySource(config, () => undefined);
  const parse = createCompactParser(config.algorithms, LIFECYCLE_TYPE);

  return {
    async verify(call) {
      const body = bodyOf(call);
      const token = requestCredential(partsOfCall(call), false)?.token;
      if (token === undefined) {
        throw new BridgeError("TOKEN_MISSING", "The call carries no token.");
      }
      const compact = parse(token);
      const key = keys.find(compact.kid) ?? (await keys.load(compact.kid));
      if (key.alg !== compact.alg) {
        throw new BridgeError("TOKEN_ALG", "The token's algorithm is not that of its key.");
      }
      if (!isSignatureValid(compact, key)) {
        throw new BridgeError("TOKEN_SIGNATURE", "The call's signature does not match.");
      }
      if (isKeyRemoved(key.kid, rules.issuer)) {
        throw new BridgeError("KEY_UNKNOWN", "The key of the call was removed.");
      }
      const claims = parseClaims(compact.payload);
      checkClaims(claims, rules, clock());
      checkBody(body, claims);
      const { event, installationId, tenantId, iss: issuer, aud: appId, jti: callId } = claims;
      return { event, installationId, appId, tenantId, issuer, callId };
    },
    close: () => keys.close(),
  };
}

function parseClaims(payload: Buffer): LifecycleClaims {
  const members = parseStrictObject(payload);
  const claims = members && safeParse(lifecycleClaimsSchema, members);
  if (!claims?.success) throw malformed("its payload is not that of a lifecycle call");
  return claims.data;
}

function checkClaims(claims: LifecycleClaims, rules: ClaimRules, nowMs: number): void {
  if (claims.iss !== rules.issuer) {
    throw new BridgeError("ISSUER_MISMATCH", "The call comes from another issuer.");
  }
  if (!rules.audience.has(claims.aud)) {
    throw new BridgeError("AUDIENCE_MISMATCH", "The call is for another app.");
  }
  const lifeSeconds = claims.exp - claims.iat;
  if (lifeSeconds <= 0 || lifeSeconds > LIFECYCLE_TTL_SECONDS) {
    throw malformed("it lives longer than a lifecycle call may, or not at all");
  }
  const nowSeconds = nowMs / 1_000;
  if (nowSeconds >= claims.exp + rules.maxClockSkewSeconds) {
    throw new BridgeError("TOKEN_EXPIRED", "The call has expired.");
  }
  if (claims.iat > nowSeconds + rules.maxClockSkewSeconds) {
    throw new BridgeError("IAT_FUTURE", "The call was made in the future.");
  }
}

function checkBody(body: Buffer, claims: LifecycleClaims): void {
  if (body.length > MAX_LIFECYCLE_BODY_BYTES) {
    throw new BridgeError("BODY_TOO_LARGE", "The body of the call is too large.");
  }
  const digest = `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;
  if (claims.contentDigest !== digest) {
    throw new BridgeError("TOKEN_SIGNATURE", "The body is not the one that was signed.");
  }
  const said = safeParse(lifecycleBodySchema, parseStrictObject(body));
  const isSame =
    said.success &&
    said.data.event === claims.event &&
    said.data.installationId === claims.installationId &&
    said.data.tenantId === claims.tenantId &&
    said.data.appId === claims.aud;
  if (!isSame) {
    throw new BridgeError("REQUEST_MALFORMED", "request: the body is not what the token says.");
  }
}
