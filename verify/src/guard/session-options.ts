import type { SessionClaims } from "@breezeway/shared/schemas";
import type { ProofOptions } from "../proof/proof-options.ts";
import type { RevocationFeed } from "../revocation/revocation-feed.ts";
import type { SessionVerifierOptions } from "../verifier/options.ts";

/** True when the claim (`undefined` when the token has none of this name) has a good value. */
export type ClaimValidator = (value: unknown, claims: SessionClaims) => boolean | Promise<boolean>;

/** What a route asks of a session. What a route leaves out, it takes from the adapter's options. */
export interface RouteOptions {
  /**
   * Whether a request without a credential is refused. Default true. A bad credential is refused
   * in either case.
   */
  readonly required?: boolean | undefined;
  /** Scopes that the token must all have. */
  readonly scopes?: readonly string[] | undefined;
  /** Validators by claim name; all must return true. */
  readonly claims?: Readonly<Record<string, ClaimValidator>> | undefined;
  /**
   * Whether to refuse sessions that were revoked, and keys that were removed, while their tokens
   * still live. Default false: a revoked session then ends with its token, a minute later at most,
   * and a removed key with the copy of the key set. True refuses with 503 while the feed cannot be
   * followed.
   */
  readonly checkRevocation?: boolean | undefined;
}

export interface SessionOptions extends SessionVerifierOptions, RouteOptions {
  /** A feed to share between several adapters. Default: one of `{issuer}/revocations`, when needed. */
  readonly revocationFeed?: RevocationFeed;
  /**
   * Takes tokens that are bound to a key, with a proof of it (RFC 9449). Default: they are refused.
   */
  readonly proof?: Omit<ProofOptions, "clock">;
  /** Told of each refusal; for logs. Never holds the token. */
  readonly onRefused?: (error: unknown, requestId: string) => void;
}
