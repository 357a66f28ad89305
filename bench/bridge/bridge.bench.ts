/**
 * Compares the bridge with a hand-written port, penpal and comlink: host and guest on two sites and
 * so in
 * two processes of Chromium. For calls all four are connected to the same two documents, and take
 * turns in an order that goes round and back (A B C D, D C B A, B C D A, …), so that neither the
 * machine's load nor the position favours one. To measure the start, each has a page of its own.
 *
 * `npm run bridge -w bench`; `CHROMIUM_PATH` names a Chromium other than Playwright's, `ROUNDS`
 * sets
 * how many turns each takes, `STARTS` how often each starts, and `ONLY=calls,starts,many,heap` what is measured.
 */
import process from "node:process";
import type { Frame, Page } from "playwright";
import { keepAwake } from "../cores.ts";
import { report } from "../figures.ts";
import { launchBrowser } from "./browser.ts";
import { reportHeap } from "./heap.ts";
import { serveSites } from "./serve.ts";
import { reportMany, reportStarts } from "./starts.ts";
import { at, middle, print, takeTurns } from "./take-turns.ts";

const CONTENDERS = ["raw", "penpal", "comlink", "breezeway"] as const;

const ROUNDS = Number(process.env["ROUNDS"] ?? 24);
const CALLS_EACH_TURN = 150;
/** The size in bytes, and the number of calls in a turn. */
const PAYLOADS = [
  [1_000, 30],
  [100_000, 10],
  [1_000_000, 5],
  [10_000_000, 1],
] as const;

interface BenchWindow {
  readonly startAll: (origin: string) => Promise<void>;
  readonly sequential: (contender: string, count: number) => Promise<number[]>;
  readonly inFlight: (contender: string, width: number, rounds: number) => Promise<number>;
  readonly payload: (contender: string, bytes: number, count: number) => Promise<number[]>;
}

const ONLY = process.env["ONLY"]?.split(",");

function isWanted(part: string): boolean {
  return ONLY?.includes(part) ?? true;
}

keepAwake([0, 1]);
const sites = await serveSites();
const browser = await launchBrowser("--js-flags=--expose-gc");
try {
  const page = await browser.newPage();
  if (isWanted("calls")) await reportCalls(await openAll(page));
  if (isWanted("starts")) await reportStarts(page, sites);
  if (isWanted("many")) await reportMany(page, sites);
  if (isWanted("heap")) await reportHeap(browser, sites);
} finally {
  await browser.close();
  sites.close();
}

async function openAll(page: Page): Promise<Frame> {
  await open(page, "startAll");
  await page.evaluate(
    (origin) => (window as unknown as BenchWindow).startAll(origin),
    sites.guestOrigin,
  );
  const frame = guestFrame(page);
  if (!(await frame.evaluate(() => crossOriginIsolated))) throw new Error("a coarse clock");
  return frame;
}

async function reportCalls(frame: Frame): Promise<void> {
  const calls = await takeTurns(CONTENDERS, ROUNDS, (name) =>
    frame.evaluate(([who, count]) => (window as unknown as BenchWindow).sequential(who, count), [
      name,
      CALLS_EACH_TURN,
    ] as const),
  );
  const rates = await takeTurns(CONTENDERS, 8, async (name) => [
    await frame.evaluate((who) => (window as unknown as BenchWindow).inFlight(who, 100, 30), name),
  ]);
  const payloads: Map<string, number[]>[] = [];
  for (const [bytes, count] of PAYLOADS) {
    payloads.push(
      await takeTurns(CONTENDERS, 4, (name) =>
        frame.evaluate(
          ([who, size, many]) => (window as unknown as BenchWindow).payload(who, size, many),
          [name, bytes, count] as const,
        ),
      ),
    );
  }
  print([
    "",
    "p50 µs",
    "p99 µs",
    "calls/s, 100 in flight",
    ...PAYLOADS.map(([bytes]) => `${bytes / 1000} kB, ms`),
  ]);
  for (const name of CONTENDERS) {
    print([
      name,
      middle(calls, name).toFixed(0),
      at(calls, name, 0.99).toFixed(0),
      at(rates, name, 0.5).toFixed(0),
      ...payloads.map((times) => at(times, name, 0.5).toFixed(2)),
    ]);
  }
  const ratio = (other: string): number => middle(calls, "breezeway") / middle(calls, other);
  print(["breezeway p50 ÷ raw", ratio("raw").toFixed(2)]);
  print(["breezeway p50 ÷ penpal", ratio("penpal").toFixed(2)]);
  const gain = at(rates, "breezeway", 0.5) / at(rates, "penpal", 0.5);
  print(["breezeway calls/s ÷ penpal", gain.toFixed(1)]);
  report({
    id: "bridge/call",
    what: "time of a sequential call, p50 ÷ a raw port",
    value: ratio("raw"),
    unit: "",
    goal: { atMost: 1.1 },
  });
  report({
    id: "bridge/call-penpal",
    what: "time of a sequential call, p50 ÷ penpal",
    value: ratio("penpal"),
    unit: "",
    goal: { atMost: 1 },
  });
  report({
    id: "bridge/flight",
    what: "calls per second, 100 in flight ÷ penpal",
    value: gain,
    unit: "",
    goal: { atLeast: 12 },
  });
}

async function open(page: Page, starter: keyof BenchWindow): Promise<void> {
  await page.goto(sites.hostOrigin);
  await page.waitForFunction((name) => name in window, starter);
}

function guestFrame(page: Page): Frame {
  const frame = page.frames().find((candidate) => candidate.url().startsWith(sites.guestOrigin));
  if (!frame) throw new Error("no frame");
  return frame;
}
