/** What the simulated users do and when: a list that a seed determines. */
import { randomFrom } from "@breezeway/test-support/random";
import type { CapacityOptions } from "../options.ts";
import { ratesOf } from "../model.ts";

export type EventKind = "renew" | "request" | "load" | "refresh" | "sign-in" | "change";

export interface PlannedEvent {
  readonly kind: EventKind;
  readonly atSeconds: number;
  /** Whose it is, counted from 0. A sign-in is nobody's yet. */
  readonly user: number;
  readonly app: number;
}

export interface PlanOptions {
  readonly options: CapacityOptions;
  readonly seconds: number;
  readonly seed: number;
}

/** The events of all users, the earliest first. */
export function planEvents({ options, seconds, seed }: PlanOptions): readonly PlannedEvent[] {
  const random = randomFrom(seed);
  const rates = ratesOf(options);
  const users = Math.round(rates.activeUsers);
  const events: PlannedEvent[] = [];
  const pick = (count: number): number => Math.floor(random() * count);

  // Each token is renewed at even intervals, from a random time on.
  const interval = 1 / rates.renewalsPerSecond;
  for (let user = 0; user < users; user += 1) {
    for (let app = 0; app < options.apps; app += 1) {
      for (let at = random() * interval; at < seconds; at += interval) {
        events.push({ kind: "renew", atSeconds: at, user, app });
      }
    }
  }
  const atRandom = (kind: EventKind, perSecond: number): void => {
    for (let count = Math.round(perSecond * seconds); count > 0; count -= 1) {
      const atSeconds = random() * seconds;
      events.push({ kind, atSeconds, user: pick(users), app: pick(options.apps) });
    }
  };
  atRandom("request", rates.gatewayRequests);
  atRandom("load", rates.streamOpens * options.tabs);
  atRandom("refresh", rates.refreshes);
  atRandom("sign-in", rates.signIns);
  atRandom("change", rates.changes);
  return events.toSorted((a, b) => a.atSeconds - b.atSeconds);
}
