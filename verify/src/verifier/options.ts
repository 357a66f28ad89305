import { TOKEN_LIMITS, isRecord, type BridgeError } from "@breezeway/shared";
import type { SessionClaims } from "@breezeway/shared/schemas";
import type { Fetch } from "../keys/fetch-jwks.ts";
import { JWKS_LIMITS } from "../keys/remote-keys.ts";
import {
  importKeys,
  type JwkSet,
  type PemKey,
  type PublicJwk,
  type VerificationKey,
} from "../keys/verification-key.ts";
import {
  endpointOf,
  invalidOption,
  numberWithin,
  secureUrl,
  type NumberRange,
} from "../options/checks.ts";
import { isSessionAlgorithm, type SessionAlgorithm } from "../token/algorithms.ts";
import type { AudienceSet, ClaimRules } from "./claim-rules.ts";

/** An issuer, the apps whose tokens of it are accepted, and its keys. */
export interface TrustedIssuer {
  /**
   * The issuer's URL, compared byte for byte with `iss`. Without a slash at the end, unless `jwks` is
   * given: Breezeway's issuer is never spelt with one.
   */
  readonly issuer: string;
  /**
   * The app, or apps, whose tokens are accepted. Something with `has(appId)` (a `Set`, an app
   * registry) is asked again on every verification, so it may change.
   */
  readonly audience: string | readonly string[] | AudienceSet;
  /**
   * URL of the issuer's JWK Set, the set itself, or a list of public keys (JWK or PEM, each with its
   * `kid`). Given keys make a verifier that needs no network. Default:
   * `{issuer}/.well-known/jwks.json`.
   */
  readonly jwks?: string | JwkSet | readonly (PublicJwk | PemKey)[];
  /** Default `["EdDSA"]`. `ES256` is for issuers that sign for engines without Ed25519. */
  readonly algorithms?: readonly SessionAlgorithm[];
}

export interface SessionVerifierOptions extends TrustedIssuer {
  /**
   * Further issuers, each with its own apps, algorithms and keys: a token that names one issuer is
   * never verified with the keys of another. Default none.
   */
  readonly additionalIssuers?: readonly TrustedIssuer[];
  /** Tolerated difference of clocks, 0 to 5 seconds. Default 5. */
  readonly maxClockSkewSeconds?: number;
  /** Longest `exp - iat`, 1 to 300 seconds. Default 300. */
  readonly maxLifetimeSeconds?: number;
  /** Verified tokens that are remembered until they expire. Default 10 000; `false` for none. */
  readonly cache?: false | { readonly maxEntries?: number };
  /** Asked on every verification, of tokens seen before too. True refuses with SESSION_REVOKED. */
  readonly isRevoked?: (claims: SessionClaims) => boolean;
  /**
   * Asked on every verification, of tokens seen before too, with the id of the key and its issuer.
   * True refuses with KEY_UNKNOWN, even while the key set still has the key.
   */
  readonly isKeyRemoved?: (kid: string, issuer: string) => boolean;
  /** Told of each failed fetch of the key set; for logs and metrics. */
  readonly onKeysError?: (error: unknown) => void;
  /** Epoch milliseconds. Default `Date.now`. */
  readonly clock?: () => number;
  /** Default: the runtime's `fetch`. */
  readonly fetch?: Fetch;
  /** Time for one fetch of the key set, 1 to 30 000 milliseconds. Default 5 000. */
  readonly jwksTimeoutMs?: number;
  /** Allows plain http beyond loopback: whoever is on the path chooses the keys. */
  readonly unsafeAllowHttp?: boolean;
}

/** Options as they are taken apart: what was left out may also be there as `undefined`. */
export type VerifierSettings = {
  readonly [Name in keyof SessionVerifierOptions]: SessionVerifierOptions[Name] | undefined;
};

export interface VerifierConfig {
  readonly rules: ClaimRules;
  readonly algorithms: readonly SessionAlgorithm[];
  readonly keys: { readonly url: string } | ReadonlyMap<string, VerificationKey>;
  readonly cacheEntries: number;
  readonly isRevoked: (claims: SessionClaims) => boolean;
  readonly isKeyRemoved: (kid: string, issuer: string) => boolean;
  readonly onKeysError: (error: unknown) => void;
  readonly clock: () => number;
  readonly fetch: Fetch;
  readonly jwksTimeoutMs: number;
}

const DEFAULT_CACHE_ENTRIES = 10_000;
const MAX_CACHE_ENTRIES = 10_000_000;

/** @throws {BridgeError} CONFIG_INVALID, naming the option */
export function parseOptions(options: VerifierSettings): VerifierConfig {
  if (!isRecord(options)) throw invalid("options", "must be an object");
  const { maxClockSkewSeconds } = TOKEN_LIMITS;
  const issuer = parseIssuer(options);
  return {
    rules: {
      issuer,
      audience: parseAudience(options.audience),
      maxClockSkewSeconds: within("maxClockSkewSeconds", options.maxClockSkewSeconds, {
        min: 0,
        max: maxClockSkewSeconds,
        default: maxClockSkewSeconds,
      }),
      maxLifetimeSeconds: within("maxLifetimeSeconds", options.maxLifetimeSeconds, {
        min: 1,
        max: TOKEN_LIMITS.maxTtlSeconds,
        default: TOKEN_LIMITS.maxTtlSeconds,
      }),
    },
    algorithms: parseAlgorithms(options.algorithms),
    keys: parseKeys(issuer, options),
    cacheEntries: parseCacheEntries(options.cache),
    isRevoked: options.isRevoked ?? (() => false),
    isKeyRemoved: options.isKeyRemoved ?? (() => false),
    onKeysError: options.onKeysError ?? (() => {}),
    clock: options.clock ?? Date.now,
    fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    jwksTimeoutMs: within("jwksTimeoutMs", options.jwksTimeoutMs, {
      min: 1,
      max: 30_000,
      default: JWKS_LIMITS.timeoutMs,
    }),
  };
}

function parseIssuer({ issuer, jwks }: VerifierSettings): string {
  if (typeof issuer !== "string" || issuer === "") {
    throw invalid("issuer", "is required: the issuer's URL as it stands in iss");
  }
  if (jwks === undefined && issuer.endsWith("/")) {
    throw invalid(
      "issuer",
      `must be spelt ${issuer.replace(/\/+$/, "")}, or with jwks if its tokens do end in a slash`,
    );
  }
  return issuer;
}

function parseAudience(audience: unknown): AudienceSet {
  const isId = (value: unknown): value is string => typeof value === "string" && value !== "";
  if (isId(audience)) return new Set([audience]);
  if (Array.isArray(audience)) {
    if (audience.length > 0 && audience.every(isId)) return new Set(audience);
  } else if (typeof (audience as AudienceSet | undefined)?.has === "function") {
    return audience as AudienceSet;
  }
  throw invalid("audience", "is required: an app id, a list of them, or something with has(appId)");
}

function parseAlgorithms(algorithms: readonly unknown[] = ["EdDSA"]): readonly SessionAlgorithm[] {
  if (Array.isArray(algorithms) && algorithms.length > 0 && algorithms.every(isSessionAlgorithm)) {
    return [...algorithms];
  }
  throw invalid("algorithms", 'must be a list of "EdDSA" and "ES256"');
}

function parseKeys(issuer: string, options: VerifierSettings): VerifierConfig["keys"] {
  const { jwks = endpointOf(issuer, ".well-known/jwks.json"), unsafeAllowHttp } = options;
  if (typeof jwks === "string") {
    const url = secureUrl(jwks, unsafeAllowHttp === true);
    if (url !== undefined) return { url };
    throw invalid("jwks", "must be an https URL (http only on loopback), a JWK Set, or keys");
  }
  const keys = importKeys(isRecord(jwks) ? jwks["keys"] : jwks);
  if (keys.size === 0) throw invalid("jwks", "holds no key that can verify session tokens");
  return keys;
}

function parseCacheEntries(cache: SessionVerifierOptions["cache"]): number {
  if (cache === false) return 0;
  return within("cache.maxEntries", cache?.maxEntries, {
    min: 1,
    max: MAX_CACHE_ENTRIES,
    default: DEFAULT_CACHE_ENTRIES,
  });
}

function within(name: string, value: number | undefined, range: NumberRange): number {
  const checked = numberWithin(value, range);
  if (checked !== undefined) return checked;
  throw invalid(name, `must be a number from ${range.min} to ${range.max}`);
}

function invalid(option: string, problem: string): BridgeError {
  return invalidOption("createSessionVerifier", `${option}: ${problem}`);
}
