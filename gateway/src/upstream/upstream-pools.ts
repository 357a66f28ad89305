/** One pool per upstream origin: its connections, its caps and its circuit. Created at first use. */
import { BridgeError } from "@breezeway/shared";
import { Circuit } from "./circuit.ts";
import { Places, type Holder } from "./places.ts";
import { UpstreamConnections } from "./upstream-connections.ts";
import { isEventStream, type UpstreamHeaders } from "./upstream-headers.ts";

export interface UpstreamLimits {
  /** Time to open a connection, in milliseconds. Default 5 000. */
  readonly connectTimeoutMs: number;
  /** Requests under way to one upstream, without its streams. Default 1 024. */
  readonly maxConcurrentRequests: number;
  /** WebSockets and event streams (`text/event-stream`) of one upstream. Default 1 024. */
  readonly maxConcurrentStreams: number;
  /** Requests of one session to one upstream, and as many streams. Default 256. */
  readonly maxConcurrentPerSession: number;
  /** Requests of one user to one upstream, from all sessions, and as many streams. Default 256. */
  readonly maxConcurrentPerUser: number;
  /** Requests of one app to one upstream, from all users, and as many streams. Default 768. */
  readonly maxConcurrentPerApp: number;
  /**
   * Requests of one client address to one upstream, and as many streams. As for `refusalLimit`, addresses
   * that several clients may share are not counted. Default 512.
   */
  readonly maxConcurrentPerAddress: number;
  /** Failures of the upstream, in a row, that open its circuit. Default 5. */
  readonly circuitFailures: number;
  /** Time until one request probes an open circuit, in milliseconds. Default 1 000. */
  readonly circuitOpenMs: number;
}

export const UPSTREAM_LIMITS: UpstreamLimits = {
  connectTimeoutMs: 5_000,
  maxConcurrentRequests: 1_024,
  maxConcurrentStreams: 1_024,
  maxConcurrentPerSession: 256,
  maxConcurrentPerUser: 256,
  maxConcurrentPerApp: 768,
  maxConcurrentPerAddress: 512,
  circuitFailures: 5,
  circuitOpenMs: 1_000,
};

/** What a request showed about the health of its upstream. */
export type UpstreamOutcome = "answered" | "failed" | "unknown";

/** Streams stay open for hours, so they are counted apart from requests that end soon. */
export type ExchangeKind = "request" | "stream";

/** An exchange, as an upstream counts it. */
export interface Counted extends Holder {
  /** A request turns into a stream when its answer begins as one. */
  kind: ExchangeKind;
}

export class UpstreamPool {
  readonly origin: string;
  readonly connections: UpstreamConnections;
  readonly circuit: Circuit;
  readonly #limits: UpstreamLimits;
  readonly #places: Readonly<Record<ExchangeKind, Places>>;

  constructor(origin: string, limits: UpstreamLimits) {
    this.origin = origin;
    this.#limits = limits;
    this.circuit = new Circuit({ failures: limits.circuitFailures, openMs: limits.circuitOpenMs });
    this.connections = new UpstreamConnections(origin, limits.connectTimeoutMs);
    this.#places = {
      request: placesOf(limits, limits.maxConcurrentRequests),
      stream: placesOf(limits, limits.maxConcurrentStreams),
    };
  }

  /**
   * Counts an exchange. Follow each call with one {@link UpstreamPool.leave}.
   *
   * @throws {BridgeError} RATE_LIMITED, when the holder has too many places; OVERLOADED, when no place is
   *   free; UPSTREAM_UNREACHABLE, while the circuit is open
   */
  enter(exchange: Counted): void {
    const places = this.#places[exchange.kind];
    const refused = places.refusalOf(exchange);
    if (refused !== undefined) throw refused;
    if (this.circuit.isOpen && !this.circuit.admits(performance.now())) {
      throw new BridgeError(
        "UPSTREAM_UNREACHABLE",
        "The upstream did not answer recent requests.",
        {
          details: { retryAfterSeconds: this.#limits.circuitOpenMs / 1_000 },
        },
      );
    }
    places.take(exchange);
  }

  /**
   * Counts a request whose answer is an event stream as a stream from now on.
   *
   * @returns RATE_LIMITED or OVERLOADED, when the stream has no place
   */
  streamFault(exchange: Counted, headers: UpstreamHeaders): BridgeError | undefined {
    if (!isEventStream(headers)) return undefined;
    const { request, stream } = this.#places;
    const refused = stream.refusalOf(exchange);
    if (refused !== undefined) return refused;
    request.give(exchange);
    stream.take(exchange);
    exchange.kind = "stream";
    return undefined;
  }

  leave(exchange: Counted, outcome: UpstreamOutcome): void {
    this.#places[exchange.kind].give(exchange);
    if (outcome === "answered") this.circuit.succeeded();
    else if (outcome === "failed") this.circuit.failed(performance.now());
    else this.circuit.forgotten();
  }
}

function placesOf(limits: UpstreamLimits, total: number): Places {
  return new Places({
    total,
    perSession: limits.maxConcurrentPerSession,
    perUser: limits.maxConcurrentPerUser,
    perApp: limits.maxConcurrentPerApp,
    perAddress: limits.maxConcurrentPerAddress,
  });
}

export interface UpstreamPools {
  /**
   * @param origin - As a URL serialises it.
   * @throws {BridgeError} UPSTREAM_UNREACHABLE, after `destroy`
   */
  get(origin: string): UpstreamPool;
  readonly all: Iterable<UpstreamPool>;
  /** Closes the connections to all other origins, once their requests are done. */
  retain(origins: Pick<ReadonlySet<string>, "has">): void;
  /** Closes all connections, except those of origins that were not retained, and opens no more. */
  destroy(): Promise<void>;
}

export function createUpstreamPools(limits: UpstreamLimits): UpstreamPools {
  const upstreams = new Map<string, UpstreamPool>();
  let isDestroyed = false;
  return {
    get: (origin) => {
      // A request may still have been waiting for its decision.
      if (isDestroyed)
        throw new BridgeError("UPSTREAM_UNREACHABLE", "The gateway is shutting down.");
      let upstream = upstreams.get(origin);
      if (upstream === undefined) {
        upstreams.set(origin, (upstream = new UpstreamPool(origin, limits)));
      }
      return upstream;
    },
    get all() {
      return upstreams.values();
    },
    retain: (origins) => {
      for (const [origin, upstream] of upstreams) {
        if (origins.has(origin)) continue;
        upstreams.delete(origin);
        upstream.connections.retire();
      }
    },
    destroy: async () => {
      isDestroyed = true;
      const all = [...upstreams.values()];
      upstreams.clear();
      await Promise.all(all.map(({ connections }) => connections.destroy()));
    },
  };
}
