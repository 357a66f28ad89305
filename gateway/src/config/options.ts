/** Options of {@link createGateway}: their types, their checks, and what is made of them once. */
import { BridgeError, isOrigin, quoted } from "@breezeway/shared";
import {
  createAppRegistry,
  parseWith,
  type AppRegistry,
  type ManifestInput,
  type SessionClaims,
} from "@breezeway/shared/schemas";
import {
  createProofVerifier,
  type Fetch,
  type ProofOptions,
  type ProofVerifier,
  type SessionAlgorithm,
  type SessionVerifierOptions,
} from "@breezeway/verify";
import * as z from "zod/mini";
import { createPeerTrust } from "../request/peer-trust.ts";
import { headerKind } from "../request/header-kinds.ts";
import { createRemoval } from "../request/removed-headers.ts";
import type { RateLimitStore } from "../limits/rate-limit-store.ts";
import { REFUSAL_LIMIT, type RefusalLimitOptions } from "../limits/refusal-limit.ts";
import type { AuditDestination } from "../observe/audit.ts";
import type { MetricsOptions } from "../observe/metrics.ts";
import { UPSTREAM_LIMITS, type UpstreamLimits } from "../upstream/upstream-pools.ts";
import type { Policy } from "../decision/policy.ts";
import { createRouteTable } from "../decision/route-table.ts";
import { routeSchema, type RouteOptions } from "./route-schema.ts";

export interface CorsOptions {
  /** How long a browser may remember a preflight, 0 to 86 400 seconds. Default 600. */
  readonly maxAgeSeconds?: number | undefined;
  /** Response headers that guests may read, beside the gateway's own. Default none. */
  readonly exposedHeaders?: readonly string[] | undefined;
}

/** Of each upstream. The defaults are in `UPSTREAM_LIMITS`. */
export type LimitOptions = { readonly [Name in keyof UpstreamLimits]?: number | undefined };

export interface RevocationOptions {
  /** Default `<issuer>/revocations`. */
  readonly url?: string | undefined;
  /** Sent with the request, for an issuer that guards its feed. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Silence after which the issuer is taken for gone, 100 to 300 000 milliseconds. Default 3 000. */
  readonly maxSilenceMs?: number | undefined;
  /** Longest wait between two attempts to connect, 10 to 60 000 milliseconds. Default 1 000. */
  readonly maxRetryMs?: number | undefined;
}

export interface GatewayOptions {
  /**
   * The issuer's URL, compared byte for byte with the tokens' `iss`. No slash at the end, unless `jwks`
   * is given, and `revocations` too: another issuer's spelling.
   */
  readonly issuer: string;
  readonly apps: AppRegistry | readonly ManifestInput[];
  readonly routes: readonly RouteOptions[];
  /** Default: the URL `<issuer>/.well-known/jwks.json`. */
  readonly jwks?: SessionVerifierOptions["jwks"] | undefined;
  /** Default `["EdDSA"]`. */
  readonly algorithms?: readonly SessionAlgorithm[] | undefined;
  /** The issuer's feed of revocations; `false` to follow none. */
  readonly revocations?: RevocationOptions | false | undefined;
  /** Asked on every request, beside the revocation feed. True refuses with `session-revoked`. */
  readonly isRevoked?: ((claims: SessionClaims) => boolean) | undefined;
  /**
   * Takes tokens that are bound to a key, with a proof of it (RFC 9449). `publicUrls` is where clients
   * reach this gateway. Default: such tokens are refused.
   */
  readonly proof?: Omit<ProofOptions, "clock"> | undefined;
  readonly cors?: CorsOptions | undefined;
  /**
   * Origins of host shells that fetch for their guests (`via: "host"`). Their requests may carry the
   * token of any app. Default none.
   */
  readonly hostOrigins?: readonly string[] | undefined;
  /**
   * Addresses and CIDR ranges of proxies in front, whose `X-Forwarded-*` headers are believed and
   * extended. From everyone else they are replaced. Default none.
   */
  readonly trustedProxies?: readonly string[] | undefined;
  /**
   * Headers of clients, beside those that never pass, that no upstream gets: those by which your services
   * tell each other who is calling. A name, or its beginning with `*` behind: `["x-acme-*"]`. Compared as
   * CGI would read them, so `X_Acme_User` too. Default none.
   */
  readonly removeHeaders?: readonly string[] | undefined;
  readonly limits?: LimitOptions | undefined;
  /** Where rate limits are counted when several gateways run. Default: in this process. */
  readonly rateLimitStore?: RateLimitStore | undefined;
  /**
   * Refused tokens per client address, after which its tokens are not verified until the window ends;
   * 429 `rate-limited`. Counted in this process. Only for addresses that stand for one client: name
   * balancers and engines in `trustedProxies`, without which what comes through a private network is
   * not limited. Default 1 000 in 60 seconds; `false` for no limit.
   */
  readonly refusalLimit?: RefusalLimitOptions | false | undefined;
  /** One line of JSON per decision. Default: none. */
  readonly audit?: AuditDestination | undefined;
  readonly metrics?: MetricsOptions | undefined;
  /** Spans through the OpenTelemetry API, for a process that has registered an SDK. Default false. */
  readonly tracing?: boolean | undefined;
  /**
   * Told of failures that no request sees: of the key set, the feed, and the store of rate limits.
   * Default: a line on standard error, at most one a minute while the same failure lasts.
   */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Epoch milliseconds. Default `Date.now`. */
  readonly clock?: (() => number) | undefined;
  /** For the issuer's keys and revocations. Default: the runtime's. */
  readonly fetch?: Fetch | undefined;
  /** Makes request ids: visible ASCII, at most 64 characters. Default: random UUIDs. */
  readonly randomId?: (() => string) | undefined;
}

export type PolicyOptions = Pick<
  GatewayOptions,
  "apps" | "routes" | "cors" | "hostOrigins" | "trustedProxies" | "removeHeaders"
>;

const policySchema = z.object({
  routes: z.array(routeSchema).check(z.minLength(1, "must have at least one route")),
  cors: z.optional(
    z.strictObject({
      maxAgeSeconds: z.optional(z.int().check(z.gte(0), z.lte(86_400))),
      exposedHeaders: z.optional(
        z.array(z.string().check(z.regex(/^[A-Za-z0-9-]+$/, "must be a header name"))),
      ),
    }),
  ),
  hostOrigins: z.optional(
    z.array(
      z.string().check(z.refine(isOrigin, "must be an origin such as https://shell.example")),
    ),
  ),
  trustedProxies: z.optional(z.array(z.string())),
  removeHeaders: z.optional(
    z.array(
      z.string().check(
        z.regex(/^[A-Za-z0-9-]+\*?$/, "must be a header name, or its beginning and *"),
        // What the gateway decides about by itself is not to be had otherwise by this.
        z.refine(
          (name) => name.endsWith("*") || headerKind(name) === "forward",
          "must be one that passes otherwise",
        ),
      ),
    ),
  ),
});

const count = z.int().check(z.gte(1), z.lte(1_000_000));

const limitsSchema: z.ZodMiniType<LimitOptions> = z.strictObject({
  connectTimeoutMs: z.optional(count),
  maxConcurrentRequests: z.optional(count),
  maxConcurrentPerSession: z.optional(count),
  circuitFailures: z.optional(count),
  circuitOpenMs: z.optional(count),
});

/** @throws {BridgeError} CONFIG_INVALID, naming source and field */
export function parseLimits(limits: unknown, source: string): UpstreamLimits {
  const schema = z.object({ limits: z.optional(limitsSchema) });
  const parsed = parseWith(schema, { limits }, { code: "CONFIG_INVALID", source });
  const { limits: given = {} } = parsed;
  return {
    connectTimeoutMs: given.connectTimeoutMs ?? UPSTREAM_LIMITS.connectTimeoutMs,
    maxConcurrentRequests: given.maxConcurrentRequests ?? UPSTREAM_LIMITS.maxConcurrentRequests,
    maxConcurrentPerSession:
      given.maxConcurrentPerSession ?? UPSTREAM_LIMITS.maxConcurrentPerSession,
    circuitFailures: given.circuitFailures ?? UPSTREAM_LIMITS.circuitFailures,
    circuitOpenMs: given.circuitOpenMs ?? UPSTREAM_LIMITS.circuitOpenMs,
  };
}

const refusalLimitSchema: z.ZodMiniType<RefusalLimitOptions> = z.strictObject({
  requests: z.int().check(z.gte(1)),
  windowSeconds: z.number().check(z.gte(1), z.lte(86_400)),
});

/**
 * @returns `undefined` for no limit
 * @throws {BridgeError} CONFIG_INVALID, naming source and field
 */
export function parseRefusalLimit(
  refusalLimit: unknown,
  source: string,
): RefusalLimitOptions | undefined {
  const schema = z.object({
    refusalLimit: z.optional(z.union([z.literal(false), refusalLimitSchema])),
  });
  const parsed = parseWith(schema, { refusalLimit }, { code: "CONFIG_INVALID", source });
  return parsed.refusalLimit === false ? undefined : (parsed.refusalLimit ?? REFUSAL_LIMIT);
}

const proofSchema: z.ZodMiniType<Omit<ProofOptions, "clock">> = z.strictObject({
  publicUrls: z.union([z.string(), z.array(z.string())]),
  maxRememberedProofs: z.optional(z.number()),
});

/**
 * @returns `undefined` when no proofs are taken
 * @throws {BridgeError} CONFIG_INVALID, naming source and field
 */
export function parseProof(
  { proof, clock }: Pick<GatewayOptions, "proof" | "clock">,
  source: string,
): ProofVerifier | undefined {
  const schema = z.object({ proof: z.optional(proofSchema) });
  const parsed = parseWith(schema, { proof }, { code: "CONFIG_INVALID", source });
  return parsed.proof && createProofVerifier({ ...parsed.proof, clock });
}

/** @throws {BridgeError} CONFIG_INVALID for a route that would refuse everybody */
export function checkProofRoutes(
  { routes: { routes } }: Policy,
  proofs: ProofVerifier | undefined,
  source: string,
): void {
  const route = proofs === undefined && routes.find(({ proofRequired }) => proofRequired);
  if (!route) return;
  throw new BridgeError(
    "CONFIG_INVALID",
    `${source}: proof: is needed by the route ${route.prefix}, which says proofRequired.`,
  );
}

/** @throws {BridgeError} CONFIG_INVALID or MANIFEST_INVALID, naming source and field */
export function parsePolicy(options: PolicyOptions, source: string): Policy {
  const parsed = parseWith(policySchema, options, { code: "CONFIG_INVALID", source });
  if (!isRegistry(options.apps) && !Array.isArray(options.apps)) {
    throw new BridgeError("CONFIG_INVALID", `${source}: apps: must be manifests or a registry.`);
  }
  const apps = isRegistry(options.apps) ? options.apps : createAppRegistry(options.apps);
  checkApps(parsed.routes, apps, source);
  checkHosts(parsed.hostOrigins ?? [], apps, source);
  return {
    apps,
    routes: createRouteTable(parsed.routes, source),
    cors: {
      maxAgeSeconds: parsed.cors?.maxAgeSeconds ?? 600,
      exposedHeaders: parsed.cors?.exposedHeaders ?? [],
    },
    hostOrigins: new Set(parsed.hostOrigins),
    trustsPeer: createPeerTrust(parsed.trustedProxies ?? [], source),
    isRemoved: createRemoval(parsed.removeHeaders ?? []),
  };
}

// A misspelt id would lock an app out of its route, and be noticed only there.
function checkApps(routes: readonly RouteOptions[], apps: AppRegistry, source: string): void {
  routes.forEach((route, index) => {
    const unknown = route.apps?.find((id) => apps.get(id) === undefined);
    if (unknown !== undefined) {
      throw new BridgeError(
        "CONFIG_INVALID",
        `${source}: routes[${index}].apps: no app ${quoted(unknown)} is registered.`,
      );
    }
    checkScopes(route, apps, `${source}: routes[${index}].scopes`);
  });
}

// Nor is a token ever made with a scope that no manifest lists.
function checkScopes(route: RouteOptions, apps: AppRegistry, source: string): void {
  const users = route.apps?.flatMap((id) => apps.get(id) ?? []) ?? apps.all;
  const held = new Set(users.flatMap(({ scopes }) => scopes));
  const unknown = Object.values(route.scopes ?? {})
    .flat()
    .find((scope) => !held.has(scope));
  if (unknown === undefined) return;
  throw new BridgeError(
    "CONFIG_INVALID",
    `${source}: no app that may use the route has the scope ${quoted(unknown)}.`,
  );
}

// A host may send the token of any app: an app at its origin could use those of all the others.
function checkHosts(origins: readonly string[], apps: AppRegistry, source: string): void {
  origins.forEach((origin, index) => {
    const [app] = apps.byOrigin(origin);
    if (app === undefined) return;
    throw new BridgeError(
      "CONFIG_INVALID",
      `${source}: hostOrigins[${index}]: is the origin of the app "${app.id}".`,
    );
  });
}

function isRegistry(apps: GatewayOptions["apps"]): apps is AppRegistry {
  return typeof (apps as AppRegistry | undefined)?.get === "function";
}
