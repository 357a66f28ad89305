/**
 * The upstream's response headers without those that an upstream must not set: hop-by-hop fields, CORS
 * headers (the registry decides), identity headers, and cookies unless the route forwards them.
 */
import type { Route } from "../decision/route-table.ts";
import { IDENTITY_HEADERS } from "../request/identity-headers.ts";
import { connectionTokens } from "../request/header-list.ts";
import { isSessionCookie } from "../request/session-cookie.ts";
import { mayBeTrailer } from "../upstream/trailer-fields.ts";
import type { UpstreamHeaders } from "../upstream/upstream-headers.ts";
import { namesAddresses, rewriteAddresses } from "./upstream-addresses.ts";

const DROPPED: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
  // These apply to the whole origin, which all upstreams share: one upstream could move the origin to
  // another server, clear its cookies and storage, have all requests reported, or change TLS rules.
  "accept-ch",
  "alt-svc",
  "clear-site-data",
  "nel",
  "public-key-pins",
  "report-to",
  "set-login",
  "strict-transport-security",
  // A reverse proxy in front would replace the answer by another resource.
  "x-accel-redirect",
  "x-lighttpd-send-file",
  "x-reproxy-url",
  "x-sendfile",
  ...Object.values(IDENTITY_HEADERS),
]);

export interface ResponseHeaderOptions {
  readonly status: number;
  readonly route: Route | undefined;
  /** The gateway's own headers, such as `Vary: origin`. Name, value, name, value. */
  readonly own: readonly string[];
  readonly requestId: string;
}

/** Name, value, name, value. */
export function responseHeaders(
  upstream: UpstreamHeaders,
  { status, own, requestId, route }: ResponseHeaderOptions,
): string[] {
  const list: string[] = [];
  const named = namedByConnection(upstream["connection"]);
  for (const name in upstream) {
    const value = upstream[name];
    if (value === undefined || isDropped(name) || named?.has(name) === true) continue;
    // Such an answer has no body (RFC 9110, section 8.6). A client that trusts the length would take the
    // next answer's bytes for it.
    if (name === "content-length" && (status === 204 || status < 200)) continue;
    if (namesAddresses(name)) {
      pushRewritten(list, { name, value, route });
    } else if (typeof value === "string") {
      list.push(name, value);
    } else {
      for (const single of value) list.push(name, single);
    }
  }
  for (const part of own) list.push(part);
  list.push(IDENTITY_HEADERS.requestId, requestId);
  return list;
}

/** Trailers to forward: no framing, routing or identity fields (RFC 9110, section 6.5.1). */
export function responseTrailers(upstream: UpstreamHeaders): string[] {
  const list: string[] = [];
  for (const [name, value] of Object.entries(upstream)) {
    if (value === undefined || isDropped(name) || !mayBeTrailer(name)) continue;
    for (const single of typeof value === "string" ? [value] : value) list.push(name, single);
  }
  return list;
}

function isDropped(name: string): boolean {
  return DROPPED.has(name) || name.startsWith("access-control-");
}

function namedByConnection(connection: string | string[] | undefined): Set<string> | undefined {
  if (connection === undefined || connection === "keep-alive" || connection === "close") {
    return undefined;
  }
  return connectionTokens(typeof connection === "string" ? connection : connection.join(","));
}

interface Field {
  readonly name: string;
  readonly value: string | string[];
  readonly route: Route | undefined;
}

function pushRewritten(list: string[], { name, value, route }: Field): void {
  const isCookie = name === "set-cookie";
  if (route === undefined || (isCookie && !route.forwardCookies)) return;
  for (const single of typeof value === "string" ? [value] : value) {
    // An upstream must not replace the host's session.
    if (isCookie && isSessionCookie(single)) continue;
    list.push(name, rewriteAddresses(name, single, route));
  }
}
