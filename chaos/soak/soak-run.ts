/** Mixed load without faults, and what each part uses meanwhile. */
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { createControl } from "../control.ts";
import { createDice } from "../dice.ts";
import { createFaultLog } from "../judge/fault-log.ts";
import { createJudge } from "../judge/judge.ts";
import { createClient } from "../load/client.ts";
import { startLoad } from "../load/load.ts";
import { userId } from "../platform/fixture.ts";
import { createMachineClock } from "../machine-clock.ts";
import { startPlatform, type PlatformOptions } from "../platform/platform.ts";
import type { Usage } from "../platform/usage.ts";
import { startProgress } from "./progress.ts";
import type { Point } from "./slope.ts";
import { watch } from "./watcher.ts";

export interface SoakOptions extends PlatformOptions {
  readonly seed: number;
  readonly durationMs: number;
  readonly sampleEveryMs: number;
  readonly people: number;
  readonly pauseMs: number;
  /** Pages that follow their session's events. */
  readonly watchers: number;
}

export interface SoakResult {
  /** By part and figure, such as `issuer-1 heapMb`. */
  readonly series: ReadonlyMap<string, readonly Point[]>;
  readonly violations: readonly string[];
  readonly answers: ReadonlyMap<string, number>;
  /** What the parts last wrote to standard error. */
  readonly errors: ReadonlyMap<string, readonly string[]>;
}

const MS_PER_HOUR = 3_600_000;
/** How long a page keeps its event stream open. */
const STREAM_MS = 20_000;

export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  const { seed, people, watchers, durationMs, sampleEveryMs } = options;
  await using platform = await startPlatform(options);
  const { places, parts } = platform;
  const startedAtMs = performance.now();
  const passedMs = (): number => performance.now() - startedAtMs;
  const { now } = createMachineClock({
    monotonic: () => performance.now(),
    pids: () => [process.pid, ...[...parts.values()].flatMap(({ pid }) => pid ?? [])],
  });
  const log = createFaultLog({ now, healthyWithinMs: 10_000, revokedWithinMs: 5_000 });
  const judge = createJudge({ log, now });
  const client = createClient({ now });
  const control = createControl({ parts, judge, now });
  const load = startLoad(
    {
      places,
      client,
      judge,
      now,
      control,
      wereClocksApart: () => false,
      wereIssuersAway: () => false,
    },
    options,
  );
  const watching = new AbortController();
  const pages = Array.from({ length: watchers }, (_, index) =>
    watch(
      {
        dice: createDice(seed + 2_000 + index),
        issuers: places.issuers,
        client,
        judge,
        now,
        // After the people and the administrators of the load.
        userId: userId(people + 2 + (index % 40)),
        openMs: STREAM_MS,
      },
      watching.signal,
    ),
  );
  using _progress = startProgress(durationMs, judge);
  const series = new Map<string, Point[]>();
  while (passedMs() < durationMs) {
    await delay(sampleEveryMs);
    for (const [name, part] of parts) record(series, name, passedMs(), await part.usage());
  }
  watching.abort();
  await Promise.all([load.stop(), ...pages]);
  await load.audit();
  const errors = new Map([...parts].map(([name, part]) => [name, [...part.errors]]));
  return { series, violations: judge.violations, answers: judge.answers, errors };
}

function record(series: Map<string, Point[]>, name: string, atMs: number, usage: Usage): void {
  for (const [figure, value] of Object.entries(usage) as [string, number][]) {
    const key = `${name} ${figure}`;
    const points = series.get(key) ?? [];
    points.push({ atHours: atMs / MS_PER_HOUR, value });
    series.set(key, points);
  }
}
