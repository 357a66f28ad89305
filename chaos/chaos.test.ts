/** The short form of `npm run chaos`. The machine is shared with other tests: bounds are in machine time. */
import { installedPostgres } from "@breezeway/test-support/postgres";
import { expect, it } from "vitest";
import { runChaos } from "./chaos-run.ts";
import { readPlan } from "./faults/plan.ts";

/** A fault of each kind, with as few new processes as possible: starting one costs most of the run. */
const SHORT = {
  postgres: [
    "clock:gateway-2:500:600:3600",
    "freeze:gateway-1:900:700",
    "kill:issuer-1:500:800",
    "cut:issuer-2:600:700",
    "kill:store:500:800",
    "dns:upstream:800:700",
  ],
  sqlite: ["disk-full:store:900:1000", "clock:all:600:700:-3600", "read-only:store:500:600"],
};
const LOAD = { seed: 14, people: 5, pauseMs: 100 };
const BOUNDS = { revokedWithinMs: 5_000, healthyWithinMs: 10_000 };

it.runIf(installedPostgres)(
  "two issuers on Postgres and two gateways lose nothing that they acknowledged, and recover",
  async () => {
    const plan = readPlan(SHORT.postgres.join());
    const result = await runChaos({ ...LOAD, ...BOUNDS, store: "postgres", durationMs: 0, plan });
    expect(result.violations).toEqual([]);
    expect(result.recoveries).toHaveLength(1);
    expect(result.excused).toBeGreaterThan(0);
    expect(result.answers.get("200")).toBeGreaterThan(10);
  },
);

it("an issuer on SQLite and its gateway lose nothing that they acknowledged, and recover", async () => {
  const plan = readPlan(SHORT.sqlite.join());
  const result = await runChaos({ ...LOAD, ...BOUNDS, store: "sqlite", durationMs: 0, plan });
  expect(result.violations).toEqual([]);
  expect(result.answers.get("200")).toBeGreaterThan(10);
});
