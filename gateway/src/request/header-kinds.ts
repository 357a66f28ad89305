/**
 * How the gateway treats each request header, by name alone.
 *
 * Names are compared as the most lenient upstream would read them: CGI, WSGI and FastCGI replace every
 * character other than letters and digits with "_". So `X_Breezeway_User` and `X.Breezeway-User` arrive
 * there as `X-Breezeway-User`.
 */
import { HARMLESS_HEADERS, isProxyClaim } from "./proxy-claims.ts";

export type HeaderKind =
  /** Forwarded. */
  | "forward"
  /** A header in which proxies describe the client: removed, unless the route passes it. */
  | "proxy-claim"
  /** Always removed: identity and hop-by-hop headers, and those that would override the decision. */
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

/** Headers that no route can pass: they would override what the gateway decided, or frame the message. */
export const NEVER_PASSED: ReadonlySet<string> = new Set([
  // Hop-by-hop headers (RFC 9110, section 7.6.1) and related ones.
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "http2-settings",
  // Set by the next proxy, or forged by the client. `proxy-claims.ts` lists those of other proxies.
  "forwarded",
  // Frameworks route by these, although the gateway authorised another path or method.
  "x-original-url",
  "x-original-uri",
  "x-original-method",
  "x-rewrite-url",
  "x-http-method",
  "x-http-method-override",
  "x-method-override",
  // CGI reads it as a proxy setting (CVE-2016-5385).
  "proxy",
]);

const DROPPED_PREFIX = "x-breezeway-";

/** @param name - In any case. */
export function headerKind(name: string): HeaderKind {
  return headerEntry(name).kind;
}

export interface HeaderEntry {
  readonly kind: HeaderKind;
  readonly name: string;
}

// Clients repeat a few dozen names. The cache is bounded, because clients choose the names.
const MAX_CACHED = 512;
const MAX_CACHED_LENGTH = 64;
const cache = new Map<string, HeaderEntry>();

/** Kind and lower-case name. Names that were seen before come from a cache. */
export function headerEntry(name: string): HeaderEntry {
  const known = cache.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  const entry: HeaderEntry = { kind: classify(lower), name: lower };
  if (cache.size < MAX_CACHED && name.length <= MAX_CACHED_LENGTH) {
    cache.set(name, entry);
  }
  return entry;
}

function classify(name: string): HeaderKind {
  if (Object.hasOwn(EXACT, name)) return EXACT[name] ?? "forward";
  const cgiName = cgiNameOf(name);
  if (NEVER_PASSED.has(cgiName) || cgiName.startsWith(DROPPED_PREFIX)) return "drop";
  // `Content_Length` would change the framing, and `X_Tenant_ID` the tenant.
  if (cgiName !== name && Object.hasOwn(EXACT, cgiName)) return "drop";
  return isProxyClaim(cgiName) && !HARMLESS_HEADERS.includes(name) ? "proxy-claim" : "forward";
}

/** @param name - In lower case. */
export function cgiNameOf(name: string): string {
  return name.replace(/[^a-z0-9]/g, "-");
}
