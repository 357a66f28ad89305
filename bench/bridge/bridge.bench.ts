/**
 * The bridge beside a hand-written port, penpal and comlink, host and guest on two sites and so in
 * two processes of Chromium. Contenders take turns (A B C D D C B A), so that a change of the
 * machine's mood hits all of them.
 *
 * `npm run bridge -w bench`; `CHROMIUM_PATH` names a Chromium other than Playwright's.
 */
import { existsSync } from "node:fs";
import process from "node:process";
import { chromium, type Frame, type Page } from "playwright";
import { reportHeap } from "./heap.ts";
import { serveSites, type BenchSites } from "./serve.ts";

const CONTENDERS = ["raw", "penpal", "comlink", "breezeway"] as const;
type Contender = (typeof CONTENDERS)[number];

const ROUNDS = Number(process.env["ROUNDS"] ?? 2);
const SIZES = [1_000, 100_000, 1_000_000, 10_000_000] as const;

interface Sample {
  /** From the frame's creation to its first answer; Breezeway's guest has a session token by then. */
  readonly startMs: number;
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
  readonly payloads: readonly number[];
}

interface BenchWindow {
  readonly start: (contender: string, origin: string) => Promise<void>;
  readonly startMany: (origin: string, count: number) => Promise<number>;
  readonly stop: () => void;
  readonly sequential: (blocks: number) => Promise<number[]>;
  readonly inFlight: (width: number, rounds: number) => Promise<number>;
  readonly payload: (bytes: number, count: number) => Promise<number>;
}

const sites = await serveSites();
const found = [process.env["CHROMIUM_PATH"], "/usr/bin/chromium"].find(
  (path) => path !== undefined && existsSync(path),
);
const browser = await chromium.launch({
  ...(found === undefined ? {} : { executablePath: found }),
  args: ["--no-sandbox", "--disable-gpu", "--site-per-process", "--js-flags=--expose-gc"],
});
try {
  const page = await browser.newPage();
  const samples = new Map<Contender, Sample[]>(CONTENDERS.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const contender of [...CONTENDERS, ...CONTENDERS.toReversed()]) {
      samples.get(contender)?.push(await measure(page, contender));
    }
  }
  report(samples);
  await reportMany(page, sites);
  await reportHeap(browser, sites);
} finally {
  await browser.close();
  sites.close();
}

async function measure(page: Page, contender: Contender): Promise<Sample> {
  await page.goto(sites.hostOrigin);
  await page.waitForFunction(() => "start" in window);
  const startMs = await page.evaluate(
    async ([name, origin]) => {
      const startedAt = performance.now();
      await (window as unknown as BenchWindow).start(name, origin);
      return performance.now() - startedAt;
    },
    [contender, sites.guestOrigin] as const,
  );
  const frame = page.frames().find((candidate) => candidate.url().startsWith(sites.guestOrigin));
  if (!frame) throw new Error(`${contender}: no frame`);
  return { startMs, ...(await sample(frame)) };
}

async function sample(frame: Frame): Promise<Omit<Sample, "startMs">> {
  const times = await frame.evaluate(async () => {
    const { sequential } = window as unknown as BenchWindow;
    await sequential(50);
    return sequential(200);
  });
  times.sort((a, b) => a - b);
  const perSecond = await frame.evaluate(async () => {
    const { inFlight } = window as unknown as BenchWindow;
    await inFlight(100, 20);
    return inFlight(100, 200);
  });
  const payloads: number[] = [];
  for (const bytes of SIZES) {
    payloads.push(
      await frame.evaluate(
        ([size, count]) => (window as unknown as BenchWindow).payload(size, count),
        [bytes, bytes > 1_000_000 ? 3 : 15] as const,
      ),
    );
  }
  return { p50: at(times, 0.5), p99: at(times, 0.99), perSecond, payloads };
}

function report(samples: ReadonlyMap<Contender, readonly Sample[]>): void {
  const medianOf = (name: Contender, pick: (sample: Sample) => number): number =>
    at(
      (samples.get(name) ?? []).map(pick).sort((a, b) => a - b),
      0.5,
    );
  print([
    "",
    "start ms",
    "p50 µs",
    "p99 µs",
    "calls/s, 100 in flight",
    ...SIZES.map((size) => `${size / 1000} kB, ms`),
  ]);
  for (const name of CONTENDERS) {
    print([
      name,
      medianOf(name, ({ startMs }) => startMs).toFixed(0),
      medianOf(name, ({ p50 }) => p50).toFixed(0),
      medianOf(name, ({ p99 }) => p99).toFixed(0),
      medianOf(name, ({ perSecond }) => perSecond).toFixed(0),
      ...SIZES.map((_, i) => medianOf(name, ({ payloads }) => payloads[i] ?? NaN).toFixed(2)),
    ]);
  }
  const p50 = (name: Contender): number => medianOf(name, (sample) => sample.p50);
  const rate = (name: Contender): number => medianOf(name, (sample) => sample.perSecond);
  print(["breezeway p50 ÷ raw", (p50("breezeway") / p50("raw")).toFixed(2)]);
  print(["breezeway p50 ÷ penpal", (p50("breezeway") / p50("penpal")).toFixed(2)]);
  print(["breezeway calls/s ÷ penpal", (rate("breezeway") / rate("penpal")).toFixed(1)]);
}

/** Connecting many guests should cost each the same. */
async function reportMany(page: Page, { hostOrigin, guestOrigin }: BenchSites): Promise<void> {
  for (const count of [10, 50, 100]) {
    await page.goto(hostOrigin);
    await page.waitForFunction(() => "startMany" in window);
    const ms = await page.evaluate(
      ([origin, many]) => (window as unknown as BenchWindow).startMany(origin, many),
      [guestOrigin, count] as const,
    );
    print([
      `${count} guests connected`,
      `${ms.toFixed(0)} ms`,
      `${(ms / count).toFixed(1)} ms each`,
    ]);
  }
}

function at(sorted: readonly number[], quantile: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))] ?? NaN;
}

function print(cells: readonly string[]): void {
  process.stdout.write(`${cells.map((cell) => cell.padEnd(16)).join("")}\n`);
}
