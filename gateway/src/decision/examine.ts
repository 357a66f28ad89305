/**
 * The first half of a decision: all checks that need no verified token.
 *
 * Pure and synchronous, like the second half in `authorise.ts`. Exchanges and `/authz` use both halves, so
 * no way in has weaker rules.
 */
import { BridgeError, type AuthScheme } from "@breezeway/shared";
import type { ProofVerifier, VerifiedProof, VerifyRequest } from "@breezeway/verify";
import { readCredential } from "../request/credential.ts";
import { inspectHeaders, type InspectedHeaders } from "../request/inspect-headers.ts";
import type { RequestHead } from "../request/request-head.ts";
import { parseRequestTarget, type RequestTarget } from "../request/request-target.ts";
import type { Policy } from "./policy.ts";
import type { Route } from "./route-table.ts";

/** A request whose path has a route. */
export interface Located {
  readonly head: RequestHead;
  readonly headers: InspectedHeaders;
  readonly target: RequestTarget;
  readonly route: Route;
}

const ANY_ORIGIN: VerifyRequest = {};

/** A request whose token can be verified. */
export interface Examined extends Located {
  readonly scheme: AuthScheme;
  readonly token: string;
  /** To be marked as used once all else is valid; `undefined` for a token without a key. */
  readonly proof: VerifiedProof | undefined;
  readonly webSocketProtocols: readonly string[];
  readonly scopes: readonly string[];
  readonly verifyRequest: VerifyRequest;
}

/** Whether this is a CORS preflight. */
export function isPreflight(head: RequestHead, headers: InspectedHeaders): boolean {
  return (
    head.method === "OPTIONS" &&
    headers.origin !== undefined &&
    headers.preflightMethod !== undefined
  );
}

/**
 * Finds the route. This comes first: a path without a route is 404 for everybody.
 *
 * @throws {BridgeError} REQUEST_MALFORMED, HEADERS_TOO_LARGE, DUPLICATE_CREDENTIALS, ROUTE_UNKNOWN
 */
export function locate(head: RequestHead, headers: InspectedHeaders, policy: Policy): Located {
  const located = findRoute(head, headers, policy);
  if (located === undefined) throw routeUnknown();
  return located;
}

/** As {@link locate}; `undefined` for a path without a route. */
export function findRoute(
  head: RequestHead,
  headers: InspectedHeaders,
  policy: Policy,
): Located | undefined {
  const target = parseRequestTarget(head.target, policy.routes.passesSlashes);
  const route = policy.routes.match(target.path);
  return route && { head, headers, target, route };
}

export function routeUnknown(): BridgeError {
  return new BridgeError("ROUTE_UNKNOWN", "No route has this path.");
}

/**
 * @throws {BridgeError} METHOD_NOT_ALLOWED, TOKEN_MISSING, DUPLICATE_CREDENTIALS, BODY_TOO_LARGE,
 *   ORIGIN_NOT_ALLOWED
 */
export function examine(located: Located, policy: Policy): Examined {
  const { head, headers, target, route } = located;
  // TRACE would show the caller the headers that the gateway adds; CONNECT would open a tunnel.
  if (head.method === "TRACE" || head.method === "CONNECT") throw methodNotAllowed();
  const credential = readCredential(headers);
  const { apps } = policy;
  const { origin } = headers;
  const isHost = origin !== undefined && policy.hostOrigins.has(origin);
  // Before the issuer's registry has arrived, no token is accepted.
  if (origin !== undefined && !isHost && apps?.byOrigin(origin).length === 0) {
    throw new BridgeError("ORIGIN_NOT_ALLOWED", "No app is registered at this origin.");
  }
  const scopes = route.requiredScopes(head.method);
  if (scopes === undefined) throw methodNotAllowed();
  return {
    head,
    headers,
    target,
    route,
    scheme: credential.scheme,
    token: credential.token,
    proof: undefined,
    webSocketProtocols: credential.webSocketProtocols,
    scopes,
    // A host fetches for its guests, so its origin differs from the one in their tokens.
    verifyRequest: isHost ? ANY_ORIGIN : { origin },
  };
}

/**
 * Verifies the proof of possession, if the scheme is DPoP or the route requires a proof. Costs a signature
 * check, so it is not part of {@link examine}.
 *
 * @param proofs - `undefined` when the gateway accepts no proofs.
 * @throws {BridgeError} PROOF_INVALID; TOKEN_MISSING, when the gateway accepts no proofs
 */
export function prove(request: Examined, proofs: ProofVerifier | undefined): Examined {
  const { head, headers, route, scheme, token } = request;
  if (scheme !== "DPoP") {
    if (!route.proofRequired) return request;
    throw new BridgeError(
      "PROOF_INVALID",
      "This route requires a DPoP proof: send the token with the scheme DPoP and a DPoP header.",
    );
  }
  if (proofs === undefined) {
    throw new BridgeError(
      "TOKEN_MISSING",
      "The Authorization header has an unknown scheme: use Bearer.",
    );
  }
  const { method, target } = head;
  const proof = proofs.verify({ proof: headers.proof, method, target, token });
  const { keyThumbprint: proofKeyThumbprint } = proof;
  return { ...request, proof, verifyRequest: { ...request.verifyRequest, proofKeyThumbprint } };
}

export interface ExamineDeps {
  /** `undefined` for no limit. */
  readonly refusalLimit:
    | { check(head: RequestHead, token: string, request: VerifyRequest): void }
    | undefined;
  /** `undefined` when the gateway accepts no tokens that are bound to a key. */
  readonly proofs: ProofVerifier | undefined;
}

/**
 * Everything before the token's signature: {@link examine}, the limit on rejected tokens, then
 * {@link prove}.
 *
 * @throws {BridgeError} as `examine` and `prove`; RATE_LIMITED after too many rejected tokens
 */
export function examineAndProve(
  located: Located,
  policy: Policy,
  { refusalLimit, proofs }: ExamineDeps,
): Examined {
  const examined = examine(located, policy);
  refusalLimit?.check(located.head, examined.token, examined.verifyRequest);
  return prove(examined, proofs);
}

/** @throws {BridgeError} as {@link inspectHeaders}; REQUEST_MALFORMED, when `Host` is missing */
export function inspectHead(head: RequestHead): InspectedHeaders {
  const headers = inspectHeaders(head.rawHeaders);
  if (headers.host === undefined) {
    throw new BridgeError("REQUEST_MALFORMED", "Request headers: Host is required.");
  }
  return headers;
}

function methodNotAllowed(): BridgeError {
  return new BridgeError("METHOD_NOT_ALLOWED", "This route does not accept this method.");
}
