/** Options of the guard and of its routes: their types and their schemas. */
import {
  functionOption,
  instanceOption,
  optionObject,
  parseOptions,
  type OptionShape,
  type SessionClaims,
} from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import { proofOptionsSchema, type ProofOptions } from "../proof/proof-options.ts";
import type { RevocationFeed } from "../revocation/revocation-feed.ts";
import { verifierShape, type SessionVerifierOptions } from "../verifier/options.ts";

/** True when the claim has an accepted value. `value` is `undefined` when the token lacks the claim. */
export type ClaimValidator = (value: unknown, claims: SessionClaims) => boolean | Promise<boolean>;

/** What a route requires of a session. Each option that is absent comes from the adapter's options. */
export interface RouteOptions {
  /**
   * Whether a request without a credential is refused. Default true. A request with a bad credential is
   * always refused.
   */
  readonly required?: boolean | undefined;
  /** The token must have all of these scopes. */
  readonly scopes?: readonly string[] | undefined;
  /** Validators by claim name. All must return true. */
  readonly claims?: Readonly<Record<string, ClaimValidator>> | undefined;
  /**
   * Whether to refuse revoked sessions and removed keys while their tokens have not expired. Default
   * false: a revoked session then ends with its token, at most a minute later, and a removed key with
   * the cached key set. True refuses requests with 503 while the revocation feed is unavailable.
   */
  readonly checkRevocation?: boolean | undefined;
}

/** Options of every adapter's `verifySession`, and of `createSessionGuard`. */
export interface SessionOptions extends SessionVerifierOptions, RouteOptions {
  /** A feed that several adapters share. Default: `{issuer}/revocations`, opened on first use. */
  readonly revocationFeed?: RevocationFeed;
  /** Accepts tokens that are bound to a key, with a proof (RFC 9449). Default: they are refused. */
  readonly proof?: ProofOptions;
  /**
   * Called with the reason of each refusal, for logs. The error never holds the token. Default: a line on
   * standard error, at most one per reason and minute.
   */
  readonly onRefused?: (error: unknown, requestId: string) => void;
}

/** Options of `verifySession` for handlers. Only a route may make their session optional. */
export type HandlerSessionOptions = Omit<SessionOptions, "required">;

const { required, ...routeShape }: OptionShape<RouteOptions> = {
  required: z.optional(z.boolean()),
  scopes: z.optional(z.array(z.string())),
  claims: z.optional(z.record(z.string(), functionOption<ClaimValidator>())),
  checkRevocation: z.optional(z.boolean()),
};

/** The options of adapters whose handlers take the session as an argument. Lambda adds one of its own. */
export const handlerShape: OptionShape<HandlerSessionOptions> = {
  ...verifierShape,
  ...routeShape,
  revocationFeed: z.optional(
    instanceOption<RevocationFeed>(
      ["isRevoked", "isKeyRemoved", "ready"],
      "must be a revocation feed: createRevocationFeed(…)",
    ),
  ),
  proof: z.optional(proofOptionsSchema),
  onRefused: z.optional(functionOption<(error: unknown, requestId: string) => void>()),
};

/** The schema of each option of `verifySession`. NestJS adds one of its own. */
export const sessionShape: OptionShape<SessionOptions> = { ...handlerShape, required };

const sessionSchema = optionObject<SessionOptions>(sessionShape);
const handlerSchema = optionObject<HandlerSessionOptions>(handlerShape);
const routeSchema = optionObject<RouteOptions>({ ...routeShape, required });

/** @throws {BridgeError} CONFIG_INVALID, naming the option */
export function parseSessionOptions(options: unknown, source: string): SessionOptions {
  return parseOptions(sessionSchema, options, source);
}

/**
 * For adapters whose handlers take the session as an argument. Only a route may make it optional, since
 * the type of the handler depends on it.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option
 */
export function parseHandlerSessionOptions(options: unknown, source: string): SessionOptions {
  return parseOptions(handlerSchema, options, source);
}

/** @throws {BridgeError} CONFIG_INVALID, naming the option */
export function parseRouteOptions(route: unknown, source: string): RouteOptions {
  return parseOptions(routeSchema, route, source);
}
