/**
 * Builds a gateway from its parts. Opens nothing early: upstream connections open with the first request;
 * keys and revocations are fetched at once, but no request waits for them.
 */
import { randomUUID } from "node:crypto";
import { BridgeError, systemClock, type Clock } from "@breezeway/shared";
import { createClockWatch } from "@breezeway/shared/schemas";
import {
  createProofVerifier,
  createRevocationFeed,
  createSessionVerifier,
  type ProofOptions,
  type ProofVerifier,
  type RevocationFeed,
  type RevocationFeedOptions,
  type SessionVerifier,
  type SessionVerifierOptions,
  type VerifiedSession,
} from "@breezeway/verify";
import type { GatewayOptions, PolicyOptions } from "./config/options.ts";
import {
  atHost,
  parseGatewayOptions,
  parseReload,
  type GatewaySettings,
} from "./config/parse-options.ts";
import { registerCore } from "./core.ts";
import type { Policy } from "./decision/policy.ts";
import type { ExchangeDeps } from "./exchange/exchange-deps.ts";
import { Exchange } from "./exchange/exchange.ts";
import { FetchClient, headOfRequest } from "./exchange/fetch-client.ts";
import { createOpenExchanges, type OpenExchanges } from "./exchange/open-exchanges.ts";
import { createRevocations, type Revocations } from "./exchange/revocations.ts";
import { createRateLimits } from "./limits/rate-limits.ts";
import { createRefusalLimit } from "./limits/refusal-limit.ts";
import { createAuditLog, type AuditLog } from "./observe/audit.ts";
import { createFailureLog, publicUrl, type FailureLog } from "./observe/failure-log.ts";
import { createMetrics, type Metrics } from "./observe/metrics.ts";
import { combineObservers } from "./observe/observer.ts";
import { createOperations, type Operations } from "./observe/operations.ts";
import { createTracing } from "./observe/tracing.ts";
import { createRegistryFollower, type RegistryFollower } from "./registry/registry-follower.ts";
import { createUpstreamPools } from "./upstream/upstream-pools.ts";

export interface Gateway extends AsyncDisposable {
  /** A Web-standard handler for everything but WebSocket. Mount it, or use `serveGateway`. */
  readonly fetch: (request: Request) => Promise<Response>;
  /**
   * `/metrics`, `/health/live` and `/health/ready` with all details, for a program that mounts `fetch` in
   * a server of its own. Never mount it where the public can reach it. `fetch` itself serves no metrics,
   * since it does not know the caller's address.
   */
  readonly operations: (request: Request) => Promise<Response>;
  /**
   * Settles when the first attempt to fetch the issuer's keys has succeeded or failed; never rejects. The
   * gateway answers requests before that too. `/health/ready` reports whether it has keys.
   */
  readonly ready: Promise<void>;
  /**
   * Replaces apps, routes, CORS, host origins, trusted proxies and removed headers for requests that
   * start from now on. Ends open exchanges of apps that are no longer registered.
   *
   * @throws {BridgeError} CONFIG_INVALID or MANIFEST_INVALID; the old policy then stays in force
   */
  reload(options: PolicyOptions): void;
  /** Ends all exchanges and closes all connections. */
  close(): Promise<void>;
}

/** The parts that tests replace. */
export interface GatewayDeps {
  readonly clock: Clock;
  readonly randomId: () => string;
  readonly createSessionVerifier: (options: SessionVerifierOptions) => SessionVerifier;
  readonly createRevocationFeed: (options: RevocationFeedOptions) => RevocationFeed;
  readonly createProofVerifier: (options: ProofOptions) => ProofVerifier;
}

/**
 * @throws {BridgeError} CONFIG_INVALID or MANIFEST_INVALID, naming the option
 *
 * @example
 * const gateway = createGateway({
 *   issuer: "https://shell.example/auth",
 *   apps: [ordersManifest],
 *   routes: [{ prefix: "/orders", upstream: "http://127.0.0.1:4020", scopes: ["orders:read"] }],
 * });
 * const response = await gateway.fetch(request);
 */
export function createGateway(options: GatewayOptions): Gateway {
  return buildGateway(options, productionDeps());
}

export function productionDeps(): GatewayDeps {
  return {
    clock: systemClock(),
    randomId: randomUUID,
    createSessionVerifier,
    createRevocationFeed,
    createProofVerifier,
  };
}

export function buildGateway(options: GatewayOptions, deps: GatewayDeps): Gateway {
  const opened = new DisposableStack();
  try {
    const parts = assemble(parseGatewayOptions(options, "createGateway"), deps, opened);
    const gateway = createFacade(parts);
    registerCore(gateway, parts);
    return gateway;
  } catch (error) {
    opened.dispose();
    throw error;
  }
}

interface GatewayParts {
  /** A reload replaces the policy. */
  readonly state: { policy: Policy };
  readonly exchangeDeps: ExchangeDeps;
  readonly verifier: SessionVerifier;
  /** `undefined` when the apps are not the issuer's. */
  readonly registry: RegistryFollower | undefined;
  readonly revocations: Revocations;
  readonly operations: Operations;
  readonly metrics: Metrics;
  readonly audit: AuditLog | undefined;
}

/** @param opened - What to close when a later part cannot be created. */
function assemble(
  settings: GatewaySettings,
  deps: GatewayDeps,
  opened: DisposableStack,
): GatewayParts {
  const { options } = settings;
  const state = { policy: settings.policy };
  const report = createFailureLog(options.onError);
  const metrics = createMetrics(options.metrics ?? {});
  const proofs = options.proof && deps.createProofVerifier(options.proof);
  const audit = options.audit && createAuditLog(options.audit, "createGateway");
  opened.defer(() => void audit?.close());
  const open = createOpenExchanges();
  opened.defer(() => open.close());
  const clockWatch = createClockWatch({
    clock: deps.clock,
    onJump: (jump) => report("the clock jumped", jump),
  });
  open.onTick(clockWatch.check);
  const registry = settings.policy.followsIssuer
    ? followRegistry(options, { state, deps, open, report })
    : undefined;
  opened.defer(() => registry?.close());
  const revocations = createRevocations({
    feed: createFeed(options, { deps, report, onRegistryChange: registry?.refresh }),
    isRevoked: options.isRevoked ?? (() => false),
    open,
    onEnded: (count) => metrics.streamsRevoked(count),
    clock: deps.clock,
  });
  opened.defer(() => revocations.close());
  const verifier = deps.createSessionVerifier(
    verifierOptions(options, { state, revocations, metrics, report }),
  );
  opened.defer(() => verifier.close());
  const rateLimits = createRateLimits(settings.rateLimitStore, (error) => {
    metrics.rateLimitStoreFailed();
    report("the rate-limit store does not work", error);
  });
  const trustsPeer = (address: string | undefined): boolean => state.policy.trustsPeer(address);
  const refusalLimit =
    settings.refusalLimit && createRefusalLimit(settings.refusalLimit, { verifier, trustsPeer });
  const exchangeDeps: ExchangeDeps = {
    verifier,
    proofs,
    upstreams: createUpstreamPools(settings.limits),
    open,
    rateLimits,
    refusalLimit,
    observer: combineObservers([metrics, refusalLimit, audit]),
    tracing: options.tracing === true ? createTracing() : undefined,
    assertCurrent: (session) => {
      revocations.assertStands(session);
      assertUsable(state.policy, session);
    },
    policy: () => state.policy,
    randomId: deps.randomId,
  };
  metrics.addGauges({
    open,
    upstreams: exchangeDeps.upstreams,
    nameOf: (origin) => state.policy.routes.upstreams.get(origin) ?? "",
    feed: options.revocations === false ? undefined : revocations,
    rateLimits,
    limitedAddresses: () => refusalLimit?.limited ?? 0,
    auditDropped: () => audit?.dropped ?? 0,
  });
  const access = options.metrics?.access ?? "local";
  const operations = createOperations({
    verifier,
    revocations,
    registry,
    clockWatch,
    metrics,
    exchangeDeps,
    access,
  });
  return { state, exchangeDeps, verifier, registry, revocations, operations, metrics, audit };
}

function createFacade(parts: GatewayParts): Gateway {
  const { state, exchangeDeps, operations, verifier } = parts;
  const close = (): Promise<void> => closeAll(parts);
  return {
    fetch: async (request) => {
      const head = headOfRequest(request);
      const client = new FetchClient(request);
      const operation = operations.handle(head);
      if (operation !== undefined) {
        client.answer(await operation);
        return client.response;
      }
      const exchange = new Exchange(exchangeDeps, client, head);
      client.attach(exchange);
      exchange.start();
      return client.response;
    },
    operations: async (request) => {
      const client = new FetchClient(request);
      client.answer(await operations.answerInFull(headOfRequest(request).target));
      return client.response;
    },
    ready: verifier.ready().catch(() => {}),
    reload: (options) => {
      const parsed = parseReload(options, exchangeDeps.proofs !== undefined, "reload");
      const policy = withKnownApps(parsed, state.policy);
      exchangeDeps.upstreams.retain(policy.routes.upstreams);
      replacePolicy(state, policy, exchangeDeps.open);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The policy of a reload, with the issuer's apps as they are known. @throws {BridgeError} CONFIG_INVALID */
function withKnownApps(parsed: Policy, known: Policy): Policy {
  if (parsed.followsIssuer !== known.followsIssuer) {
    throw new BridgeError(
      "CONFIG_INVALID",
      'reload: apps: cannot change to or from "issuer". Start the gateway again.',
    );
  }
  if (!parsed.followsIssuer) return parsed;
  const { apps, suspensionOf, versionOf } = known;
  const app = apps?.all.find(({ origin }) => parsed.hostOrigins.has(origin));
  if (app) throw atHost(app.id, "reload: hostOrigins");
  return { ...parsed, apps, suspensionOf, versionOf };
}

/** Ends open exchanges of apps that are no longer registered, or that are suspended. */
function replacePolicy(state: { policy: Policy }, policy: Policy, open: OpenExchanges): void {
  state.policy = policy;
  const { apps, suspensionOf } = policy;
  open.endWhere(
    ({ session }) => session !== undefined && apps?.get(session.appId) === undefined,
    appRemoved,
  );
  open.endWhere(
    ({ session }) =>
      session !== undefined && suspensionOf?.(session.appId, session.tenantId) !== undefined,
    () => new BridgeError("APP_SUSPENDED", "The app is suspended."),
  );
}

/** @throws {BridgeError} AUDIENCE_MISMATCH, APP_SUSPENDED */
function assertUsable(policy: Policy, { appId, tenantId }: VerifiedSession): void {
  if (policy.apps?.get(appId) === undefined) throw appRemoved();
  assertNotSuspended(policy, appId, tenantId);
}

/** @throws {BridgeError} APP_SUSPENDED */
function assertNotSuspended({ suspensionOf }: Policy, appId: string, tenantId: string): void {
  const reason = suspensionOf?.(appId, tenantId);
  if (reason === undefined) return;
  throw new BridgeError("APP_SUSPENDED", `The app is suspended: ${reason}`, {
    details: { reason },
  });
}

interface FollowDeps {
  readonly state: { policy: Policy };
  readonly deps: GatewayDeps;
  readonly open: OpenExchanges;
  readonly report: FailureLog;
}

function followRegistry(
  { issuer, revocations, fetch }: GatewayOptions,
  { state, deps, open, report }: FollowDeps,
): RegistryFollower {
  const feed = revocations === false ? undefined : revocations;
  const url = new URL("registry", feed?.url ?? `${issuer}/revocations`).href;
  return createRegistryFollower({
    url,
    headers: feed?.headers ?? {},
    ...(fetch === undefined ? {} : { fetch }),
    clock: deps.clock,
    onRegistry: (known) => {
      const { policy } = state;
      const cors = { ...policy.cors, prepared: new Map<string, readonly string[]>() };
      replacePolicy(state, { ...policy, ...known, cors }, open);
    },
    onError: (error) => report(`cannot follow the app registry at ${publicUrl(url)}`, error),
    refusalOf: ({ id, origin }) =>
      state.policy.hostOrigins.has(origin) ? atHost(id, "app registry: hostOrigins") : undefined,
  });
}

async function closeAll({
  verifier,
  registry,
  revocations,
  exchangeDeps,
  audit,
}: GatewayParts): Promise<void> {
  const { open, upstreams, rateLimits } = exchangeDeps;
  verifier.close();
  registry?.close();
  revocations.close();
  open.close();
  // One by one: a WebSocket no longer belongs to its upstream's pool or to the HTTP server.
  open.endWhere(() => true, gatewayClosed);
  await upstreams.destroy();
  await rateLimits.close();
  await audit?.close();
}

interface VerifierDeps {
  readonly state: { readonly policy: Policy };
  readonly revocations: Revocations;
  readonly metrics: Metrics;
  readonly report: FailureLog;
}

function verifierOptions(
  { issuer, jwks, algorithms, fetch }: GatewayOptions,
  { state, revocations, metrics, report }: VerifierDeps,
): SessionVerifierOptions {
  const jwksUrl = typeof jwks === "string" ? jwks : `${issuer}/.well-known/jwks.json`;
  return {
    issuer,
    audience: {
      has: (appId) => {
        const { apps } = state.policy;
        if (apps === undefined) throw appsUnknown();
        return apps.get(appId) !== undefined;
      },
    },
    jwks: jwks ?? jwksUrl,
    isRevoked: (claims) => {
      // First: a suspension revokes the app's tokens, too, and is the better answer.
      assertNotSuspended(state.policy, claims.aud, claims.tenantId);
      return revocations.isRevoked(claims);
    },
    isKeyRemoved: (kid) => revocations.isKeyRemoved(kid),
    onKeysError: (error) => {
      metrics.keysFetchFailed();
      report(`cannot fetch the issuer's keys from ${publicUrl(jwksUrl)}`, error);
    },
    ...(algorithms === undefined ? {} : { algorithms }),
    ...(fetch === undefined ? {} : { fetch }),
  };
}

interface FeedDeps {
  readonly deps: Pick<GatewayDeps, "createRevocationFeed">;
  readonly report: FailureLog;
  /** `undefined` when nobody follows the registry. */
  readonly onRegistryChange: (() => void) | undefined;
}

function createFeed(
  { issuer, revocations, fetch }: GatewayOptions,
  { deps, report, onRegistryChange }: FeedDeps,
): RevocationFeed | undefined {
  if (revocations === false) return undefined;
  const { url = `${issuer}/revocations`, headers, maxSilenceMs, maxRetryMs } = revocations ?? {};
  return deps.createRevocationFeed({
    url,
    onError: (error) => report(`cannot follow the revocation feed at ${publicUrl(url)}`, error),
    ...(headers === undefined ? {} : { headers }),
    ...(onRegistryChange === undefined ? {} : { onRegistryChange }),
    ...(maxSilenceMs === undefined ? {} : { maxSilenceMs }),
    ...(maxRetryMs === undefined ? {} : { maxRetryMs }),
    ...(fetch === undefined ? {} : { fetch }),
  });
}

function gatewayClosed(): BridgeError {
  return new BridgeError("UPSTREAM_UNREACHABLE", "The gateway is shutting down.");
}

function appsUnknown(): BridgeError {
  return new BridgeError("STORE_UNAVAILABLE", "The issuer's app registry has not arrived yet.");
}

function appRemoved(): BridgeError {
  return new BridgeError("AUDIENCE_MISMATCH", "The app is no longer registered.");
}
