import { expect, test } from "vitest";
import { ratesOf } from "../model.ts";
import { DEFAULT_OPTIONS } from "../options.ts";
import { planEvents, type EventKind } from "./plan.ts";

const OPTIONS = { ...DEFAULT_OPTIONS, users: 5_000, tenants: 50, changes: 300, "sign-ins": 50 };
const SECONDS = 100;

test("the same seed gives the same plan, another seed another one", () => {
  const plan = (seed: number): string =>
    JSON.stringify(planEvents({ options: OPTIONS, seconds: 5, seed }));
  expect(plan(1)).toBe(plan(1));
  expect(plan(1)).not.toBe(plan(2));
});

test("events come in order, within the time, from users and apps that exist", () => {
  const events = planEvents({ options: OPTIONS, seconds: SECONDS, seed: 1 });
  const times = events.map(({ atSeconds }) => atSeconds);
  expect(times.filter((time, index) => time < (times[index - 1] ?? 0))).toEqual([]);
  expect(times.at(-1)).toBeLessThan(SECONDS);
  const seen = (values: readonly number[]): readonly number[] =>
    [...new Set(values)].toSorted((a, b) => a - b);
  expect(seen(events.map(({ user }) => user))).toEqual([...Array(1_000).keys()]);
  expect(seen(events.map(({ app }) => app))).toEqual([0, 1, 2, 3, 4]);
});

const rates = ratesOf(OPTIONS);
test.each<[EventKind, number]>([
  ["renew", rates.activeUsers * OPTIONS.apps * rates.renewalsPerSecond],
  ["request", rates.gatewayRequests],
  ["load", rates.sessionReads - rates.told],
  ["refresh", rates.refreshes],
  ["sign-in", rates.signIns],
  ["change", rates.changes],
])("%s happens as often as the model says", (kind, perSecond) => {
  const events = planEvents({ options: OPTIONS, seconds: SECONDS, seed: 1 });
  const count = events.filter((event) => event.kind === kind).length;
  expect(count).toBeGreaterThan(20);
  // A renewal at even intervals happens once more or less, by its first time.
  expect(Math.abs(count / (perSecond * SECONDS) - 1)).toBeLessThan(0.03);
});
