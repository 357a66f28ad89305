/** The options of one route, and their schema. */
import * as z from "zod/mini";
import { headerKind } from "../request/header-kinds.ts";

/** Scopes, all of which a token must have; by method where they differ. `HEAD` follows `GET`. */
export type RouteScopes = readonly string[] | Readonly<Record<string, readonly string[]>>;

export interface RateLimitOptions {
  /** Requests per window. */
  readonly requests: number;
  /** Length of the window in seconds, 1 to 86 400. */
  readonly windowSeconds: number;
  /** Requests that agree in these share one count. Default `["tenant", "app", "user"]`. */
  readonly per?: readonly ("tenant" | "app" | "user")[] | undefined;
}

export interface RouteOptions {
  /**
   * `/orders` matches `/orders` and everything under `/orders/`. The longest prefix wins. Letters,
   * digits, `-`, `_`, `.`, `~`.
   */
  readonly prefix: string;
  /**
   * URL of the upstream, such as `http://127.0.0.1:4020`. A path in it is prepended to the path of each
   * request. Without `upstream` the route is only for `/authz`, and requests to it get 404.
   */
  readonly upstream?: string | undefined;
  /**
   * Default: any valid token is enough. With a map, a method without an entry is refused with 405,
   * unless the map has `"*"`.
   */
  readonly scopes?: RouteScopes | undefined;
  /** Ids of the apps that may use the route. Default: every registered app. */
  readonly apps?: readonly string[] | undefined;
  /** Time until the head of the upstream's response, 1 to 3 600 000 milliseconds. Default 30 000. */
  readonly timeoutMs?: number | undefined;
  /** Silence in a body or WebSocket, 1 to 3 600 000 milliseconds; 0 for no limit. Default 300 000. */
  readonly idleTimeoutMs?: number | undefined;
  /** Whole exchange, 1 to 3 600 000 milliseconds; 0 for no limit. Default 0. */
  readonly totalTimeoutMs?: number | undefined;
  /** Largest request body in bytes. Default 10 485 760 (10 MiB). */
  readonly maxBodyBytes?: number | undefined;
  readonly rateLimit?: RateLimitOptions | undefined;
  /** Forwards the `Authorization` header. Default false. */
  readonly forwardToken?: boolean | undefined;
  /** Forwards cookies in both directions, except Breezeway's own. Default false. */
  readonly forwardCookies?: boolean | undefined;
  /**
   * Client headers to forward although proxies use them to describe a client, such as `X-User-Id`. Any
   * caller with a token can set them. Names are written with `-`. Default none.
   */
  readonly passHeaders?: readonly string[] | undefined;
  /** Removes the prefix: the upstream gets `/orders/7` as `/7`. Default false. */
  readonly stripPrefix?: boolean | undefined;
  /** Allows WebSocket upgrades. Default true. */
  readonly webSocket?: boolean | undefined;
  /** Accepts only tokens that are bound to a key, with a proof. Requires `proof`. Default false. */
  readonly proofRequired?: boolean | undefined;
  /**
   * `"pass"` accepts `%2F` in a path, for ids that contain slashes. The path must belong to this route also
   * when each `%2F` is read as a slash. Default `"refuse"`.
   */
  readonly encodedSlashes?: "refuse" | "pass" | undefined;
}

/** The gateway answers these paths itself. No route may be under them. */
export const RESERVED_PREFIXES = ["/authz", "/health", "/metrics"] as const;

const MAX_TIMEOUT_MS = 3_600_000;
const PREFIX = /^\/$|^(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$/;
// RFC 6749, section 3.3.
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

const scopeList = z.array(z.string().check(z.regex(SCOPE, "must be a scope without spaces")));
const milliseconds = (min: number) =>
  z.int().check(z.gte(min), z.lte(MAX_TIMEOUT_MS, `must be at most ${MAX_TIMEOUT_MS}`));

const upstream = z
  .string()
  .check(
    z.refine(
      isUpstreamUrl,
      "must be an http or https URL without credentials, query, fragment or trailing slash",
    ),
  );

export const rateLimitSchema: z.ZodMiniType<RateLimitOptions> = z.strictObject({
  requests: z.int().check(z.gte(1)),
  windowSeconds: z.number().check(z.gte(1), z.lte(86_400)),
  per: z.optional(z.array(z.enum(["tenant", "app", "user"])).check(z.minLength(1))),
});

export const routeSchema: z.ZodMiniType<RouteOptions> = z.strictObject({
  prefix: z
    .string()
    .check(
      z.regex(
        PREFIX,
        'must be "/" or segments of A-Z a-z 0-9 - _ . ~ such as /orders, without a trailing slash',
      ),
      z.refine(isNotReserved, `must not be under ${RESERVED_PREFIXES.join(", ")}`),
    ),
  upstream: z.optional(upstream),
  scopes: z.optional(
    z.union([
      scopeList,
      z.record(
        z.string().check(z.regex(/^(?:[A-Z]{1,20}|\*)$/, 'must be a method in capitals or "*"')),
        scopeList,
      ),
    ]),
  ),
  apps: z.optional(z.array(z.string().check(z.minLength(1))).check(z.minLength(1))),
  timeoutMs: z.optional(milliseconds(1)),
  idleTimeoutMs: z.optional(milliseconds(0)),
  totalTimeoutMs: z.optional(milliseconds(0)),
  maxBodyBytes: z.optional(z.int().check(z.gte(0))),
  rateLimit: z.optional(rateLimitSchema),
  forwardToken: z.optional(z.boolean()),
  forwardCookies: z.optional(z.boolean()),
  passHeaders: z.optional(
    z.array(
      z
        .string()
        .check(
          z.refine(isProxyClaimName, "must be a header that the gateway removes as a proxy claim"),
        ),
    ),
  ),
  stripPrefix: z.optional(z.boolean()),
  webSocket: z.optional(z.boolean()),
  proofRequired: z.optional(z.boolean()),
  encodedSlashes: z.optional(z.enum(["refuse", "pass"])),
});

function isProxyClaimName(name: string): boolean {
  return /^[A-Za-z0-9-]+$/.test(name) && headerKind(name) === "proxy-claim";
}

function isNotReserved(prefix: string): boolean {
  const lower = prefix.toLowerCase();
  return !RESERVED_PREFIXES.some(
    (reserved) => lower === reserved || lower.startsWith(`${reserved}/`),
  );
}

function isUpstreamUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, search, hash, pathname } = new URL(text);
  const isHttp = protocol === "http:" || protocol === "https:";
  const isBare = username === "" && password === "" && search === "" && hash === "";
  const isExact = isHttp && isBare && !/[?#]/.test(text) && !hostname.includes("*");
  return isExact && (pathname === "/" || !pathname.endsWith("/"));
}
