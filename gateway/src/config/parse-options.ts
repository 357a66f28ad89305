/** Turns options into the settings that a gateway is built from, and checks options against each other. */
import { BridgeError, isRecord, quoted } from "@breezeway/shared";
import {
  createAppRegistry,
  parseOptions,
  scopesOfManifest,
  type AppRegistry,
} from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import type { Policy } from "../decision/policy.ts";
import { versionsOfFile } from "../registry/registry-follower.ts";
import { createRouteTable } from "../decision/route-table.ts";
import { parseRateLimitStore } from "../limits/parse-store.ts";
import type { RateLimitStore } from "../limits/rate-limit-store.ts";
import { REFUSAL_LIMIT, type RefusalLimitOptions } from "../limits/refusal-limit.ts";
import { createPeerTrust } from "../request/peer-trust.ts";
import { createRemoval } from "../request/removed-headers.ts";
import { UPSTREAM_LIMITS, type UpstreamLimits } from "../upstream/upstream-pools.ts";
import { checkIssuer } from "./check-issuer.ts";
import { gatewaySchemas, reloadSchemas, type PolicySchemas } from "./gateway-schema.ts";
import type { GatewayOptions, LimitOptions, PolicyOptions } from "./options.ts";
import { atOnce, type Pieces } from "./pieces.ts";
import { routeSchema, type RouteOptions } from "./route-schema.ts";

/** How long a browser may cache a preflight. */
const PREFLIGHT_MAX_AGE_SECONDS = 600;

export interface GatewaySettings {
  readonly options: GatewayOptions;
  readonly policy: Policy;
  readonly limits: UpstreamLimits;
  /** `undefined` for no limit. */
  readonly refusalLimit: RefusalLimitOptions | undefined;
  /** `undefined` to count in this process. */
  readonly rateLimitStore: RateLimitStore | undefined;
}

/** Settings of options that a configuration file contained. The shape alone would prove nothing. */
const checked = new WeakMap<object, GatewaySettings>();

/** @throws {BridgeError} CONFIG_INVALID or MANIFEST_INVALID, naming source and option */
export function parseGatewayOptions(value: unknown, source: string): GatewaySettings {
  return checkedSettings(value) ?? atOnce(gatewayPieces(value, source));
}

/**
 * As {@link parseGatewayOptions}, in pieces. The result's `options` are frozen: `createGateway` and `reload` take
 * them without another check, which is as long as the first one.
 */
export function* checkedPieces(value: unknown, source: string): Pieces<GatewaySettings> {
  const settings = yield* gatewayPieces(value, source);
  Object.freeze(settings.options.routes);
  checked.set(Object.freeze(settings.options), settings);
  return settings;
}

/** @throws {BridgeError} CONFIG_INVALID */
function checkRegistry({ apps, revocations }: GatewayOptions, source: string): void {
  if (apps !== "issuer") return;
  const headers = revocations === false ? {} : revocations?.headers;
  if (Object.keys(headers ?? {}).some((name) => name.toLowerCase() === "authorization")) return;
  throw new BridgeError(
    "CONFIG_INVALID",
    `${source}: revocations.headers: must have authorization with a secret of the issuer, because apps is "issuer".`,
  );
}

function checkedSettings(value: unknown): GatewaySettings | undefined {
  return typeof value === "object" && value !== null ? checked.get(value) : undefined;
}

function* gatewayPieces(value: unknown, source: string): Pieces<GatewaySettings> {
  const options = yield* optionPieces(gatewaySchemas, value, source);
  checkIssuer(options, source);
  checkRegistry(options, source);
  const policy = yield* policyPieces(options, source);
  checkProofRoutes(policy, options.proof !== undefined, source);
  const { limits = {}, refusalLimit = REFUSAL_LIMIT, rateLimitStore } = options;
  return {
    options,
    policy,
    limits: withDefaults(limits),
    refusalLimit: refusalLimit === false ? undefined : refusalLimit,
    rateLimitStore: parseRateLimitStore(rateLimitStore, source),
  };
}

function* optionPieces<T extends PolicyOptions>(
  { whole, withCheckedRoutes }: PolicySchemas<T>,
  value: unknown,
  source: string,
): Pieces<T> {
  if (!isRecord(value) || !Array.isArray(value["routes"])) {
    return parseOptions(whole, value, source);
  }
  const given: readonly unknown[] = value["routes"];
  const routes: RouteOptions[] = [];
  for (const route of given) {
    const parsed = z.safeParse(routeSchema, route);
    // One message names the mistakes of all options.
    if (!parsed.success) break;
    routes.push(parsed.data);
    yield;
  }
  if (routes.length === 0 || routes.length < given.length) {
    return parseOptions(whole, value, source);
  }
  return parseOptions(withCheckedRoutes, { ...value, routes }, source);
}

function withDefaults(limits: LimitOptions): UpstreamLimits {
  const given = Object.entries(limits).filter(([, value]) => value !== undefined);
  return { ...UPSTREAM_LIMITS, ...(Object.fromEntries(given) as Partial<UpstreamLimits>) };
}

/**
 * The policy of a reload. Options that a reload cannot replace are ignored; unknown ones are an error.
 *
 * @param takesProofs - Whether the running gateway accepts tokens that are bound to a key.
 * @throws {BridgeError} CONFIG_INVALID or MANIFEST_INVALID, naming source and option
 */
export function parseReload(value: unknown, takesProofs: boolean, source: string): Policy {
  const policy = checkedSettings(value)?.policy ?? atOnce(reloadPieces(value, source));
  checkProofRoutes(policy, takesProofs, source);
  return policy;
}

function* reloadPieces(value: unknown, source: string): Pieces<Policy> {
  return yield* policyPieces(yield* optionPieces(reloadSchemas, value, source), source);
}

function* policyPieces(options: PolicyOptions, source: string): Pieces<Policy> {
  const { routes, cors, hostOrigins = [], trustedProxies = [], removeHeaders = [] } = options;
  const apps = yield* givenApps(options, source);
  const table = createRouteTable(routes, source);
  yield;
  return {
    apps,
    followsIssuer: apps === undefined,
    suspensionOf: undefined,
    versionOf: versionsOfFile(apps),
    routes: table,
    cors: {
      maxAgeSeconds: cors?.maxAgeSeconds ?? PREFLIGHT_MAX_AGE_SECONDS,
      exposedHeaders: cors?.exposedHeaders ?? [],
      prepared: new Map(),
    },
    hostOrigins: new Set(hostOrigins),
    trustsPeer: createPeerTrust(trustedProxies, source),
    isRemoved: createRemoval(removeHeaders),
  };
}

/** `undefined` for those of the issuer: its registry may lack an app of a route now and have it later. */
function* givenApps(
  { apps: given, routes, hostOrigins = [] }: PolicyOptions,
  source: string,
): Pieces<AppRegistry | undefined> {
  if (given === "issuer") return undefined;
  const apps = isRegistry(given) ? given : createAppRegistry(given);
  yield;
  yield* appChecks(routes, apps, source);
  for (const [index, origin] of hostOrigins.entries()) {
    const [app] = apps.byOrigin(origin);
    if (app) throw atHost(app.id, `${source}: hostOrigins[${index}]`);
  }
  yield;
  return apps;
}

/** A host may send the token of any app. An app at the host's origin could use the tokens of all others. */
export function atHost(appId: string, source: string): BridgeError {
  return new BridgeError("CONFIG_INVALID", `${source}: is the origin of the app "${appId}".`);
}

// Such a route would refuse every request.
function checkProofRoutes({ routes }: Policy, takesProofs: boolean, source: string): void {
  const route = takesProofs ? undefined : routes.routes.find(({ proofRequired }) => proofRequired);
  if (route === undefined) return;
  throw new BridgeError(
    "CONFIG_INVALID",
    `${source}: proof: is required, because the route ${route.prefix} has proofRequired.`,
  );
}

// A misspelt id would lock an app out of its route, and only its users would notice.
function* appChecks(
  routes: readonly RouteOptions[],
  apps: AppRegistry,
  source: string,
): Pieces<void> {
  const needing = routes.findIndex((route) => route.apps ?? route.scopes);
  if (apps.all.length === 0 && needing !== -1) {
    throw new BridgeError(
      "CONFIG_INVALID",
      `${source}: apps: is empty, but routes[${needing}] names apps or scopes. Add the manifests.`,
    );
  }
  const holders = yield* holdersOf(apps);
  for (const [index, route] of routes.entries()) {
    yield;
    const unknown = route.apps?.find((id) => apps.get(id) === undefined);
    if (unknown !== undefined) {
      throw new BridgeError(
        "CONFIG_INVALID",
        `${source}: routes[${index}].apps: no app ${quoted(unknown)} is registered.`,
      );
    }
    checkScopes(route, holders, `${source}: routes[${index}].scopes`);
  }
}

/** The ids of the apps whose manifests list a scope, by scope. */
type ScopeHolders = ReadonlyMap<string, ReadonlySet<string>>;

// Built once for all routes: a reload with many apps and routes would stop the process.
function* holdersOf(apps: AppRegistry): Pieces<ScopeHolders> {
  const holders = new Map<string, Set<string>>();
  for (const app of apps.all) {
    const { id } = app;
    yield;
    for (const scope of scopesOfManifest(app)) {
      const ids = holders.get(scope);
      if (ids === undefined) holders.set(scope, new Set([id]));
      else ids.add(id);
    }
  }
  return holders;
}

// The issuer mints no token with a scope that no manifest lists: nobody could use the route.
function checkScopes({ apps, scopes }: RouteOptions, holders: ScopeHolders, source: string): void {
  const isHeld = (scope: string): boolean => {
    const ids = holders.get(scope);
    return ids !== undefined && (apps === undefined || apps.some((id) => ids.has(id)));
  };
  const unknown = Object.values(scopes ?? {})
    .flat()
    .find((scope) => !isHeld(scope));
  if (unknown === undefined) return;
  throw new BridgeError(
    "CONFIG_INVALID",
    `${source}: no app that may use this route has the scope ${quoted(unknown)}.`,
  );
}

function isRegistry(apps: Exclude<GatewayOptions["apps"], "issuer">): apps is AppRegistry {
  return !Array.isArray(apps);
}
