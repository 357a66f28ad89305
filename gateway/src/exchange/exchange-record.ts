/** What observers, time limits and the counts of an upstream read about one exchange. */
import type { ErrorReason } from "@breezeway/shared";
import type { AppVersion } from "@breezeway/shared/schemas";
import type { VerifiedSession } from "@breezeway/verify";
import type { Route } from "../decision/route-table.ts";
import type { ObservedExchange } from "../observe/observer.ts";
import type { RequestHead } from "../request/request-head.ts";
import type { Counted, ExchangeKind } from "../upstream/upstream-pools.ts";

export const NEVER_MS: number = Number.POSITIVE_INFINITY;

export abstract class ExchangeRecord implements ObservedExchange, Counted {
  readonly head: RequestHead;
  readonly requestId: string;
  readonly startedAtMs: number = performance.now();
  origin: string | undefined;
  path: string | undefined;
  route: Route | undefined;
  session: VerifiedSession | undefined;
  abstract readonly appVersion: AppVersion | undefined;
  /** Counted at the upstream; `undefined` when many clients may share it. */
  address: string | undefined;
  kind: ExchangeKind = "request";
  status = 0;
  reason: ErrorReason | undefined;
  isUpgraded = false;
  place = -1;
  names: readonly string[] | undefined;
  /** {@link NEVER_MS} while no body should move. The wait for the upstream's head has its own limit. */
  activeAtMs: number = NEVER_MS;
  sentAtMs: number = NEVER_MS;

  constructor(head: RequestHead, requestId: string) {
    this.head = head;
    this.requestId = requestId;
  }
}
