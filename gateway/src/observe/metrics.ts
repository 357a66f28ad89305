/** Prometheus metrics by prom-client, in a registry of this gateway's own. */
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
import type { Upstreams } from "../upstream/upstream-pools.ts";
import type { Revocations } from "../exchange/revocations.ts";
import { createRequestStatistics } from "./request-statistics.ts";
import type { ExchangeObserver, ObservedExchange } from "./observer.ts";

export interface MetricsSources {
  readonly open: Pick<OpenExchanges, "size" | "upgraded">;
  readonly upstreams: Pick<Upstreams, "all">;
  /** The first route of an upstream: addresses are nobody's business, and they change. */
  readonly nameOf: (origin: string) => string;
  /** `undefined` when none is followed. */
  readonly feed: Pick<Revocations, "state" | "lagMs"> | undefined;
  readonly rateLimits: Pick<RateLimits, "isStoreUp">;
  readonly limitedAddresses: () => number;
  readonly auditDropped: () => number;
}

export interface Metrics extends ExchangeObserver {
  readonly registry: Registry;
  /** A fetch of the issuer's keys failed. */
  keysFetchFailed(): void;
  /** The shared store of rate limits failed, or took too long. */
  rateLimitStoreFailed(): void;
  /** Streams that were ended because their session was. */
  streamsRevoked(count: number): void;
  /** Node's parser refused a request, which therefore has no route. */
  clientError(): void;
}

export interface MetricsOptions {
  /** Memory, event loop and garbage collection of the process too. Default false. */
  readonly process?: boolean | undefined;
  /**
   * Who gets `/metrics`, and the checks behind `/health/ready`, from the gateway's own port.
   * `local`: callers on this machine, as long as no `operationsPort` is served. `public`: everybody,
   * also beside an `operationsPort`. Default `local`.
   */
  readonly access?: OperationsAccess | undefined;
}

const PREFIX = "breezeway_gateway_";

export function createMetrics(sources: MetricsSources, options: MetricsOptions): Metrics {
  const registry = new Registry();
  const registers = [registry];
  if (options.process === true) collectDefaultMetrics({ register: registry });

  const statistics = createRequestStatistics(PREFIX);
  for (const metric of statistics.metrics) registry.registerMetric(metric);
  const keysFailures = counter("keys_fetch_failures_total", "Failed fetches of the key set.");
  const storeFailures = counter(
    "rate_limit_store_failures_total",
    "Counts that the shared store of rate limits failed to take in time.",
  );
  const revoked = counter("streams_revoked_total", "Open exchanges ended by a revocation.");
  const clientErrors = counter("client_errors_total", "Requests that were not valid HTTP.");
  defineGauges();

  function counter(name: string, help: string): Counter {
    return new Counter({ name: PREFIX + name, help, registers });
  }

  function defineGauges(): void {
    gauge("open_exchanges", "Requests and WebSockets under way.", () => sources.open.size);
    gauge("open_websockets", "WebSockets under way.", () => sources.open.upgraded);
    gauge(
      "limited_addresses",
      "Client addresses whose tokens are not looked at, after many that were refused.",
      sources.limitedAddresses,
    );
    gauge("audit_lines_dropped", "Audit lines that could not be written.", sources.auditDropped);
    if (sources.feed !== undefined) defineFeedGauges(sources.feed);
    if (sources.rateLimits.isStoreUp !== undefined) {
      add({
        name: `${PREFIX}rate_limit_store_up`,
        help: "0 while the shared store of rate limits does not answer.",
        aggregator: "min",
        collect() {
          this.set(sources.rateLimits.isStoreUp === false ? 0 : 1);
        },
      });
    }
    add({
      name: `${PREFIX}upstream_connections`,
      help: "Connections to each upstream, and the requests that wait for theirs to open.",
      labelNames: ["upstream", "state"],
      collect() {
        this.reset();
        for (const { origin, connections } of sources.upstreams.all) {
          const upstream = sources.nameOf(origin);
          for (const [state, value] of Object.entries(connections.counts)) {
            this.set({ upstream, state }, value);
          }
        }
      },
    });
    add({
      name: `${PREFIX}upstream_circuit_open`,
      help: "1 while requests to the upstream are refused because it did not answer.",
      aggregator: "max",
      labelNames: ["upstream"],
      collect() {
        this.reset();
        for (const { origin, circuit } of sources.upstreams.all) {
          this.set({ upstream: sources.nameOf(origin) }, circuit.isOpen ? 1 : 0);
        }
      },
    });
  }

  // Over several processes the worst one counts: a sum would hide that one of them has lost the feed.
  function defineFeedGauges(feed: NonNullable<MetricsSources["feed"]>): void {
    add({
      name: `${PREFIX}revocation_feed_live`,
      help: "1 while the revocation feed is connected.",
      aggregator: "min",
      collect() {
        this.set(feed.state === "live" ? 1 : 0);
      },
    });
    add({
      name: `${PREFIX}revocation_lag_seconds`,
      help: "Since the feed's last sign of life.",
      aggregator: "max",
      collect() {
        this.set((feed.lagMs ?? 0) / 1_000);
      },
    });
  }

  function add(configuration: GaugeConfiguration<string>): void {
    registry.registerMetric(new Gauge({ ...configuration, registers: [] }));
  }

  function gauge(name: string, help: string, read: () => number): void {
    add({
      name: PREFIX + name,
      help,
      collect() {
        this.set(read());
      },
    });
  }

  return {
    registry,
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

// Paths are the callers' choice; only prefixes are few.
function routeOf({ route }: ObservedExchange): string {
  return route?.prefix ?? "";
}
