/**
 * Cross-origin answers (https://fetch.spec.whatwg.org/#http-cors-protocol), from the app registry.
 *
 * Invariants: an origin is echoed only when it is, byte for byte, that of a registered app or host; never
 * `*`; never credentials, since the gateway reads no cookies; `Vary: Origin` on every answer, with
 * and without an origin, so that no cache mixes them up.
 *
 * A preflight decides nothing: a page cannot read how one was refused, so every registered origin may
 * send its request, and reads there why it may not. See docs/adr/0063.
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
  return policy.hostOrigins.has(origin) || policy.apps.byOrigin(origin).length > 0;
}

/** The headers of an answer to a request with this `Origin`. Name, value, name, value. */
export function corsHeaders(origin: string | undefined, policy: Policy): readonly string[] {
  if (origin === undefined) return VARY_ALWAYS;
  let known = prepared.get(policy);
  if (known === undefined) prepared.set(policy, (known = new Map()));
  let headers = known.get(origin);
  if (headers === undefined) {
    if (!isRegistered(origin, policy)) return VARY_ALWAYS;
    headers = [
      "access-control-allow-origin",
      origin,
      "access-control-expose-headers",
      [...OWN_EXPOSED_HEADERS, ...policy.cors.exposedHeaders].join(", "),
      ...VARY_ALWAYS,
    ];
    known.set(origin, headers);
  }
  return headers;
}

// Bounded by the number of registered origins.
const prepared = new WeakMap<Policy, Map<string, readonly string[]>>();

/**
 * The headers of the 204 that answers a preflight.
 *
 * @param route - `undefined` for a path without one.
 * @throws {BridgeError} ORIGIN_NOT_ALLOWED for an origin of no app and no host, ROUTE_UNKNOWN for one at
 *   a path without a route; REQUEST_MALFORMED when it asks for what is not a list of header names.
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
    throw new BridgeError("REQUEST_MALFORMED", "Access-Control-Request-Headers is not a list.");
  }
  return [
    "access-control-allow-origin",
    origin,
    "access-control-allow-methods",
    ALL_METHODS,
    // Echoed: "*" does not cover Authorization, and upstreams have headers of their own.
    "access-control-allow-headers",
    asked === undefined || asked === "" ? "authorization, content-type" : asked,
    "access-control-max-age",
    String(policy.cors.maxAgeSeconds),
    "vary",
    "origin, access-control-request-method, access-control-request-headers",
  ];
}
