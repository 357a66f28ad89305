/**
 * A run: starts the platform and the load, causes the planned faults, waits after each group until everything
 * has recovered, and finally compares everything that was acknowledged with what the issuers say.
 */
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { createControl } from "./control.ts";
import { createDice } from "./dice.ts";
import { causeFault } from "./faults/cause.ts";
import { excuseOf, heldBy } from "./faults/fault.ts";
import { planFaults, type Plan, type PlannedFault } from "./faults/plan.ts";
import { createFaultLog, type FaultLog } from "./judge/fault-log.ts";
import { createJudge, type Judge } from "./judge/judge.ts";
import { createClient } from "./load/client.ts";
import { startLoad, type LoadOptions } from "./load/load.ts";
import { createMachineClock } from "./machine-clock.ts";
import { startPlatform, type Platform, type PlatformOptions } from "./platform/platform.ts";
import { createProbe, type Probe } from "./probe.ts";

const HEALTH_POLL_MS = 200;
/** So that a process is seen that ends soon. */
const SAMPLE_MS = 50;

export interface ChaosOptions extends PlatformOptions, LoadOptions {
  /** How long faults are caused, without the time to recover. Unused with a plan. */
  readonly durationMs: number;
  /** Default: planned from the seed. */
  readonly plan?: Plan;
  /** Every part refuses what was revoked, from so long after the acknowledgement on. */
  readonly revokedWithinMs: number;
  /** Everything works again, so long after a fault. */
  readonly healthyWithinMs: number;
  /** Called for each step of the run, with its time. */
  readonly onEvent?: (text: string) => void;
}

export interface ChaosResult {
  readonly plan: Plan;
  readonly violations: readonly string[];
  readonly answers: ReadonlyMap<string, number>;
  readonly excused: number;
  /** Excused because the machine was too busy; 0 on an idle one. */
  readonly starved: number;
  readonly lateRequests: number;
  /** After each group of faults, in milliseconds. */
  readonly recoveries: readonly number[];
  /** What the parts last wrote to standard error. */
  readonly errors: ReadonlyMap<string, readonly string[]>;
}

interface RunDeps {
  readonly platform: Platform;
  readonly log: FaultLog;
  readonly judge: Judge;
  readonly probe: Probe;
  readonly healthyWithinMs: number;
  readonly onEvent: (text: string) => void;
}

export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { seed, durationMs, healthyWithinMs, revokedWithinMs } = options;
  await using platform = await startPlatform(options);
  const { shape, places, parts } = platform;
  const { now } = createMachineClock({
    monotonic: () => performance.now(),
    pids: () => [process.pid, ...[...parts.values()].flatMap(({ pid }) => pid ?? [])],
  });
  const sampling = setInterval(now, SAMPLE_MS);
  const plan = options.plan ?? planFaults({ dice: createDice(seed), shape, durationMs });
  const log = createFaultLog({ now, healthyWithinMs, revokedWithinMs });
  const judge = createJudge({ log, now });
  const client = createClient({ now });
  const probe = createProbe({ places, client });
  const load = startLoad(
    {
      places,
      client,
      judge,
      now,
      control: createControl({ parts, judge, now }),
      wereClocksApart: (span) => log.excuses(span, ({ isClock }) => isClock === true),
      wereIssuersAway: (span) =>
        log.excuses(
          span,
          ({ silent, issuer, gateway }) =>
            shape.issuers.some((name) => silent.includes(name)) ||
            issuer.includes("store-unavailable") ||
            gateway.includes("keys-unavailable"),
        ),
    },
    options,
  );
  const onEvent = (text: string): void =>
    options.onEvent?.(`${(now() / 1_000).toFixed(1)} s: ${text}`);
  const deps: RunDeps = { platform, log, judge, probe, healthyWithinMs, onEvent };
  const recoveries: number[] = [];
  for (const group of plan) {
    const endedAtMs = await causeGroup(deps, group, now);
    recoveries.push(await untilHealthy(deps, endedAtMs, now));
  }
  await load.stop();
  await load.audit();
  clearInterval(sampling);
  const { violations, answers, excused, starved, lateRequests } = judge;
  const errors = new Map([...parts].map(([name, part]) => [name, [...part.errors]]));
  return { plan, violations, answers, excused, starved, lateRequests, recoveries, errors };
}

/** @returns when the last fault ended */
async function causeGroup(
  { platform, log, onEvent }: RunDeps,
  group: readonly PlannedFault[],
  now: () => number,
): Promise<number> {
  let endedAtMs = now();
  const active: { readonly held: readonly string[]; readonly ended: Promise<void> }[] = [];
  for (const fault of group) {
    const { kind, target, value, forMs, nextMs } = fault;
    const held = heldBy(fault, platform.shape);
    // A part that was killed may take longer to start than the plan knows.
    const before = active.filter((other) => other.held.some((name) => held.includes(name)));
    await Promise.all(before.map(({ ended }) => ended));
    onEvent(`${kind} ${target}${value === undefined ? "" : ` ${value}`} for ${forMs} ms`);
    const end = log.begin(excuseOf(fault, platform.shape));
    const endFault = await causeFault(platform, fault);
    const ended = delay(forMs).then(async () => {
      endedAtMs = Math.max(endedAtMs, now());
      await endFault();
      end();
    });
    active.push({ held, ended });
    await delay(nextMs);
  }
  await Promise.all(active.map(({ ended }) => ended));
  return endedAtMs;
}

/** @returns the time that it took, in milliseconds */
async function untilHealthy(deps: RunDeps, endedAtMs: number, now: () => number): Promise<number> {
  const { platform, probe, log, judge, healthyWithinMs, onEvent } = deps;
  for (;;) {
    const faults = [...(await platform.unhealthy()), ...(await probe.failures())];
    const tookMs = Math.round(now() - endedAtMs);
    if (faults.length === 0) {
      log.recovered();
      onEvent(`healthy after ${tookMs} ms`);
    } else if (tookMs > healthyWithinMs) {
      onEvent(`not healthy after ${tookMs} ms`);
      judge.violation(`not healthy ${tookMs} ms after the last fault: ${faults.join("; ")}`);
    } else {
      await delay(HEALTH_POLL_MS);
      continue;
    }
    return tookMs;
  }
}
