import type { ErrorReason } from "@breezeway/shared";
import type { AppVersion } from "@breezeway/shared/schemas";
import type { VerifiedSession } from "@breezeway/verify";
import type { RequestHead } from "../request/request-head.ts";
import type { Route } from "../decision/route-table.ts";

/** What metrics, audit log and tracing may see of a request. It has no token. */
export interface ObservedExchange {
  readonly requestId: string;
  readonly head: RequestHead;
  /** The normalised path without the query; `undefined` for a path without a route. */
  readonly path: string | undefined;
  readonly origin: string | undefined;
  readonly route: Route | undefined;
  readonly session: VerifiedSession | undefined;
  /** The version of the app that the tenant has, by the registry; nothing that the request says. */
  readonly appVersion: AppVersion | undefined;
  /** 0 until the answer begins. */
  readonly status: number;
  /** Why the gateway refused the request, or ended the upstream's answer early. */
  readonly reason: ErrorReason | undefined;
  /** Monotonic milliseconds. */
  readonly startedAtMs: number;
}

export interface ExchangeObserver {
  /** The request is allowed and goes to the upstream. */
  allowed?(exchange: ObservedExchange): void;
  /** The exchange is over, successful or not. Called once per request. */
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
