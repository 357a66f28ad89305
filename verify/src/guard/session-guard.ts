/**
 * The one decision behind every adapter: may this request pass, and with which session? The guard knows
 * no framework. An adapter turns its request into {@link RequestParts}, and the decision into its
 * response.
 */
import { randomUUID } from "node:crypto";
import {
  BridgeError,
  systemClock,
  toProblem,
  type AuthScheme,
  type Clock,
  type ProblemResponse,
} from "@breezeway/shared";
import type { VerifyTestHooks } from "../options/test-hooks.ts";
import { endsWorkWithRequest, streamsEnd } from "../options/runtime.ts";
import {
  openProofVerifier,
  type ProofVerifier,
  type VerifiedProof,
} from "../proof/proof-verifier.ts";
import { checkRequest } from "../verifier/claim-rules.ts";
import { openSessionVerifier, type SessionVerifier } from "../verifier/session-verifier.ts";
import type { VerifiedSession } from "../verifier/verified-session.ts";
import { isPreflight, requestCredential } from "./request-credential.ts";
import { createRefusalLog } from "./refusal-log.ts";
import type { RequestParts } from "./request-parts.ts";
import { createRevocationCheck, type RevocationCheck } from "./revocation-check.ts";
import {
  parseRouteOptions,
  parseSessionOptions,
  type RouteOptions,
  type SessionOptions,
} from "./session-options.ts";

export type Admission =
  /** The request belongs to this session. */
  | { readonly kind: "session"; readonly session: VerifiedSession }
  /** The request has no credential, and the route requires none. */
  | { readonly kind: "anonymous"; readonly session?: never }
  /** The request is a CORS preflight, which never carries a credential. */
  | { readonly kind: "preflight"; readonly session?: never }
  /** The request must be answered with `problem` and nothing else. */
  | { readonly kind: "refused"; readonly problem: ProblemResponse; readonly session?: never };

export interface SessionGuard {
  /**
   * Decides about one request. Never rejects: every failure is an admission of kind `refused`.
   *
   * @param route Pass the same object for each request of a route: it is parsed on first use.
   */
  admit(request: RequestParts, route?: RouteOptions): Promise<Admission>;
  /**
   * Parses the options of a route at start, so that a mistake does not wait for the first request.
   *
   * @throws {BridgeError} CONFIG_INVALID, naming the option
   */
  checkRoute(route: RouteOptions | undefined): void;
  /** Stops key fetches, and the revocation feed unless it was given in the options. */
  close(): void;
}

/**
 * Creates the guard that all adapters are made of.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option
 */
export function createSessionGuard(options: SessionOptions): SessionGuard {
  return createSessionGuardForTesting(options, {});
}

/** {@link createSessionGuard} with parts that a test replaces. */
export function createSessionGuardForTesting(
  options: SessionOptions,
  { clock }: VerifyTestHooks,
): SessionGuard {
  const source = "createSessionGuard";
  return openSessionGuard(parseSessionOptions(options, source), source, clock);
}

/**
 * @param options The result of a schema.
 * @param source The function that takes the options, as error messages name it.
 */
export function openSessionGuard(
  options: SessionOptions,
  source: string,
  clock: Clock = systemClock(),
): SessionGuard {
  const deps: GuardDeps = {
    verifier: openSessionVerifier(options, { source, clock }),
    revocation: createRevocationCheck(options, clock),
    proofs: options.proof && openProofVerifier(options.proof, clock),
    accepted: new WeakMap(),
  };
  const rulesOf = createRouteRules(options, source);
  const report = createRefusalLog(options.onRefused);
  return {
    admit: async (request, route) => {
      try {
        return await authenticate(request, rulesOf(route), deps);
      } catch (error) {
        const requestId = requestIdOf(request);
        report(error, requestId);
        const scheme = schemeOf(request, error, deps);
        return { kind: "refused", problem: toProblem(error, { requestId, scheme }) };
      }
    },
    checkRoute: (route) => void rulesOf(route),
    close: () => {
      deps.verifier.close();
      deps.revocation.close();
    },
  };
}

interface GuardDeps {
  readonly verifier: SessionVerifier;
  readonly revocation: RevocationCheck;
  readonly proofs: ProofVerifier | undefined;
  /** The proof that was accepted of each request of the framework. */
  readonly accepted: WeakMap<object, string>;
}

function checkRuntime(
  { checkRevocation, revocationFeed }: Pick<SessionOptions, "checkRevocation" | "revocationFeed">,
  source: string,
): void {
  const opensFeed = checkRevocation === true && revocationFeed === undefined;
  if (opensFeed && endsWorkWithRequest()) throw streamsEnd(`${source}: checkRevocation`);
}

/** Merges each route's options with those of the adapter, once per route object. */
function createRouteRules(
  defaults: SessionOptions,
  source: string,
): (route: RouteOptions | undefined) => RouteOptions {
  const parsed = new WeakMap<RouteOptions, RouteOptions>();
  checkRuntime(defaults, source);
  return (route) => {
    if (route === undefined) return defaults;
    const known = parsed.get(route);
    if (known !== undefined) return known;
    const rules = { ...defaults, ...parseRouteOptions(route, `${source}, route`) };
    checkRuntime(rules, `${source}, route`);
    parsed.set(route, rules);
    return rules;
  };
}

function tokenMissing(request: RequestParts): BridgeError {
  const hasOther = request.header("authorization") !== undefined;
  const text = hasOther
    ? "The Authorization header holds no session token. Only the scheme Bearer is read."
    : "The request carries no session token.";
  return new BridgeError("TOKEN_MISSING", text);
}

async function authenticate(
  request: RequestParts,
  rules: RouteOptions,
  deps: GuardDeps,
): Promise<Admission> {
  const { verifier, revocation, proofs } = deps;
  if (isPreflight(request)) return { kind: "preflight" };
  const credential = requestCredential(request, proofs !== undefined);
  if (credential === undefined) {
    if (rules.required === false) return { kind: "anonymous" };
    throw tokenMissing(request);
  }
  const { scheme, token } = credential;
  const { method, target } = request;
  const proof =
    scheme === "DPoP"
      ? proofs?.verify({ proof: request.header("dpop"), method, target, token })
      : undefined;
  const session = await verifier.verify(token, {
    origin: request.header("origin"),
    proofKeyThumbprint: proof?.keyThumbprint,
  });
  if (rules.checkRevocation) await revocation.check(session);
  checkRequest(session.claims, session.scopes, {
    tenantId: namedTenant(request.header("x-tenant-id"), session),
    scopes: rules.scopes,
  });
  await checkClaimRules(session, rules);
  if (proof !== undefined) acceptProof(proof, session, request, deps);
  return { kind: "session", session };
}

/** Consumes the proof once per request: an application and its route may both be guarded. */
function acceptProof(
  proof: VerifiedProof,
  session: VerifiedSession,
  { source }: RequestParts,
  { proofs, accepted }: GuardDeps,
): void {
  const name = `${proof.keyThumbprint} ${proof.id}`;
  if (source !== undefined && accepted.get(source) === name) return;
  proofs?.accept(proof, session);
  if (source !== undefined) accepted.set(source, name);
}

/** The scheme of the challenge in a refusal. */
function schemeOf(request: RequestParts, error: unknown, { proofs }: GuardDeps): AuthScheme {
  if (proofs === undefined) return "Bearer";
  const isUnproven = BridgeError.is(error) && error.code === "PROOF_INVALID";
  const isProven = /^dpop\b/i.test(request.header("authorization") ?? "");
  return isUnproven || isProven ? "DPoP" : "Bearer";
}

/** The gateway percent-encodes a tenant that a header cannot carry unchanged. */
function namedTenant(given: string | undefined, session: VerifiedSession): string | undefined {
  const { tenantId } = session;
  return given !== undefined && isEncodingOf(tenantId, given) ? tenantId : given;
}

function isEncodingOf(tenantId: string, given: string): boolean {
  if (!/^[!-+\--~]*%[!-+\--~]*$/.test(given)) return false;
  try {
    return decodeURIComponent(given) === tenantId;
  } catch {
    return false;
  }
}

async function checkClaimRules({ claims }: VerifiedSession, rules: RouteOptions): Promise<void> {
  for (const [name, isValid] of Object.entries(rules.claims ?? {})) {
    // Only `true` accepts: a validator that forgets to return must not let a request pass.
    const verdict: unknown = await isValid(claims[name], claims);
    if (verdict !== true) {
      throw new BridgeError("CLAIM_REJECTED", "A claim does not have an accepted value.", {
        details: { claim: name },
      });
    }
  }
}

/** The gateway's request id when it sent one, so that both logs use the same id. */
function requestIdOf(request: RequestParts): string {
  const given = request.header("x-breezeway-request-id");
  return given !== undefined && /^[\w-]{1,64}$/.test(given) ? given : randomUUID();
}
