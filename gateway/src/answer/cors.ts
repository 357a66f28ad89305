/**
 * CORS headers (https://fetch.spec.whatwg.org/#http-cors-protocol), from the app registry.
 *
 * Invariants: the gateway echoes an origin only when it equals, byte for byte, the origin of a registered
 * app or host. It never sends `*`, and never allows credentials, since it reads no cookies. Every answer
 * has `Vary: Origin`, also without an origin, so that no cache mixes the answers up.
 *
 * A preflight is not authorised: a page cannot read why a preflight failed, so every registered origin may
 * send its request, and reads the reason in that answer. See docs/adr/0063.
 */
import { BridgeError } from "@breezeway/shared";
import type { Policy } from "../decision/policy.ts";
import type { Route } from "../decision/route-table.ts";
import { routeUnknown } from "../decision/examine.ts";
import type { InspectedHeaders } from "../request/inspect-headers.ts";

const OWN_EXPOSED_HEADERS = [
  "x-breezeway-request-id",
  "www-authenticate",
  "retry-after",
  "ratelimit",
  "ratelimit-policy",
] as const;

const ALL_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
const VARY_ALWAYS: readonly string[] = ["vary", "origin"];
const HEADER_NAMES = /^[A-Za-z0-9!#$%&'*+.^_`|~, -]{1,2048}$/;

function isRegistered(origin: string, policy: Policy): boolean {
  // Before the issuer's registry has arrived, every request is refused, and pages may read why.
  return policy.hostOrigins.has(origin) || policy.apps?.byOrigin(origin).length !== 0;
}

/** CORS headers for an answer to a request with this `Origin`. Name, value, name, value. */
export function corsHeaders(origin: string | undefined, policy: Policy): readonly string[] {
  if (origin === undefined) return VARY_ALWAYS;
  const { prepared, exposedHeaders } = policy.cors;
  let headers = prepared.get(origin);
  if (headers === undefined) {
    if (!isRegistered(origin, policy)) return VARY_ALWAYS;
    headers = [
      "access-control-allow-origin",
      origin,
      "access-control-expose-headers",
      [...OWN_EXPOSED_HEADERS, ...exposedHeaders].join(", "),
      ...VARY_ALWAYS,
    ];
    prepared.set(origin, headers);
  }
  return headers;
}

/**
 * Headers of the 204 that answers a preflight.
 *
 * @param route - `undefined` when the path has no route.
 * @throws {BridgeError} ORIGIN_NOT_ALLOWED, when no app or host has this origin; ROUTE_UNKNOWN, when the
 *   path has no route either; REQUEST_MALFORMED, when `Access-Control-Request-Headers` is not a list of
 *   header names
 */
export function preflightHeaders(
  { origin, preflightHeaders: asked }: InspectedHeaders,
  route: Route | undefined,
  policy: Policy,
): string[] {
  if (origin === undefined || !isRegistered(origin, policy)) {
    if (route === undefined) throw routeUnknown();
    throw new BridgeError("ORIGIN_NOT_ALLOWED", "No app is registered at this origin.");
  }
  if (asked !== undefined && asked !== "" && !HEADER_NAMES.test(asked)) {
    throw new BridgeError(
      "REQUEST_MALFORMED",
      "Access-Control-Request-Headers must be a list of header names.",
    );
  }
  return [
    "access-control-allow-origin",
    origin,
    "access-control-allow-methods",
    ALL_METHODS,
    // The list is echoed, since "*" does not include Authorization and upstreams have their own headers.
    "access-control-allow-headers",
    asked === undefined || asked === "" ? "authorization, content-type" : asked,
    "access-control-max-age",
    String(policy.cors.maxAgeSeconds),
    "vary",
    "origin, access-control-request-method, access-control-request-headers",
  ];
}
