import type { ErrorReason } from "@breezeway/shared";
import type { VerifiedSession } from "@breezeway/verify";
import type { RequestHead } from "../request/request-head.ts";
import type { Route } from "../decision/route-table.ts";

/** What metrics, audit and tracing may see of a request. There is no token in it. */
export interface ObservedExchange {
  readonly requestId: string;
  readonly head: RequestHead;
  /** The path in its normal form, without the query; `undefined` when it has none. */
  readonly path: string | undefined;
  readonly origin: string | undefined;
  readonly route: Route | undefined;
  readonly session: VerifiedSession | undefined;
  /** 0 until an answer has begun. */
  readonly status: number;
  /** Why the gateway answered instead of the upstream, or cut the upstream's answer. */
  readonly reason: ErrorReason | undefined;
  /** Monotonic milliseconds. */
  readonly startedAtMs: number;
}

export interface ExchangeObserver {
  /** The request may pass, and is on its way to the upstream. */
  allowed?(exchange: ObservedExchange): void;
  /** Over, well or not. Called once per request. */
  finished?(exchange: ObservedExchange): void;
}

export function combineObservers(
  parts: readonly (ExchangeObserver | undefined)[],
): Required<ExchangeObserver> {
  const observers = parts.filter((part) => part !== undefined);
  return {
    allowed: (exchange) => {
      for (const observer of observers) observer.allowed?.(exchange);
    },
    finished: (exchange) => {
      for (const observer of observers) observer.finished?.(exchange);
    },
  };
}
