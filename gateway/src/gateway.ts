/**
 * Puts the parts of a gateway together. Opens nothing before it must: pools connect with the first
 * request; keys and revocations are fetched at once, but nobody waits for them.
 */
import { randomUUID } from "node:crypto";
import { BridgeError } from "@breezeway/shared";
import type { SessionClaims } from "@breezeway/shared/schemas";
import {
  createRevocationFeed,
  createSessionVerifier,
  type RevocationFeed,
  type SessionVerifier,
} from "@breezeway/verify";
import { checkIssuer } from "./config/check-issuer.ts";
import { checkOptionNames } from "./config/option-names.ts";
import {
  checkProofRoutes,
  parseLimits,
  parsePolicy,
  parseProof,
  parseRefusalLimit,
  type GatewayOptions,
  type PolicyOptions,
} from "./config/options.ts";
import { checkPlainFields } from "./config/plain-fields.ts";
import { registerCore } from "./core.ts";
import type { Policy } from "./decision/policy.ts";
import { parseRateLimitStore } from "./limits/parse-store.ts";
import { createRefusalLimit } from "./limits/refusal-limit.ts";
import { createRateLimits } from "./limits/rate-limits.ts";
import { createAuditLog } from "./observe/audit.ts";
import { createFailureLog, publicUrl, type FailureLog } from "./observe/failure-log.ts";
import { createMetrics } from "./observe/metrics.ts";
import { combineObservers } from "./observe/observer.ts";
import { createTracing } from "./observe/tracing.ts";
import { createOperations } from "./observe/operations.ts";
import { Exchange } from "./exchange/exchange.ts";
import { createOpenExchanges } from "./exchange/open-exchanges.ts";
import type { ExchangeServices } from "./exchange/services.ts";
import { createUpstreams } from "./upstream/upstream-pools.ts";
import { createRevocations } from "./exchange/revocations.ts";
import { FetchClient, headOfRequest } from "./exchange/fetch-client.ts";

export interface Gateway extends AsyncDisposable {
  /** A Web-standard handler, with everything but WebSocket. Serve it, or use `serveGateway`. */
  readonly fetch: (request: Request) => Promise<Response>;
  /**
   * `/metrics`, `/health/live` and `/health/ready` with all that they have to say, for a program that
   * mounts `fetch` in a server of its own. Must not be mounted where the public reaches it: `fetch`
   * knows no addresses, so it keeps the metrics to itself.
   */
  readonly operations: (request: Request) => Promise<Response>;
  /**
   * Settles when the first attempt to fetch the issuer's keys has ended, well or not; never rejects.
   * Requests are answered before that too. `/health/ready` says whether there are keys.
   */
  readonly ready: Promise<void>;
  /**
   * Replaces apps, routes, CORS and trusted proxies for requests that start from now on. Open
   * exchanges of apps that are no longer registered are ended.
   *
   * @throws {BridgeError} CONFIG_INVALID or MANIFEST_INVALID; the old policy then stays in force
   */
  reload(options: PolicyOptions): void;
  /** Ends what is under way, and all connections. */
  close(): Promise<void>;
}

/**
 * @example
 * const gateway = createGateway({
 *   issuer: "https://shell.example/auth",
 *   apps: [ordersManifest],
 *   routes: [{ prefix: "/orders", upstream: "http://127.0.0.1:4020", scopes: ["orders:read"] }],
 * });
 * const response = await gateway.fetch(request);
 *
 * @throws {BridgeError} CONFIG_INVALID or MANIFEST_INVALID, naming the field
 */
export function createGateway(options: GatewayOptions): Gateway {
  const opened = new DisposableStack();
  try {
    return assemble(options, opened);
  } catch (error) {
    opened.dispose();
    throw error;
  }
}

/** @param opened - What to close when an option turns out to be wrong after this was opened. */
function assemble(options: GatewayOptions, opened: DisposableStack): Gateway {
  const source = "createGateway";
  checkOptionNames(options, source);
  checkPlainFields(options, source);
  checkIssuer(options, source);
  let policy = parsePolicy(options, source);
  const proofs = parseProof(options, source);
  checkProofRoutes(policy, proofs, source);
  const upstreams = createUpstreams(parseLimits(options.limits, source));
  const refusals = parseRefusalLimit(options.refusalLimit, source);
  const report = createFailureLog(options.onError);
  const audit = options.audit === undefined ? undefined : createAuditLog(options.audit, source);
  opened.defer(() => void audit?.close());
  const verifier = createVerifier(options, {
    policy: () => policy,
    isRevoked: (claims) => revocations.isRevoked(claims),
    isKeyRemoved: (kid) => revocations.isKeyRemoved(kid),
    onKeysError: (error) => {
      metrics.keysFetchFailed();
      report(`the issuer's keys cannot be fetched from ${publicUrl(jwksUrl(options))}`, error);
    },
  });
  const revocations = createRevocations({
    feed: createFeed(options, report),
    isRevoked: options.isRevoked ?? (() => false),
    open: () => open,
    onEnded: (count) => metrics.streamsRevoked(count),
    clock: options.clock ?? Date.now,
  });
  opened.defer(() => revocations.close());
  const open = createOpenExchanges({ onTick: () => revocations.tick() });
  opened.defer(() => open.close());
  const store = parseRateLimitStore(options.rateLimitStore, source);
  const rateLimits = createRateLimits(store, (error) => {
    metrics.rateLimitStoreFailed();
    report("the store of rate limits fails", error);
  });
  const refusalLimit =
    refusals &&
    createRefusalLimit(refusals, {
      verifier,
      trustsPeer: (address) => policy.trustsPeer(address),
    });
  const metrics = createMetrics(
    {
      open,
      upstreams,
      nameOf: (origin) =>
        policy.routes.routes.find(({ upstreamOrigin }) => upstreamOrigin === origin)?.prefix ?? "",
      feed: options.revocations === false ? undefined : revocations,
      rateLimits,
      limitedAddresses: () => refusalLimit?.limited ?? 0,
      auditDropped: () => audit?.dropped ?? 0,
    },
    options.metrics ?? {},
  );
  const services: ExchangeServices = {
    verifier,
    proofs,
    upstreams,
    open,
    rateLimits,
    refusalLimit,
    observer: combineObservers([metrics, refusalLimit, audit]),
    tracing: options.tracing === true ? createTracing() : undefined,
    assertCurrent: (session) => {
      revocations.assertStands(session);
      if (policy.apps.get(session.appId) === undefined) throw appGone();
    },
    policy: () => policy,
    randomId: options.randomId ?? randomUUID,
  };
  const operations = createOperations({
    verifier,
    revocations,
    metrics,
    services,
    access: options.metrics?.access ?? "local",
  });

  const gateway: Gateway = {
    fetch: async (request) => {
      const head = headOfRequest(request);
      const client = new FetchClient(request);
      const operation = operations.handle(head);
      if (operation !== undefined) {
        client.answer(await operation);
        return client.response;
      }
      const exchange = new Exchange(services, client, head);
      client.attach(exchange);
      exchange.start();
      return client.response;
    },
    operations: async (request) => {
      const client = new FetchClient(request);
      client.answer(await operations.tell(headOfRequest(request).target));
      return client.response;
    },
    ready: verifier.ready().catch(() => {}),
    reload: (next) => {
      const parsed = parsePolicy(next, "reload");
      checkProofRoutes(parsed, proofs, "reload");
      policy = parsed;
      upstreams.retain(originsOf(parsed));
      open.endWhere(
        ({ session }) => session !== undefined && parsed.apps.get(session.appId) === undefined,
        appGone,
      );
    },
    close: async () => {
      verifier.close();
      revocations.close();
      open.close();
      // One by one: a WebSocket is no longer among its upstream's connections, nor the server's.
      open.endWhere(() => true, closed);
      await upstreams.destroy();
      await rateLimits.close();
      await audit?.close();
    },
    [Symbol.asyncDispose]: () => gateway.close(),
  };
  registerCore(gateway, { services, operations, metrics });
  return gateway;
}

function closed(): BridgeError {
  return new BridgeError("UPSTREAM_UNREACHABLE", "The gateway is closed.");
}

function appGone(): BridgeError {
  return new BridgeError("AUDIENCE_MISMATCH", "The app is no longer registered.");
}

interface VerifierParts {
  readonly policy: () => Policy;
  readonly isRevoked: (claims: SessionClaims) => boolean;
  readonly isKeyRemoved: (kid: string) => boolean;
  readonly onKeysError: (error: unknown) => void;
}

function createVerifier(options: GatewayOptions, parts: VerifierParts): SessionVerifier {
  const { issuer, jwks, algorithms, clock, fetch } = options;
  return createSessionVerifier({
    issuer,
    audience: { has: (appId) => parts.policy().apps.get(appId) !== undefined },
    jwks: jwks ?? jwksUrl(options),
    isRevoked: parts.isRevoked,
    isKeyRemoved: parts.isKeyRemoved,
    onKeysError: parts.onKeysError,
    ...(algorithms === undefined ? {} : { algorithms }),
    ...(clock === undefined ? {} : { clock }),
    ...(fetch === undefined ? {} : { fetch }),
  });
}

/** Of a key set that is fetched. */
function jwksUrl({ issuer, jwks }: GatewayOptions): string {
  return typeof jwks === "string" ? jwks : `${issuer}/.well-known/jwks.json`;
}

function createFeed(
  { issuer, revocations, clock, fetch }: GatewayOptions,
  report: FailureLog,
): RevocationFeed | undefined {
  if (revocations === false) return undefined;
  const { url, headers, maxSilenceMs, maxRetryMs } = revocations ?? {};
  const address = url ?? `${issuer}/revocations`;
  return createRevocationFeed({
    url: address,
    onError: (error) =>
      report(`the feed of revocations cannot be followed at ${publicUrl(address)}`, error),
    ...(headers === undefined ? {} : { headers }),
    ...(maxSilenceMs === undefined ? {} : { maxSilenceMs }),
    ...(maxRetryMs === undefined ? {} : { maxRetryMs }),
    ...(clock === undefined ? {} : { clock }),
    ...(fetch === undefined ? {} : { fetch }),
  });
}

function originsOf(policy: Policy): ReadonlySet<string> {
  return new Set(policy.routes.routes.flatMap(({ upstreamOrigin }) => upstreamOrigin ?? []));
}
