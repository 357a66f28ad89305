/**
 * For services behind the gateway: the caller's identity out of the gateway's headers, or an error.
 *
 * What this does NOT check: that the request came through the gateway. Anyone who reaches the
 * service directly can write these headers, so the service must be reachable by the gateway only (a
 * private network, a loopback port, mTLS), or verify the token itself on a `forwardToken` route.
 */
import { BridgeError } from "@breezeway/shared";
import { decodeIdentity, IDENTITY_HEADERS } from "./request/identity-headers.ts";

export { BridgeError, toProblem } from "@breezeway/shared";

/** Who is calling, as the gateway verified it. */
export interface Identity {
  readonly userId: string;
  readonly tenantId: string;
  readonly appId: string;
  /** Session handle: for logs and for ending the session, never a secret. */
  readonly sessionId: string;
  readonly scopes: readonly string[];
  /** The same in the gateway's audit line and in the caller's error body. */
  readonly requestId: string;
}

/** `request.headers` of Node, Express, Fastify and Koa, or Web-standard `Headers`. */
export type IncomingHeaders =
  | { get(name: string): string | null }
  | { readonly [name: string]: string | readonly string[] | undefined };

/**
 * The caller's identity. Call it first in every handler, and pass the result on instead of headers.
 *
 * @throws {BridgeError} TOKEN_MISSING (401) when a header is absent or empty: the request did not
 *   come through the gateway; REQUEST_MALFORMED (400) when one is there twice, is not in the
 *   gateway's encoding, or the two tenant headers differ. Turn it into an answer with `toProblem`.
 *
 * @example
 * const { tenantId } = requireIdentity(request.headers);
 * const orders = await db.listOrders(tenantId);
 */
export function requireIdentity(headers: IncomingHeaders): Identity {
  const tenantId = required(headers, IDENTITY_HEADERS.tenant);
  if (required(headers, IDENTITY_HEADERS.tenantId) !== tenantId) {
    throw new BridgeError("REQUEST_MALFORMED", "The two tenant headers differ.");
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
  // An app without scopes has an empty header, which nginx leaves out: no header, no rights.
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
    throw new BridgeError("REQUEST_MALFORMED", `${name} is there twice, or not the gateway's.`);
  }
  return text;
}

function read(headers: IncomingHeaders, name: string): string | undefined {
  if (isWebHeaders(headers)) return headers.get(name) ?? undefined;
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  // Node joins repeated headers; frameworks that list them must not hide one behind the other.
  return typeof value === "string" || value === undefined ? value : value.join(",");
}

function isWebHeaders(headers: IncomingHeaders): headers is { get(name: string): string | null } {
  return typeof headers["get"] === "function";
}

function missing(name: string): BridgeError {
  return new BridgeError(
    "TOKEN_MISSING",
    `The request has no ${name} header: it did not come through the gateway.`,
  );
}
