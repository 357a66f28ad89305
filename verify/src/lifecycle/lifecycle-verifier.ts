/**
 * Verifies lifecycle calls of the issuer: form, key, signature, claims, time, body, in that order. It
 * uses the same keys and the same strictness as the verifier of session tokens, and rejects session
 * tokens.
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
import { isTokenSignatureValid } from "../token/signature.ts";
import { parseStrictObject } from "../token/strict-json.ts";
import type { ClaimRules } from "../verifier/claim-rules.ts";
import {
  verifierConfig,
  type ConfigContext,
  type SessionVerifierOptions,
} from "../verifier/options.ts";
import { bodyOf, partsOfCall, type LifecycleCall } from "./lifecycle-call.ts";

/** The options of a session verifier that also apply to lifecycle calls. */
export type LifecycleOptions = Pick<
  SessionVerifierOptions,
  | "issuer"
  | "audience"
  | "jwks"
  | "algorithms"
  | "maxClockSkewSeconds"
  | "isKeyRemoved"
  | "onKeysError"
  | "fetch"
  | "jwksTimeoutMs"
  | "unsafeAllowHttp"
>;

/** The verified event of a call. `user-erased` comes only to the `userErasedUrl` of a manifest. */
export type LifecycleEvent = InstallationEvent | UserErasedEvent;

/** An app was installed in a tenant, or uninstalled. */
export interface InstallationEvent extends EventOrigin {
  readonly event: "connect" | "disconnect";
}

/** Delete what the app has about this user in this tenant, and keep the installation. */
export interface UserErasedEvent extends EventOrigin {
  readonly event: "user-erased";
  readonly userId: string;
}

interface EventOrigin {
  /**
   * Makes handling idempotent: the id is the same on every attempt, and on the disconnect that ends the
   * installation. A tenant that installs the app again gets a new id.
   */
  readonly installationId: string;
  readonly appId: string;
  readonly tenantId: string;
  readonly issuer: string;
  /** Id of this attempt, for logs. */
  readonly callId: string;
}

export interface LifecycleVerifier {
  /**
   * Verifies one call. It does not remember calls, so an eavesdropper can send the same call again for a
   * minute. Handle calls idempotently, by their `installationId`.
   *
   * @throws {BridgeError} TOKEN_MISSING, DUPLICATE_CREDENTIALS, TOKEN_MALFORMED, TOKEN_ALG,
   * KEY_UNKNOWN, KEYS_UNAVAILABLE, TOKEN_SIGNATURE, ISSUER_MISMATCH, AUDIENCE_MISMATCH,
   * TOKEN_EXPIRED, IAT_FUTURE, REQUEST_MALFORMED, BODY_TOO_LARGE, CONFIG_INVALID
   */
  verify(call: LifecycleCall): Promise<LifecycleEvent>;
  close(): void;
}

/**
 * @param options The result of a schema.
 * @throws {BridgeError} CONFIG_INVALID, naming the option
 */
export function openLifecycleVerifier(
  options: LifecycleOptions,
  context: ConfigContext,
): LifecycleVerifier {
  const config = verifierConfig(options, options, context);
  const { rules, clock, isKeyRemoved } = config;
  const keys = createKeySource(config, () => undefined);
  const parse = createCompactParser(config.algorithms, LIFECYCLE_TYPE);

  return {
    async verify(call) {
      const body = bodyOf(call);
      const token = requestCredential(partsOfCall(call), false)?.token;
      if (token === undefined) {
        throw new BridgeError("TOKEN_MISSING", "The Authorization header of the call is missing.");
      }
      const compact = parse(token);
      const key = keys.find(compact.kid) ?? (await keys.load(compact.kid));
      if (key.alg !== compact.alg) {
        throw new BridgeError("TOKEN_ALG", "The alg of the token does not fit its key.");
      }
      if (!isTokenSignatureValid(compact, key)) {
        throw new BridgeError("TOKEN_SIGNATURE", "The signature of the call is not valid.");
      }
      if (isKeyRemoved(key.kid, rules.issuer)) {
        throw new BridgeError("KEY_UNKNOWN", "The issuer removed the key of the call.");
      }
      const claims = parseClaims(compact.payload);
      checkClaims(claims, rules, clock.now());
      checkBody(body, claims);
      return eventOf(claims);
    },
    close: () => keys.close(),
  };
}

function eventOf(claims: LifecycleClaims): LifecycleEvent {
  const { event, installationId, tenantId, userId, iss: issuer, aud: appId, jti: callId } = claims;
  const origin = { installationId, appId, tenantId, issuer, callId };
  return event === "user-erased"
    ? { event, ...origin, userId: userId ?? "" }
    : { event, ...origin };
}

function parseClaims(payload: Buffer): LifecycleClaims {
  const members = parseStrictObject(payload);
  const claims = members && safeParse(lifecycleClaimsSchema, members);
  if (!claims?.success)
    throw malformed("its payload lacks a claim of a lifecycle call or has one of a wrong type");
  return claims.data;
}

function checkClaims(claims: LifecycleClaims, rules: ClaimRules, nowMs: number): void {
  if (claims.iss !== rules.issuer) {
    throw new BridgeError("ISSUER_MISMATCH", "The call was signed for another issuer.");
  }
  if (!rules.audience.has(claims.aud)) {
    throw new BridgeError("AUDIENCE_MISMATCH", "The call is for another app.");
  }
  const lifeSeconds = claims.exp - claims.iat;
  if (lifeSeconds <= 0 || lifeSeconds > LIFECYCLE_TTL_SECONDS) {
    throw malformed(`exp - iat must be 1 to ${LIFECYCLE_TTL_SECONDS} seconds`);
  }
  const nowSeconds = nowMs / 1_000;
  if (nowSeconds >= claims.exp + rules.maxClockSkewSeconds) {
    throw new BridgeError("TOKEN_EXPIRED", "The call has expired.");
  }
  if (claims.iat > nowSeconds + rules.maxClockSkewSeconds) {
    throw new BridgeError("IAT_FUTURE", "The iat of the call is in the future.");
  }
}

function checkBody(body: Buffer, claims: LifecycleClaims): void {
  if (body.length > MAX_LIFECYCLE_BODY_BYTES) {
    throw new BridgeError(
      "BODY_TOO_LARGE",
      `The body of the call is larger than ${MAX_LIFECYCLE_BODY_BYTES} bytes.`,
    );
  }
  const digest = `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;
  if (claims.contentDigest !== digest) {
    throw new BridgeError("TOKEN_SIGNATURE", "The body of the call is not the signed one.");
  }
  const parsed = safeParse(lifecycleBodySchema, parseStrictObject(body));
  const isSame =
    parsed.success &&
    parsed.data.event === claims.event &&
    parsed.data.installationId === claims.installationId &&
    parsed.data.tenantId === claims.tenantId &&
    parsed.data.userId === claims.userId &&
    parsed.data.appId === claims.aud;
  if (!isSame) {
    throw new BridgeError("REQUEST_MALFORMED", "The body of the call and its token disagree.");
  }
}
