/** One pool per upstream origin: its connections, its caps and its circuit. Created at first use. */
import { BridgeError } from "@breezeway/shared";
import { Circuit } from "./circuit.ts";
import { UpstreamConnections } from "./upstream-connections.ts";

export interface UpstreamLimits {
  /** Time to open a connection, in milliseconds. Default 5 000. */
  readonly connectTimeoutMs: number;
  /** Requests under way to one upstream, including WebSockets. Default 1 024. */
  readonly maxConcurrentRequests: number;
  /**
   * Requests under way of one session to one upstream. Without this cap one guest could use up the
   * upstream with open streams. Default 256.
   */
  readonly maxConcurrentPerSession: number;
  /** Requests without an answer, in a row, that open the upstream's circuit. Default 5. */
  readonly circuitFailures: number;
  /** Time until one request probes an open circuit, in milliseconds. Default 1 000. */
  readonly circuitOpenMs: number;
}

export const UPSTREAM_LIMITS: UpstreamLimits = {
  connectTimeoutMs: 5_000,
  maxConcurrentRequests: 1_024,
  maxConcurrentPerSession: 256,
  circuitFailures: 5,
  circuitOpenMs: 1_000,
};

/** What a request showed about the health of its upstream. */
export type UpstreamOutcome = "answered" | "failed" | "unknown";

export class UpstreamPool {
  readonly origin: string;
  readonly connections: UpstreamConnections;
  readonly circuit: Circuit;
  readonly #limits: UpstreamLimits;
  readonly #activeOf = new Map<string, number>();
  #active = 0;

  constructor(origin: string, limits: UpstreamLimits) {
    this.origin = origin;
    this.#limits = limits;
    this.circuit = new Circuit({ failures: limits.circuitFailures, openMs: limits.circuitOpenMs });
    this.connections = new UpstreamConnections(origin, limits.connectTimeoutMs);
  }

  /** Requests under way. */
  get active(): number {
    return this.#active;
  }

  /**
   * Counts a request of a session. Follow each call with one {@link UpstreamPool.leave}.
   *
   * @throws {BridgeError} RATE_LIMITED, when the session is at its cap; OVERLOADED, when the upstream is at
   *   its cap; UPSTREAM_UNREACHABLE, while the circuit is open
   */
  enter(handle: string): void {
    const own = this.#activeOf.get(handle) ?? 0;
    if (own >= this.#limits.maxConcurrentPerSession) {
      throw new BridgeError(
        "RATE_LIMITED",
        "This session has too many open requests to this upstream. Wait for some of them to end.",
        {
          details: { retryAfterSeconds: 1 },
        },
      );
    }
    if (this.#active >= this.#limits.maxConcurrentRequests) {
      throw new BridgeError(
        "OVERLOADED",
        "This upstream has too many open requests. Send the request again later.",
      );
    }
    if (this.circuit.isOpen && !this.circuit.admits(performance.now())) {
      throw new BridgeError(
        "UPSTREAM_UNREACHABLE",
        "The upstream did not answer recent requests.",
        {
          details: { retryAfterSeconds: this.#limits.circuitOpenMs / 1_000 },
        },
      );
    }
    this.#active += 1;
    this.#activeOf.set(handle, own + 1);
  }

  leave(handle: string, outcome: UpstreamOutcome): void {
    this.#active -= 1;
    const own = (this.#activeOf.get(handle) ?? 0) - 1;
    if (own > 0) this.#activeOf.set(handle, own);
    else this.#activeOf.delete(handle);
    if (outcome === "answered") this.circuit.succeeded();
    else if (outcome === "failed") this.circuit.failed(performance.now());
    else this.circuit.forgotten();
  }
}

export interface UpstreamPools {
  /**
   * @param origin - As a URL serialises it.
   * @throws {BridgeError} UPSTREAM_UNREACHABLE, after `destroy`
   */
  get(origin: string): UpstreamPool;
  readonly all: Iterable<UpstreamPool>;
  /** Closes the connections to all other origins, once their requests are done. */
  retain(origins: ReadonlySet<string>): void;
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
