/**
 * Finds the route of a normalised path.
 *
 * Invariant: a path never falls through to a shorter prefix because of its spelling. An upstream that
 * ignores letter case, or dots at the end, would serve `/orders/ADMIN` or `/orders/admin.` as
 * `/orders/admin`, under the scopes of `/orders`. `fold-path.ts` knows these spellings.
 */
import { BridgeError } from "@breezeway/shared";
import type { RateLimitOptions, RouteOptions } from "../config/route-schema.ts";
import { foldPath } from "../request/fold-path.ts";
import { isUnder } from "./is-under.ts";

export interface Route {
  readonly prefix: string;
  /** Origin of the upstream; `undefined` for a route that is only for `/authz`. */
  readonly upstreamOrigin: string | undefined;
  /** As configured: its path comes before the path of each request. */
  readonly upstreamUrl: URL | undefined;
  /** The prefix that the upstream does not see, or empty. */
  readonly strippedPrefix: string;
  /** Scopes that this method requires; `undefined` when the route does not accept the method. */
  requiredScopes(method: string): readonly string[] | undefined;
  /** For the `Allow` header; `undefined` when the route accepts every method. */
  readonly methods: readonly string[] | undefined;
  readonly apps: ReadonlySet<string> | undefined;
  readonly timeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly totalTimeoutMs: number;
  readonly maxBodyBytes: number;
  readonly rateLimit: RateLimitOptions | undefined;
  readonly forwardToken: boolean;
  readonly forwardCookies: boolean;
  /** In lower case; `undefined` for none. */
  readonly passHeaders: ReadonlySet<string> | undefined;
  readonly webSocket: boolean;
  readonly proofRequired: boolean;
  readonly encodedSlashes: "refuse" | "pass";
  /** Maps a path of this route to the path on the upstream. */
  upstreamPath(path: string): string;
}

export interface RouteTable {
  /**
   * @param path - Normalised.
   * @throws {BridgeError} REQUEST_MALFORMED, when servers read a segment of the path differently
   */
  match(path: string): Route | undefined;
  /** Whether the route of this path passes encoded slashes. @throws {BridgeError} as `match` */
  readonly passesSlashes: (path: string) => boolean;
  readonly routes: readonly Route[];
  /** The prefix of the first route to each upstream, by the upstream's origin. */
  readonly upstreams: ReadonlyMap<string, string>;
}

export const ROUTE_DEFAULTS = {
  timeoutMs: 30_000,
  idleTimeoutMs: 300_000,
  totalTimeoutMs: 0,
  maxBodyBytes: 10_485_760,
} as const;

/** @throws {BridgeError} CONFIG_INVALID, when two prefixes are equal, or differ only in a way that some servers ignore */
export function createRouteTable(options: readonly RouteOptions[], source: string): RouteTable {
  const byPrefix = new Map<string, Route>();
  options.forEach((option, index) => {
    const folded = foldPath(option.prefix);
    if (byPrefix.has(folded)) {
      throw new BridgeError(
        "CONFIG_INVALID",
        `${source}: routes[${index}].prefix: another route has this prefix.`,
      );
    }
    byPrefix.set(folded, createRoute(option));
  });
  const find = createPrefixSearch(byPrefix);
  const match = (path: string): Route | undefined => {
    const route = find(foldPath(path));
    return route !== undefined && isUnder(path, route.prefix) ? route : undefined;
  };
  const routes = [...byPrefix.values()];
  return {
    routes,
    upstreams: firstPrefixes(routes),
    match,
    passesSlashes: (path) => match(path)?.encodedSlashes === "pass",
  };
}

function firstPrefixes(routes: readonly Route[]): Map<string, string> {
  const prefixes = new Map<string, string>();
  for (const { upstreamOrigin: origin, prefix } of routes) {
    if (origin !== undefined && !prefixes.has(origin)) prefixes.set(origin, prefix);
  }
  return prefixes;
}

/**
 * Finds the longest prefix of a folded path. The work depends on how deep the deepest prefix is, neither on
 * the number of routes nor on the length of the path.
 */
function createPrefixSearch(byPrefix: ReadonlyMap<string, Route>) {
  const root = byPrefix.get("/");
  let deepest = 0;
  for (const prefix of byPrefix.keys()) deepest = Math.max(deepest, prefix.split("/").length - 1);
  return (folded: string): Route | undefined => {
    let found = root;
    let end = 0;
    for (let depth = 1; depth <= deepest && end < folded.length; depth += 1) {
      const slash = folded.indexOf("/", end + 1);
      end = slash === -1 ? folded.length : slash;
      found = byPrefix.get(folded.slice(0, end)) ?? found;
    }
    return found;
  };
}

function createRoute(options: RouteOptions): Route {
  const upstream = options.upstream === undefined ? undefined : new URL(options.upstream);
  const base = upstream === undefined || upstream.pathname === "/" ? "" : upstream.pathname;
  const stripped = options.stripPrefix === true && options.prefix !== "/" ? options.prefix : "";
  const scopes = options.scopes ?? [];
  return {
    prefix: options.prefix,
    upstreamOrigin: upstream?.origin,
    upstreamUrl: upstream,
    strippedPrefix: stripped,
    requiredScopes: isList(scopes) ? () => scopes : scopesByMethod(scopes),
    methods: isList(scopes) || Object.hasOwn(scopes, "*") ? undefined : methodsOf(scopes),
    apps: options.apps === undefined ? undefined : new Set(options.apps),
    timeoutMs: options.timeoutMs ?? ROUTE_DEFAULTS.timeoutMs,
    idleTimeoutMs: options.idleTimeoutMs ?? ROUTE_DEFAULTS.idleTimeoutMs,
    totalTimeoutMs: options.totalTimeoutMs ?? ROUTE_DEFAULTS.totalTimeoutMs,
    maxBodyBytes: options.maxBodyBytes ?? ROUTE_DEFAULTS.maxBodyBytes,
    rateLimit: options.rateLimit,
    forwardToken: options.forwardToken ?? false,
    forwardCookies: options.forwardCookies ?? false,
    passHeaders:
      options.passHeaders && new Set(options.passHeaders.map((name) => name.toLowerCase())),
    webSocket: options.webSocket ?? true,
    proofRequired: options.proofRequired ?? false,
    encodedSlashes: options.encodedSlashes ?? "refuse",
    upstreamPath: (path) => joinPath(base, path.slice(stripped.length)),
  };
}

function joinPath(base: string, rest: string): string {
  return rest === "" ? (base === "" ? "/" : base) : base + rest;
}

function isList(scopes: NonNullable<RouteOptions["scopes"]>): scopes is readonly string[] {
  return Array.isArray(scopes);
}

// Method names are case-sensitive (RFC 9110, section 9.1), but some services ignore case: "delete" must
// not pass with the scopes of "*". Reverse proxies that ask `/authz` would forward it.
const METHOD = /^[A-Z][A-Z-]*$/;

type ScopeMap = Readonly<Record<string, readonly string[]>>;

function scopesByMethod(scopes: ScopeMap): Route["requiredScopes"] {
  const byMethod = new Map(Object.entries(scopes));
  const others = byMethod.get("*");
  // HEAD is GET without the body (RFC 9110, section 9.3.2).
  const get = byMethod.get("GET");
  if (get !== undefined && !byMethod.has("HEAD")) byMethod.set("HEAD", get);
  return (method) => byMethod.get(method) ?? (METHOD.test(method) ? others : undefined);
}

function methodsOf(scopes: ScopeMap): string[] {
  const methods = Object.keys(scopes);
  return methods.includes("GET") && !methods.includes("HEAD") ? [...methods, "HEAD"] : methods;
}
