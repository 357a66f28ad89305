/**
 * Everything that is under way: what a revocation ends, what a time limit ends, what a shutdown waits
 * for. One timer for all, since a timer per request costs more than the request's decision.
 */
import { BridgeError } from "@breezeway/shared";
import type { VerifiedSession } from "@breezeway/verify";
import type { Route } from "../decision/route-table.ts";

export interface OpenExchange {
  readonly session: VerifiedSession | undefined;
  readonly route: Route | undefined;
  /** On the clock of {@link OpenExchanges.nowMs}. */
  readonly startedAtMs: number;
  /** Last sign of life of a body in either direction, on the same clock. */
  readonly activeAtMs: number;
  /** When the request had been sent as a whole; infinite before. On the same clock. */
  readonly sentAtMs: number;
  readonly isUpgraded: boolean;
  /** Whether the upstream's answer has begun. */
  readonly isAnswering: boolean;
  /** Its place among the open ones, kept by {@link OpenExchanges}; -1 when it is not among them. */
  place: number;
  end(error: BridgeError): void;
}

export interface OpenExchanges {
  add(exchange: OpenExchange): void;
  delete(exchange: OpenExchange): void;
  /** Ends all exchanges of which this is true. Returns how many. */
  endWhere(test: (exchange: OpenExchange) => boolean, error: () => BridgeError): number;
  readonly size: number;
  readonly upgraded: number;
  /** Monotonic milliseconds, as of the last look at the clock: cheap, and good to half a second. */
  readonly nowMs: number;
  /** Settles when nothing is open any more. */
  idle(): Promise<void>;
  close(): void;
}

export interface OpenExchangesOptions {
  /** Told once per look at the clock. */
  readonly onTick: () => void;
}

const TICK_MS = 500;

export function createOpenExchanges({ onTick }: OpenExchangesOptions): OpenExchanges {
  // No Set: its table is replaced every few dozen requests, and each one refers to the next. Once one
  // of them is old, all later ones live on with their exchanges until a full collection.
  const open: OpenExchange[] = [];
  const waiting: (() => void)[] = [];
  let nowMs = performance.now();

  const timer = setInterval(() => {
    nowMs = performance.now();
    for (const exchange of open.slice()) enforceTimes(exchange, nowMs);
    onTick();
  }, TICK_MS);
  timer.unref();

  return {
    add: (exchange) => {
      exchange.place = open.push(exchange) - 1;
    },
    delete: (exchange) => {
      remove(open, exchange);
      if (open.length === 0) for (const resolve of waiting.splice(0)) resolve();
    },
    endWhere: (test, error) => {
      const ended = open.filter(test);
      for (const exchange of ended) exchange.end(error());
      return ended.length;
    },
    get size() {
      return open.length;
    },
    get upgraded() {
      return open.filter(({ isUpgraded }) => isUpgraded).length;
    },
    get nowMs() {
      return nowMs;
    },
    idle: () => (open.length === 0 ? Promise.resolve() : new Promise((done) => waiting.push(done))),
    close: () => clearInterval(timer),
  };
}

/** The last one takes its place. */
function remove(open: OpenExchange[], exchange: OpenExchange): void {
  const { place } = exchange;
  if (place === -1) return;
  exchange.place = -1;
  const last = open.pop();
  if (last === undefined || last === exchange) return;
  open[place] = last;
  last.place = place;
}

function enforceTimes(exchange: OpenExchange, nowMs: number): void {
  const { route } = exchange;
  if (route === undefined) return;
  const { totalTimeoutMs, idleTimeoutMs, timeoutMs } = route;
  if (totalTimeoutMs > 0 && nowMs - exchange.startedAtMs > totalTimeoutMs) {
    exchange.end(new BridgeError("UPSTREAM_TIMEOUT", "The exchange took too long."));
  } else if (!exchange.isAnswering && nowMs - exchange.sentAtMs > timeoutMs) {
    exchange.end(new BridgeError("UPSTREAM_TIMEOUT", "The upstream did not begin to answer."));
  } else if (idleTimeoutMs > 0 && nowMs - exchange.activeAtMs > idleTimeoutMs) {
    // Before the answer only a body that stopped coming can be idle.
    exchange.end(
      exchange.isAnswering
        ? new BridgeError("UPSTREAM_TIMEOUT", "The answer stopped coming.")
        : new BridgeError("REQUEST_TIMEOUT", "The request's body stopped coming."),
    );
  }
}
