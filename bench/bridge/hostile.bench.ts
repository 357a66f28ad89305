/**
 * A fuzzer of messages: a hostile guest posts values of every type that structured clone carries, in sizes
 * and shapes from a seed. For each type it compares the longest task of the host's page with that of a
 * page which only reads the same messages from a bare port. It also shows how long another guest waits for
 * its calls meanwhile, and what stays in the heap of the host's page.
 *
 * `npm run hostile -w bench`; `SEED` repeats a run, `ROUNDS` sets the number of values of each type, and
 * `ONLY=bigints,object` names the types. The command fails when a type misses the goal.
 */
import { existsSync } from "node:fs";
import process from "node:process";
import { chromium, type Frame, type Page } from "playwright";
import { keepAwake } from "../cores.ts";
import { HOSTILE_VALUES, randomFrom } from "./hostile-values.ts";
import { serveSites } from "./serve.ts";

const SEED = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
const ROUNDS = Number(process.env["ROUNDS"] ?? 3);
const ONLY = process.env["ONLY"]?.split(",") ?? Object.keys(HOSTILE_VALUES);
/** Just below the limit of a message. */
const MAX_BYTES = 15_000_000;
/** The work of looking at a message against the browser's own work of reading it. */
const GOAL_RATIO = 2;
/** Milliseconds. Shorter tasks are not noticed, and the machine's noise is as long. */
const UNNOTICED_MS = 50;

interface HostWindow {
  readonly startHostile: (origin: string) => Promise<void>;
  readonly watchStalls: () => () => number;
}

interface GuestWindow {
  readonly attack: (who: string, type: string, seed: number, bytes: number) => Promise<void>;
  readonly keepCalling: (contender: string) => () => Promise<number>;
}

interface Row {
  raw: number;
  breezeway: number;
  victim: number;
}

keepAwake([0, 1]);
const sites = await serveSites();
const found = [process.env["CHROMIUM_PATH"], "/usr/bin/chromium"].find(
  (path) => path !== undefined && existsSync(path),
);
const browser = await chromium.launch({
  ...(found === undefined ? {} : { executablePath: found }),
  args: ["--no-sandbox", "--disable-gpu", "--site-per-process"],
});
try {
  const page = await browser.newPage();
  await page.goto(sites.hostOrigin);
  await page.waitForFunction(() => "startHostile" in window);
  await page.evaluate(
    (origin) => (window as unknown as HostWindow).startHostile(origin),
    sites.guestOrigin,
  );
  process.stdout.write(`seed ${SEED}\n`);
  const before = await heapOf(page);
  const missed = await reportTypes(page);
  const kept = (await heapOf(page)) - before;
  process.stdout.write(
    `heap of the host's page after all: ${(kept / 2 ** 20).toFixed(1)} MB more\n`,
  );
  process.exitCode = missed === 0 ? 0 : 1;
} finally {
  await browser.close();
  sites.close();
}

async function reportTypes(page: Page): Promise<number> {
  print(["", "bare port, ms", "Breezeway, ms", "other guest waits, ms", ""]);
  let missed = 0;
  for (const type of ONLY) {
    const { raw, breezeway, victim } = await attackWith(page, type);
    const isMet = breezeway <= GOAL_RATIO * raw + UNNOTICED_MS;
    if (!isMet) missed += 1;
    const figures = [raw, breezeway, victim].map((ms) => ms.toFixed(0));
    print([type, ...figures, isMet ? "met" : "missed"]);
  }
  return missed;
}

/** The longest of each, over all rounds. */
async function attackWith(page: Page, type: string): Promise<Row> {
  const row: Row = { raw: 0, breezeway: 0, victim: 0 };
  const random = randomFrom(SEED);
  for (let round = 0; round < ROUNDS; round += 1) {
    const seed = Math.floor(random() * 2 ** 31);
    // The largest values come in each run, others by chance.
    const bytes = round === 0 ? MAX_BYTES : Math.ceil(MAX_BYTES * random() ** 3);
    const attack = (who: string): Promise<number> =>
      longestTask(page, () =>
        frameAt("/hostile", page).evaluate(
          ([name, kind, number, size]) =>
            (window as unknown as GuestWindow).attack(name, kind, number, size),
          [who, type, seed, bytes] as const,
        ),
      );
    row.raw = Math.max(row.raw, await attack("raw"));
    const stop = await frameAt("/guest", page).evaluateHandle(() =>
      (window as unknown as GuestWindow).keepCalling("breezeway"),
    );
    row.breezeway = Math.max(row.breezeway, await attack("breezeway"));
    row.victim = Math.max(row.victim, await stop.evaluate((end) => end()));
  }
  return row;
}

async function longestTask(page: Page, run: () => Promise<void>): Promise<number> {
  const stop = await page.evaluateHandle(() => (window as unknown as HostWindow).watchStalls());
  await run();
  return stop.evaluate((end) => end());
}

function frameAt(path: string, page: Page): Frame {
  const frame = page.frames().find((each) => each.url().startsWith(`${sites.guestOrigin}${path}`));
  if (!frame) throw new Error(`no frame at ${path}`);
  return frame;
}

async function heapOf(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.enable");
  await session.send("HeapProfiler.collectGarbage");
  await session.send("HeapProfiler.collectGarbage");
  return (await session.send("Runtime.getHeapUsage")).usedSize;
}

function print([name = "", ...figures]: readonly string[]): void {
  const cells = figures.map((figure) => figure.padStart(22));
  process.stdout.write(`${name.padEnd(26)}${cells.join("")}\n`);
}
