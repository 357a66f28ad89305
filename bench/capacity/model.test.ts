import { expect, test } from "vitest";
import { LIMIT_RULES, limitsOf } from "./limits.ts";
import { estimate, missesPerSecond, ratesOf, type Estimate } from "./model.ts";
import { DEFAULT_OPTIONS, OPTION_RULES, parseFlags, type CapacityOptions } from "./options.ts";
import { parseUnits, UNIT_MEANINGS, type Units } from "./units.ts";

/** Every unit costs 1, so that a sum shows what was counted. */
const ONES = Object.fromEntries(
  Object.entries(UNIT_MEANINGS).map(([group, meanings]) => [
    group,
    Object.fromEntries(Object.keys(meanings).map((name) => [name, 1])),
  ]),
) as unknown as Units;

const ASKED: CapacityOptions = { ...DEFAULT_OPTIONS, users: 100_000, tenants: 500 };

/** All figures of an estimate, by their path. */
function figuresOf(value: object, path = ""): Map<string, number> {
  const figures = new Map<string, number>();
  for (const [name, member] of Object.entries(value) as [string, unknown][]) {
    const at = path === "" ? name : `${path}.${name}`;
    if (typeof member === "number") figures.set(at, member);
    else
      for (const [deeper, figure] of figuresOf(member as object, at)) figures.set(deeper, figure);
  }
  return figures;
}

/** Processes come in whole numbers: with one more of them, each has a smaller part. */
const MAY_FALL = /PerProcess$/u;

test.each([
  "users",
  "active",
  "tenants",
  "apps",
  "tabs",
  "loads",
  "requests",
  "changes",
  "tenant-changes",
  "sessions",
  "sign-ins",
  "limited",
  "idle-connections",
  "max-connections",
] as const)("no figure falls when --%s grows", (name) => {
  let before = figuresOf(estimate(ONES, ASKED));
  for (const factor of [1.5, 2, 5, 20, 100]) {
    const value = Math.min(OPTION_RULES[name].max, Math.ceil(ASKED[name] * factor));
    const after = figuresOf(estimate(ONES, { ...ASKED, [name]: value }));
    for (const [path, figure] of after) {
      if (MAY_FALL.test(path) || (name === "tenants" && path === "streamsPerTenant")) continue;
      expect(figure, `${path} at ${value}`).toBeGreaterThanOrEqual(
        (before.get(path) ?? 0) * (1 - 1e-9),
      );
    }
    before = after;
  }
});

test.each(["token-seconds", "refresh-minutes", "core-use"] as const)(
  "nothing that is paid per second rises when --%s grows",
  (name) => {
    const { min, max } = OPTION_RULES[name];
    const at = (value: number): Estimate => estimate(ONES, { ...ASKED, [name]: value });
    const low = at(Math.max(min, ASKED[name] / 2));
    const high = at(Math.min(max, ASKED[name] * 2));
    expect(high.issuer.cores).toBeLessThanOrEqual(low.issuer.cores);
    expect(high.postgres.statements).toBeLessThanOrEqual(low.postgres.statements);
    expect(high.gateway.processes).toBeLessThanOrEqual(low.gateway.processes);
  },
);

test.each([
  "activeUsers",
  "mints",
  "sessionReads",
  "streamOpens",
  "refreshes",
  "signIns",
  "changes",
  "told",
  "gatewayRequests",
] as const)("the rate %s is proportional to users and their tenants", (name) => {
  const once = ratesOf(ASKED)[name];
  const sevenfold = ratesOf({ ...ASKED, users: 7 * ASKED.users, tenants: 7 * ASKED.tenants })[name];
  expect(once).toBeGreaterThan(0);
  expect(sevenfold / once).toBeCloseTo(7, 9);
});

test("the rates of 3 600 active users are those that one computes by hand", () => {
  const rates = ratesOf({
    ...DEFAULT_OPTIONS,
    users: 7_200,
    active: 0.5,
    tenants: 36,
    apps: 2,
    tabs: 1,
    loads: 10,
    "token-seconds": 60,
    "refresh-minutes": 60,
    requests: 6,
    changes: 0,
    "tenant-changes": 800,
    "sign-ins": 4,
  });
  expect(rates).toEqual({
    activeUsers: 3_600,
    // A token lives 57 s and is renewed after 39.9 s. 10 pages load per second; each second, 100
    // pages receive a change of one of 36 tenants.
    mints: expect.closeTo(2 * (3_600 / 39.9 + 10 + 100), 9) as number,
    sessionReads: 110,
    streamOpens: 10,
    refreshes: 1,
    signIns: 1,
    sessionChanges: 0,
    changes: 1,
    told: 100,
    gatewayRequests: 360,
    renewalsPerSecond: expect.closeTo(1 / 39.9, 9) as number,
  });
});

test.each([
  ["nothing is used", { usesPerSecondEach: 0 }, 0],
  ["each use comes after the time in memory", { usesPerSecondEach: 1e-6 }, 1_000 / (30 + 1e6)],
  ["each item is used all the time", { usesPerSecondEach: 1e6 }, 1_000 / 30],
  ["there is room for a quarter", { usesPerSecondEach: 1, maxItems: 250 }, 750],
  ["there is no room", { usesPerSecondEach: 1, maxItems: 0 }, 1_000],
])("memory is missed as often as one computes by hand when %s", (_, given, expected) => {
  const memory = { items: 1_000, maxSeconds: 30, maxItems: 1_000, ...given };
  expect(missesPerSecond(memory)).toBeCloseTo(expected, 4);
});

test.each([
  ["nothing drops a session earlier", { changes: 0, "refresh-minutes": 10_080 }, 3_600],
  ["changes drop each session once in 100 s", { changes: 600, "refresh-minutes": 10_080 }, 100],
  ["rotations drop each session once in 60 s", { changes: 0, "refresh-minutes": 1 }, 60],
])("a session is read once for each time that it stays in memory when %s", (_, given, seconds) => {
  // Each session is used so often that the time until its next use does not count.
  const busy = { ...ASKED, apps: 100, loads: 1_000, tabs: 100, ...given };
  const { rates, issuer } = estimate(ONES, busy, { issuers: 1 });
  expect(rates.activeUsers / issuer.coldMints / seconds).toBeCloseTo(1, 1);
});

test("processes are as many as keep each within its share of a core", () => {
  const { issuer, gateway } = estimate(ONES, ASKED);
  for (const { processes, cores } of [issuer, gateway]) {
    expect(processes).toBeGreaterThan(2);
    expect(cores / processes).toBeLessThanOrEqual(0.5);
  }
  const fewer = estimate(ONES, ASKED, {
    issuers: issuer.processes - 1,
    gateways: gateway.processes - 1,
  });
  expect(fewer.issuer.cores / fewer.issuer.processes).toBeGreaterThan(0.5);
  expect(fewer.gateway.cores / fewer.gateway.processes).toBeGreaterThan(0.5);
});

test("event streams ask for processes that the processor would not need", () => {
  const cheap: Units = {
    ...ONES,
    issuerCpuMs: Object.fromEntries(
      Object.keys(ONES.issuerCpuMs).map((name) => [name, 0]),
    ) as Units["issuerCpuMs"],
  };
  const at = (users: number): number =>
    estimate(cheap, { ...ASKED, users, active: 1 }).issuer.processes;
  expect([at(1), at(36_000), at(36_001), at(180_000)]).toEqual([2, 2, 3, 10]);
});

test("no number of issuers is enough when reading the changes of others fills a core", () => {
  const { issuer } = estimate(ONES, { ...ASKED, changes: 100_000 });
  expect(issuer.processes).toBe(Number.POSITIVE_INFINITY);
});

test("Postgres has the connections of all issuers", () => {
  const { postgres } = estimate(ONES, { ...ASKED, "max-connections": 4 }, { issuers: 3 });
  expect(postgres.connections).toBe(15);
});

test("a limit is reached right after the number of users that is given for it", () => {
  const limits = limitsOf(ONES, ASKED);
  expect(limits.filter(({ users }) => Number.isFinite(users)).length).toBeGreaterThan(3);
  expect(limits.map(({ users }) => users)).toEqual(
    limits.map(({ users }) => users).toSorted((a, b) => a - b),
  );
  expect(limits).toHaveLength(LIMIT_RULES.length);
  for (const { name, users } of limits) {
    const rule = LIMIT_RULES.find((one) => one.name === name);
    const use = (count: number): number | undefined =>
      rule?.use(
        estimate(ONES, { ...ASKED, users: count, tenants: (ASKED.tenants * count) / ASKED.users }),
        ASKED,
      );
    const isReached = Number.isFinite(users);
    if (users > 0) expect(use(isReached ? users : 1e9), name).toBeLessThanOrEqual(1);
    if (isReached) expect(use(users + 1), name).toBeGreaterThan(1);
  }
});

test("a limit that a thousand million users do not reach is never reached", () => {
  const options = { ...ASKED, changes: 0, "tenant-changes": 0 };
  const lock = limitsOf(ONES, options).find(({ name }) => name === "lock of the change log");
  expect(lock?.users).toBe(Number.POSITIVE_INFINITY);
});

test("flags replace defaults", () => {
  expect(parseFlags([])).toEqual(DEFAULT_OPTIONS);
  expect(parseFlags(["--users", "10000", "--active", "0.5"])).toEqual({
    ...DEFAULT_OPTIONS,
    users: 10_000,
    active: 0.5,
  });
});

test.each([
  ["--user 5", "capacity: --user: must be one of --users, --active, "],
  ["users 5", "capacity: users: must be one of --users, "],
  ["--toString 5", "capacity: --toString: must be one of "],
  ["--users", "capacity: --users: must be a whole number from 1 to 1000000000."],
  ["--users 0", "capacity: --users: must be a whole number from 1 "],
  ["--users 1e6", "capacity: --users: must be a whole number from 1 "],
  ["--users 1.5", "capacity: --users: must be a whole number from 1 "],
  ["--active 1.1", "capacity: --active: must be a number from 0 to 1."],
  ["--active -0.1", "capacity: --active: must be a number from 0 to 1."],
  ["--token-seconds 301", "capacity: --token-seconds: must be a whole number from 15 to 300."],
  ["--users 5 --users 6", "capacity: --users: must be given once."],
])("refuses %s by the name of the flag", (flags, message) => {
  expect(() => parseFlags(flags.split(" "))).toThrow(message);
});

test.each([
  ["is missing", { issuerCpuMs: { ...ONES.issuerCpuMs, refresh: undefined } }],
  ["is not a number", { issuerCpuMs: { ...ONES.issuerCpuMs, refresh: "1" } }],
  ["is negative", { issuerCpuMs: { ...ONES.issuerCpuMs, refresh: -1 } }],
])("refuses units of which one %s by its name", (_, broken) => {
  expect(() => parseUnits({ ...ONES, ...broken })).toThrow("issuerCpuMs.refresh: must be ");
});

test("refuses a unit that the model does not know", () => {
  const redisCommands = { ...ONES.redisCommands, toString: 1 };
  expect(() => parseUnits({ ...ONES, redisCommands })).toThrow("redisCommands.toString: must be ");
});
