/** Options of a session verifier: their types, their schema, and the configuration they result in. */
import { TOKEN_LIMITS, isRecord, type Clock } from "@breezeway/shared";
import {
  functionOption,
  numberOption,
  optionObject,
  parseOptions,
  wholeNumberOption,
  type OptionShape,
  type SessionClaims,
} from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import { runtimeFetch, type Fetch } from "../keys/fetch-jwks.ts";
import {
  importKeys,
  type JwkSet,
  type PemKey,
  type PublicJwk,
  type VerificationKey,
} from "../keys/verification-key.ts";
import { CACHE_LIMITS, JWKS_LIMITS } from "../limits.ts";
import { SECURE_URL, endpointOf, invalidOption, secureUrl } from "../options/checks.ts";
import { isSessionAlgorithm, type SessionAlgorithm } from "../token/compact.ts";
import type { AudienceSet, ClaimRules } from "./claim-rules.ts";

/** An issuer, its keys, and the apps whose tokens are accepted from it. */
export interface TrustedIssuer {
  /**
   * The issuer's URL, compared byte for byte with the `iss` claim. Breezeway issuers have no trailing
   * slash; a URL with one is accepted only together with `jwks`.
   */
  readonly issuer: string;
  /**
   * Id of the accepted app, a list of ids, or an object with `has(appId)`. The object (a `Set`, an app
   * registry) is asked on every verification, so it may change.
   */
  readonly audience: string | readonly string[] | AudienceSet;
  /**
   * URL of the issuer's JWK Set, the set itself, or a list of public keys (JWK or PEM, each with its
   * `kid`). A verifier with the keys themselves needs no network. Default:
   * `{issuer}/.well-known/jwks.json`.
   */
  readonly jwks?: string | JwkSet | readonly (PublicJwk | PemKey)[];
  /** Accepted algorithms. Default `["EdDSA"]`. `ES256` serves runtimes without Ed25519. */
  readonly algorithms?: readonly SessionAlgorithm[];
}

/** Options of `createSessionVerifier`. */
export interface SessionVerifierOptions extends TrustedIssuer {
  /**
   * Further issuers, each with its own apps, algorithms and keys. A token that names one issuer is
   * never verified with the keys of another. Default none.
   */
  readonly additionalIssuers?: readonly TrustedIssuer[];
  /** Tolerated difference between clocks, 0 to 5 seconds. Default 5. */
  readonly maxClockSkewSeconds?: number;
  /** Longest accepted `exp - iat`, 1 to 300 seconds. Default 300. */
  readonly maxLifetimeSeconds?: number;
  /** Verified tokens kept until they expire, 1 to 10 000 000. Default 10 000; `false` keeps none. */
  readonly cache?: false | CacheOptions;
  /** Called on every verification, cached tokens included. True rejects with SESSION_REVOKED. */
  readonly isRevoked?: (claims: SessionClaims) => boolean;
  /**
   * Called on every verification, cached tokens included, with the id of the key and its issuer. True
   * rejects with KEY_UNKNOWN, even while the key set still holds the key.
   */
  readonly isKeyRemoved?: (kid: string, issuer: string) => boolean;
  /** Called with the error of each failed fetch of the key set, for logs and metrics. */
  readonly onKeysError?: (error: unknown) => void;
  /** Default: the runtime's `fetch`. */
  readonly fetch?: Fetch;
  /** Time limit for one fetch of the key set, 1 to 30 000 ms. Default 5 000. */
  readonly jwksTimeoutMs?: number;
  /** Allows plain http beyond loopback. Anybody on the network path can then choose the keys. */
  readonly unsafeAllowHttp?: boolean;
}

interface CacheOptions {
  readonly maxEntries?: number;
}

/** The checked parts of one issuer's verifier. */
export interface VerifierConfig {
  readonly rules: ClaimRules;
  readonly algorithms: readonly SessionAlgorithm[];
  readonly keys: { readonly url: string } | ReadonlyMap<string, VerificationKey>;
  readonly cacheEntries: number;
  readonly isRevoked: (claims: SessionClaims) => boolean;
  readonly isKeyRemoved: (kid: string, issuer: string) => boolean;
  readonly onKeysError: (error: unknown) => void;
  readonly clock: Clock;
  readonly fetch: Fetch;
  readonly jwksTimeoutMs: number;
}

export interface ConfigContext {
  /** The factory that the options belong to, as error messages name it. */
  readonly source: string;
  readonly clock: Clock;
}

const isId = (value: unknown): value is string => typeof value === "string" && value !== "";

const trustedIssuerShape: OptionShape<TrustedIssuer> = {
  issuer: required<string>("must be the issuer's URL, exactly as in the iss claim", isId),
  audience: required<TrustedIssuer["audience"]>(
    "must be an app id, a list of app ids, or an object with has(appId)",
    (value) =>
      isId(value) ||
      (Array.isArray(value) && value.length > 0 && value.every(isId)) ||
      (isRecord(value) && typeof value["has"] === "function"),
  ),
  jwks: z.optional(
    required<NonNullable<TrustedIssuer["jwks"]>>(
      "must be a URL, a JWK Set, or a list of public keys",
      (value) => typeof value === "string" || Array.isArray(value) || isRecord(value),
    ),
  ),
  algorithms: z.optional(
    required<readonly SessionAlgorithm[]>(
      'must be a list of "EdDSA" and "ES256"',
      (value) => Array.isArray(value) && value.length > 0 && value.every(isSessionAlgorithm),
    ),
  ),
};

/** The schema of each option. Adapters extend it. */
export const verifierShape: OptionShape<SessionVerifierOptions> = {
  ...trustedIssuerShape,
  additionalIssuers: z.optional(z.array(optionObject<TrustedIssuer>(trustedIssuerShape))),
  maxClockSkewSeconds: z.optional(numberOption(0, TOKEN_LIMITS.maxClockSkewSeconds)),
  maxLifetimeSeconds: z.optional(numberOption(1, TOKEN_LIMITS.maxTtlSeconds)),
  cache: z.optional(
    z.union([
      z.literal(false),
      optionObject<CacheOptions>({
        maxEntries: z.optional(wholeNumberOption(1, CACHE_LIMITS.maxEntries)),
      }),
    ]),
  ),
  isRevoked: z.optional(functionOption<(claims: SessionClaims) => boolean>()),
  isKeyRemoved: z.optional(functionOption<(kid: string, issuer: string) => boolean>()),
  onKeysError: z.optional(functionOption<(error: unknown) => void>()),
  fetch: z.optional(functionOption<Fetch>()),
  jwksTimeoutMs: z.optional(numberOption(1, JWKS_LIMITS.maxTimeoutMs)),
  unsafeAllowHttp: z.optional(z.boolean()),
};

const verifierSchema = optionObject<SessionVerifierOptions>(verifierShape);

/** @throws {BridgeError} CONFIG_INVALID, naming the option */
export function parseVerifierOptions(options: unknown, source: string): SessionVerifierOptions {
  return parseOptions(verifierSchema, options, source);
}

/**
 * One configuration per trusted issuer, the main one first.
 *
 * @param options The result of a schema.
 * @throws {BridgeError} CONFIG_INVALID, naming the option
 */
export function verifierConfigs(
  options: SessionVerifierOptions,
  context: ConfigContext,
): readonly [VerifierConfig, ...VerifierConfig[]] {
  const { additionalIssuers = [] } = options;
  const issuers = [options, ...additionalIssuers].map(({ issuer }) => issuer);
  if (new Set(issuers).size !== issuers.length) {
    throw invalidOption(context.source, "additionalIssuers: two entries have the same issuer");
  }
  return [
    verifierConfig(options, options, context),
    ...additionalIssuers.map((trusted) => verifierConfig(options, trusted, context)),
  ];
}

/** @param trusted Keys, algorithms and apps come from here alone, and never from another issuer. */
export function verifierConfig(
  options: SessionVerifierOptions,
  trusted: TrustedIssuer,
  context: ConfigContext,
): VerifierConfig {
  const { cache = {} } = options;
  return {
    rules: {
      issuer: trusted.issuer,
      audience: audienceSet(trusted.audience),
      maxClockSkewSeconds: options.maxClockSkewSeconds ?? TOKEN_LIMITS.maxClockSkewSeconds,
      maxLifetimeSeconds: options.maxLifetimeSeconds ?? TOKEN_LIMITS.maxTtlSeconds,
    },
    algorithms: [...(trusted.algorithms ?? ["EdDSA" as const])],
    keys: keysOf(trusted, options, context.source),
    cacheEntries: cache === false ? 0 : (cache.maxEntries ?? CACHE_LIMITS.defaultEntries),
    isRevoked: options.isRevoked ?? (() => false),
    isKeyRemoved: options.isKeyRemoved ?? (() => false),
    onKeysError: options.onKeysError ?? (() => {}),
    clock: context.clock,
    fetch: options.fetch ?? runtimeFetch,
    jwksTimeoutMs: options.jwksTimeoutMs ?? JWKS_LIMITS.timeoutMs,
  };
}

function audienceSet(audience: TrustedIssuer["audience"]): AudienceSet {
  if (typeof audience === "string") return new Set([audience]);
  return "has" in audience ? audience : new Set(audience);
}

function keysOf(
  { issuer, jwks }: TrustedIssuer,
  { unsafeAllowHttp }: SessionVerifierOptions,
  source: string,
): VerifierConfig["keys"] {
  if (jwks === undefined) {
    if (issuer.endsWith("/")) {
      // Breezeway issuers have no trailing slash, so no token would match.
      throw invalidOption(source, "issuer: must have no trailing slash, or jwks must be given");
    }
    const url = secureUrl(endpointOf(issuer, ".well-known/jwks.json"), unsafeAllowHttp);
    if (url !== undefined) return { url };
    throw invalidOption(source, `issuer: ${SECURE_URL}, or jwks must be given`);
  }
  if (typeof jwks === "string") {
    const url = secureUrl(jwks, unsafeAllowHttp);
    if (url !== undefined) return { url };
    throw invalidOption(source, `jwks: ${SECURE_URL}, a JWK Set, or a list of public keys`);
  }
  const keys = importKeys(isRecord(jwks) ? jwks["keys"] : jwks, `${source}: jwks`);
  if (keys.size > 0) return keys;
  throw invalidOption(source, "jwks: must hold an Ed25519 or P-256 public key for signatures");
}

function required<T>(text: string, isValid: (value: unknown) => boolean): z.ZodMiniType<T> {
  const error = (issue: z.core.$ZodRawIssue): string =>
    issue.input === undefined ? "is required" : text;
  return z.custom<T>(isValid, { error });
}
