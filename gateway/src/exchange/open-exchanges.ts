/**
 * All exchanges under way: what a revocation or a time limit ends, and what a shutdown waits for. One
 * timer serves all of them, because a timer per request costs more than the request's decision.
 *
 * Exchanges that last are found by what a revocation can name. Nearly all end before the next tick, and
 * cost no entry in the index.
 */
import { BridgeError } from "@breezeway/shared";
import type { Revocation } from "@breezeway/shared/schemas";
import type { VerifiedSession } from "@breezeway/verify";
import type { Route } from "../decision/route-table.ts";
import type { UpstreamOutcome } from "../upstream/upstream-pools.ts";

export interface OpenExchange {
  readonly session: VerifiedSession | undefined;
  readonly route: Route | undefined;
  /** On the clock of {@link OpenExchanges.nowMs}, like the two times below. */
  readonly startedAtMs: number;
  /** When a body last moved in either direction; infinite while none should. */
  readonly activeAtMs: number;
  /** When the whole request had been sent; infinite before. */
  readonly sentAtMs: number;
  readonly isUpgraded: boolean;
  /** Whether the upstream's answer has begun. */
  readonly isAnswering: boolean;
  /** Whether the exchange waits for bytes from the client, or for the client to read. */
  readonly awaitsClient: boolean;
  /** Index in its list. {@link OpenExchanges} maintains it; -1 when the exchange is in no list. */
  place: number;
  /** What a revocation may name once the exchange lasts. {@link OpenExchanges} maintains it. */
  names: readonly string[] | undefined;
  /** @param outcome - What this end shows about the upstream. Default: what is known so far. */
  end(error: BridgeError, outcome?: UpstreamOutcome): void;
}

export interface OpenExchanges {
  add(exchange: OpenExchange): void;
  delete(exchange: OpenExchange): void;
  /** Ends all exchanges that pass the test. Returns their number. */
  endWhere(test: (exchange: OpenExchange) => boolean, error: () => BridgeError): number;
  /**
   * Exchanges that a revocation of these names may concern. The cost follows those, and the exchanges
   * that began since the last tick.
   */
  named(names: ReadonlySet<string>): readonly OpenExchange[];
  readonly size: number;
  readonly upgraded: number;
  /** Monotonic milliseconds, updated every half second: cheap to read. */
  readonly nowMs: number;
  /** Calls `listener` after each update of {@link OpenExchanges.nowMs}. */
  onTick(listener: () => void): void;
  /** Resolves when no exchange is open. */
  idle(): Promise<void>;
  close(): void;
}

/** The name by which {@link OpenExchanges.named} finds the exchanges of a session, user and so on. */
export function nameOf(kind: Revocation["kind"], id: string): string {
  return `${kind}:${id}`;
}

/** Time limits are checked this often: a longer period ends requests later, a shorter one costs CPU time. */
const TICK_MS = 500;

export function createOpenExchanges(): OpenExchanges {
  // Not a Set: V8 replaces its table every few dozen requests, and each table refers to the next. Once one
  // table is old, all later ones stay in memory with their exchanges until a full collection.
  let recent: OpenExchange[] = [];
  const lasting: OpenExchange[] = [];
  const index = new Map<string, Set<OpenExchange>>();
  const waiting: (() => void)[] = [];
  const listeners: (() => void)[] = [];
  let nowMs = performance.now();

  const all = (): OpenExchange[] => [...recent, ...lasting];
  const settle = (): void => {
    const before = recent;
    recent = [];
    for (const exchange of before) {
      exchange.names = namesOf(exchange.session);
      exchange.place = lasting.push(exchange) - 1;
      for (const name of exchange.names) addTo(index, name, exchange);
    }
  };

  const timer = setInterval(() => {
    nowMs = performance.now();
    for (const exchange of all()) enforceTimes(exchange, nowMs);
    settle();
    for (const listener of listeners) listener();
  }, TICK_MS);
  timer.unref();

  return {
    add: (exchange) => {
      exchange.place = recent.push(exchange) - 1;
    },
    delete: (exchange) => {
      remove(exchange.names === undefined ? recent : lasting, exchange);
      for (const name of exchange.names ?? []) removeFrom(index, name, exchange);
      if (recent.length + lasting.length > 0) return;
      for (const resolve of waiting.splice(0)) resolve();
    },
    endWhere: (test, error) => {
      const ended = all().filter(test);
      for (const exchange of ended) exchange.end(error());
      return ended.length;
    },
    named: (names) => {
      const found = new Set(recent);
      for (const name of names) for (const exchange of index.get(name) ?? []) found.add(exchange);
      return [...found];
    },
    get size() {
      return recent.length + lasting.length;
    },
    get upgraded() {
      return all().filter(({ isUpgraded }) => isUpgraded).length;
    },
    get nowMs() {
      return nowMs;
    },
    onTick: (listener) => {
      listeners.push(listener);
    },
    idle: () =>
      recent.length + lasting.length === 0
        ? Promise.resolve()
        : new Promise((done) => waiting.push(done)),
    close: () => clearInterval(timer),
  };
}

function namesOf(session: VerifiedSession | undefined): readonly string[] {
  if (session === undefined) return [];
  const { sid, userId, tenantId, aud } = session.claims;
  return [
    nameOf("session", sid),
    nameOf("user", userId),
    nameOf("tenant", tenantId),
    nameOf("app", aud),
    nameOf("key", session.keyId),
  ];
}

function addTo<T>(index: Map<string, Set<T>>, name: string, entry: T): void {
  const entries = index.get(name);
  if (entries) entries.add(entry);
  else index.set(name, new Set([entry]));
}

function removeFrom<T>(index: Map<string, Set<T>>, name: string, entry: T): void {
  const entries = index.get(name);
  entries?.delete(entry);
  if (entries?.size === 0) index.delete(name);
}

/** Moves the last exchange into the free place. */
function remove(list: OpenExchange[], exchange: OpenExchange): void {
  const { place } = exchange;
  if (place === -1) return;
  exchange.place = -1;
  const last = list.pop();
  if (last === undefined || last === exchange) return;
  list[place] = last;
  last.place = place;
}

function enforceTimes(exchange: OpenExchange, nowMs: number): void {
  const { route } = exchange;
  if (route === undefined) return;
  const { totalTimeoutMs, idleTimeoutMs, timeoutMs } = route;
  if (totalTimeoutMs > 0 && nowMs - exchange.startedAtMs > totalTimeoutMs) {
    // A stream may be as old as this, and a client may be as slow, while the upstream is well.
    const outcome = exchange.isAnswering || exchange.awaitsClient ? undefined : "failed";
    const what = "The exchange took longer than totalTimeoutMs.";
    exchange.end(new BridgeError("UPSTREAM_TIMEOUT", what), outcome);
  } else if (!exchange.isAnswering && nowMs - exchange.sentAtMs > timeoutMs) {
    const what = "The upstream did not begin to answer in time.";
    exchange.end(new BridgeError("UPSTREAM_TIMEOUT", what), "failed");
  } else if (idleTimeoutMs > 0 && nowMs - exchange.activeAtMs > idleTimeoutMs) {
    endIdle(exchange);
  }
}

function endIdle(exchange: OpenExchange): void {
  if (exchange.isAnswering && !exchange.awaitsClient) {
    const what = "The upstream stopped sending its answer.";
    exchange.end(new BridgeError("UPSTREAM_TIMEOUT", what), "failed");
    return;
  }
  // Before the answer, only a request body that stopped can be idle.
  const what = exchange.isAnswering
    ? "The client stopped reading the answer."
    : "The client stopped sending the request body.";
  exchange.end(new BridgeError("REQUEST_TIMEOUT", what));
}
