/**
 * What the gateway does with each request header, decided by its name alone. One table, one place.
 *
 * Names are compared in the spelling that the laxest upstream would give them: CGI, WSGI and FastCGI
 * turn every character that is not a letter or a digit into "_", so `X_Breezeway_User` and
 * `X.Breezeway-User` arrive there as `X-Breezeway-User`.
 */

import { isProxyClaim } from "./proxy-claims.ts";

export type HeaderKind =
  /** Passed on. */
  | "forward"
  /** What a proxy would say of the client: removed, unless the route lets it pass. */
  | "proxy-claim"
  /** Always removed: an identity header, a hop-by-hop header, or one that upstreams act on in our place. */
  | "drop"
  | "authorization"
  | "proxy-authorization"
  | "dpop"
  | "tenant"
  | "origin"
  | "host"
  | "connection"
  | "upgrade"
  | "content-length"
  | "transfer-encoding"
  | "expect"
  | "cookie"
  | "websocket-protocol"
  | "preflight-method"
  | "preflight-headers"
  | "te"
  | "trailer"
  | "via"
  | "x-forwarded-for"
  | "x-forwarded-proto"
  | "x-forwarded-host";

const EXACT: Readonly<Record<string, HeaderKind>> = {
  authorization: "authorization",
  "proxy-authorization": "proxy-authorization",
  dpop: "dpop",
  "x-tenant-id": "tenant",
  origin: "origin",
  host: "host",
  connection: "connection",
  upgrade: "upgrade",
  "content-length": "content-length",
  "transfer-encoding": "transfer-encoding",
  expect: "expect",
  cookie: "cookie",
  "sec-websocket-protocol": "websocket-protocol",
  "access-control-request-method": "preflight-method",
  "access-control-request-headers": "preflight-headers",
  te: "te",
  trailer: "trailer",
  via: "via",
  "x-forwarded-for": "x-forwarded-for",
  "x-forwarded-proto": "x-forwarded-proto",
  "x-forwarded-host": "x-forwarded-host",
};

const DROPPED: ReadonlySet<string> = new Set([
  // Hop-by-hop (RFC 9110, section 7.6.1) and what belongs to them.
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "http2-settings",
  // Said by whoever sits next to us, or made up by the client; of the other proxies' see `proxy-claims.ts`.
  "forwarded",
  // A framework behind us would route by these after we authorised another path or method.
  "x-original-url",
  "x-original-uri",
  "x-original-method",
  "x-rewrite-url",
  "x-http-method",
  "x-http-method-override",
  "x-method-override",
  // CGI would read it as a proxy setting (CVE-2016-5385).
  "proxy",
]);

const DROPPED_PREFIX = "x-breezeway-";

/** @param name - In any case. */
export function headerKind(name: string): HeaderKind {
  return recall(name).kind;
}

/** The name in lower case, without work for names seen before. */
export function headerEntry(name: string): HeaderEntry {
  return recall(name);
}

export interface HeaderEntry {
  readonly kind: HeaderKind;
  readonly name: string;
}

// Clients send a few dozen names over and over. Bounded, because the names are the clients' choice.
const MAX_REMEMBERED = 512;
const MAX_REMEMBERED_LENGTH = 64;
const remembered = new Map<string, HeaderEntry>();

function recall(name: string): HeaderEntry {
  const known = remembered.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  const entry: HeaderEntry = { kind: classify(lower), name: lower };
  if (remembered.size < MAX_REMEMBERED && name.length <= MAX_REMEMBERED_LENGTH) {
    remembered.set(name, entry);
  }
  return entry;
}

function classify(name: string): HeaderKind {
  if (Object.hasOwn(EXACT, name)) return EXACT[name] ?? "forward";
  const cgiName = cgiNameOf(name);
  if (DROPPED.has(cgiName) || cgiName.startsWith(DROPPED_PREFIX)) return "drop";
  // `Content_Length` would frame the body anew, `X_Tenant_ID` choose a tenant.
  if (cgiName !== name && Object.hasOwn(EXACT, cgiName)) return "drop";
  return isProxyClaim(cgiName) ? "proxy-claim" : "forward";
}

/** @param name - In lower case. */
export function cgiNameOf(name: string): string {
  return name.replace(/[^a-z0-9]/g, "-");
}
