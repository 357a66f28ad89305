/** Prometheus metrics, in a registry that belongs to this gateway alone. */
import {
  Counter,
  Gauge,
  Registry,
  collectDefaultMetrics,
  type GaugeConfiguration,
} from "prom-client";
import type { RateLimits } from "../limits/rate-limits.ts";
import type { OperationsAccess } from "./is-insider.ts";
import type { OpenExchanges } from "../exchange/open-exchanges.ts";
import type { UpstreamPools } from "../upstream/upstream-pools.ts";
import type { Revocations } from "../exchange/revocations.ts";
import { createRequestStatistics } from "./request-statistics.ts";
import type { ExchangeObserver, ObservedExchange } from "./observer.ts";

export interface MetricsSources {
  readonly open: Pick<OpenExchanges, "size" | "upgraded">;
  readonly upstreams: Pick<UpstreamPools, "all">;
  /** Prefix of the first route to an upstream. Metrics hide addresses, which are internal and change. */
  readonly nameOf: (origin: string) => string;
  /** `undefined` when the gateway follows no feed. */
  readonly feed: Pick<Revocations, "state" | "lagMs"> | undefined;
  readonly rateLimits: Pick<RateLimits, "isStoreUp">;
  readonly limitedAddresses: () => number;
  readonly auditDropped: () => number;
}

export interface Metrics extends ExchangeObserver {
  readonly registry: Registry;
  /** Adds the gauges that read the state of other parts. Call it once, when these parts exist. */
  addGauges(sources: MetricsSources): void;
  /** Counts a failed fetch of the issuer's keys. */
  keysFetchFailed(): void;
  /** Counts a failure or time-out of the shared rate-limit store. */
  rateLimitStoreFailed(): void;
  /** Counts exchanges that a revocation ended. */
  streamsRevoked(count: number): void;
  /** Counts a request that Node's parser refused, and that therefore has no route. */
  clientError(): void;
}

export interface MetricsOptions {
  /** Whether to add memory, event loop and garbage collection of the process. Default false. */
  readonly process?: boolean | undefined;
  /**
   * Who may read `/metrics`, and the details of `/health/ready`, at the gateway's own port. `local`:
   * callers on this machine, as long as there is no `operationsPort`. `public`: everybody, also besides an
   * `operationsPort`. `none`: nobody. Default `local`.
   */
  readonly access?: OperationsAccess | undefined;
}

const PREFIX = "breezeway_gateway_";

export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  if (options.process === true) collectDefaultMetrics({ register: registry });
  const statistics = createRequestStatistics(PREFIX);
  for (const metric of statistics.metrics) registry.registerMetric(metric);
  const counter = (name: string, help: string): Counter =>
    new Counter({ name: PREFIX + name, help, registers: [registry] });
  const keysFailures = counter("keys_fetch_failures_total", "Failed fetches of the key set.");
  const storeFailures = counter(
    "rate_limit_store_failures_total",
    "Counts that failed or timed out in the shared rate-limit store.",
  );
  const revoked = counter("streams_revoked_total", "Open exchanges ended by a revocation.");
  const clientErrors = counter("client_errors_total", "Requests that were not valid HTTP.");
  return {
    registry,
    addGauges: (sources) => {
      for (const gauge of gaugesOf(sources)) registry.registerMetric(gauge);
    },
    finished: (exchange) => {
      const { status, reason = "", startedAtMs } = exchange;
      const durationMs = status === 101 ? undefined : performance.now() - startedAtMs;
      statistics.add({ route: routeOf(exchange), status, reason }, durationMs);
    },
    keysFetchFailed: () => keysFailures.inc(),
    rateLimitStoreFailed: () => storeFailures.inc(),
    streamsRevoked: (count) => revoked.inc(count),
    clientError: () => clientErrors.inc(),
  };
}

function gaugesOf(sources: MetricsSources): Gauge[] {
  const { open, feed, rateLimits } = sources;
  return [
    simpleGauge("open_exchanges", "Requests and WebSockets under way.", () => open.size),
    simpleGauge("open_websockets", "WebSockets under way.", () => open.upgraded),
    simpleGauge(
      "limited_addresses",
      "Client addresses whose tokens are not verified, after too many rejected ones.",
      sources.limitedAddresses,
    ),
    simpleGauge(
      "audit_lines_dropped",
      "Audit lines that could not be written.",
      sources.auditDropped,
    ),
    ...(feed === undefined ? [] : feedGauges(feed)),
    ...(rateLimits.isStoreUp === undefined ? [] : [storeGauge(rateLimits)]),
    ...upstreamGauges(sources),
  ];
}

// A cluster reports the worst worker: a sum would hide that one of them has lost the feed.
function feedGauges(feed: NonNullable<MetricsSources["feed"]>): Gauge[] {
  return [
    gauge({
      name: "revocation_feed_live",
      help: "1 while the revocation feed is connected.",
      aggregator: "min",
      collect() {
        this.set(feed.state === "live" ? 1 : 0);
      },
    }),
    gauge({
      name: "revocation_lag_seconds",
      help: "Time since the feed's last heartbeat.",
      aggregator: "max",
      collect() {
        this.set((feed.lagMs ?? 0) / 1_000);
      },
    }),
  ];
}

function storeGauge(rateLimits: MetricsSources["rateLimits"]): Gauge {
  return gauge({
    name: "rate_limit_store_up",
    help: "0 while the shared rate-limit store does not answer.",
    aggregator: "min",
    collect() {
      this.set(rateLimits.isStoreUp === false ? 0 : 1);
    },
  });
}

function upstreamGauges({
  upstreams,
  nameOf,
}: Pick<MetricsSources, "upstreams" | "nameOf">): Gauge[] {
  return [
    gauge({
      name: "upstream_connections",
      help: "Connections to each upstream, and requests that wait for a connection to open.",
      labelNames: ["upstream", "state"],
      collect() {
        this.reset();
        for (const { origin, connections } of upstreams.all) {
          const upstream = nameOf(origin);
          for (const [state, value] of Object.entries(connections.counts)) {
            this.set({ upstream, state }, value);
          }
        }
      },
    }),
    gauge({
      name: "upstream_circuit_open",
      help: "1 while the gateway sends no requests to the upstream, because it did not answer.",
      aggregator: "max",
      labelNames: ["upstream"],
      collect() {
        this.reset();
        for (const { origin, circuit } of upstreams.all) {
          this.set({ upstream: nameOf(origin) }, circuit.isOpen ? 1 : 0);
        }
      },
    }),
  ];
}

function simpleGauge(name: string, help: string, read: () => number): Gauge {
  return gauge({
    name,
    help,
    collect() {
      this.set(read());
    },
  });
}

function gauge(configuration: GaugeConfiguration<string>): Gauge {
  return new Gauge({ ...configuration, name: PREFIX + configuration.name, registers: [] });
}

// Paths are chosen by callers and unbounded in number; prefixes of routes are few.
function routeOf({ route }: ObservedExchange): string {
  return route?.prefix ?? "";
}
