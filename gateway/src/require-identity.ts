/**
 * For services behind the gateway: reads the caller's identity from the gateway's headers, or throws.
 *
 * Does NOT check that the request came through the gateway. Anyone who can reach the service directly can
 * set these headers. So only the gateway may reach the service (a private network, a loopback port, mTLS),
 * or the service verifies the token itself on a `forwardToken` route.
 */
import { BridgeError } from "@breezeway/shared";
import { decodeIdentity, IDENTITY_HEADERS } from "./request/identity-headers.ts";

export { BridgeError, toProblem } from "@breezeway/shared";

/** The caller, as the gateway verified it. */
export interface Identity {
  readonly userId: string;
  readonly tenantId: string;
  readonly appId: string;
  /** Session handle for logs and for ending the session. Not a secret. */
  readonly sessionId: string;
  readonly scopes: readonly string[];
  /** Also in the gateway's audit line and in error bodies. */
  readonly requestId: string;
}

/** `request.headers` of Node, Express, Fastify or Koa, or Web-standard `Headers`. */
export type IncomingHeaders =
  | { get(name: string): string | null }
  | { readonly [name: string]: string | readonly string[] | undefined };

/**
 * Returns the caller's identity. Call it first in every handler, and pass the result on instead of headers.
 *
 * @throws {BridgeError} TOKEN_MISSING (401), when a header is absent or empty, so the request did not come
 *   through the gateway; REQUEST_MALFORMED (400), when a header appears twice or is not in the gateway's
 *   encoding, or when the two tenant headers differ. `toProblem` turns the error into an answer.
 *
 * @example
 * const { tenantId } = requireIdentity(request.headers);
 * const orders = await db.listOrders(tenantId);
 */
export function requireIdentity(headers: IncomingHeaders): Identity {
  const tenantId = required(headers, IDENTITY_HEADERS.tenant);
  if (required(headers, IDENTITY_HEADERS.tenantId) !== tenantId) {
    throw new BridgeError("REQUEST_MALFORMED", "X-Tenant-ID and X-Breezeway-Tenant differ.");
  }
  return {
    userId: required(headers, IDENTITY_HEADERS.user),
    tenantId,
    appId: required(headers, IDENTITY_HEADERS.app),
    sessionId: required(headers, IDENTITY_HEADERS.session),
    scopes: scopesOf(headers),
    requestId: required(headers, IDENTITY_HEADERS.requestId),
  };
}

function scopesOf(headers: IncomingHeaders): readonly string[] {
  const text = read(headers, IDENTITY_HEADERS.scope);
  // An app without scopes has an empty header, which nginx omits. Both mean: no scopes.
  if (text === undefined || text === "") return [];
  return text.split(" ").map((scope) => decoded(IDENTITY_HEADERS.scope, scope));
}

function required(headers: IncomingHeaders, name: string): string {
  const value = read(headers, name);
  if (value === undefined || value === "") throw missing(name);
  return decoded(name, value);
}

function decoded(name: string, value: string): string {
  const text = decodeIdentity(value);
  if (text === undefined || text === "") {
    throw new BridgeError(
      "REQUEST_MALFORMED",
      `${name} appears twice or was not written by the gateway.`,
    );
  }
  return text;
}

function read(headers: IncomingHeaders, name: string): string | undefined {
  if (isWebHeaders(headers)) return headers.get(name) ?? undefined;
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  // Node joins repeated headers with commas. Frameworks that list them get the same treatment.
  return typeof value === "string" || value === undefined ? value : value.join(",");
}

function isWebHeaders(headers: IncomingHeaders): headers is { get(name: string): string | null } {
  return typeof headers["get"] === "function";
}

function missing(name: string): BridgeError {
  return new BridgeError(
    "TOKEN_MISSING",
    `The request has no ${name} header, so it did not come through the gateway.`,
  );
}
