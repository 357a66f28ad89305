/**
 * A fuzzer of messages: a hostile guest posts values of every type that structured clone carries, in sizes
 * and shapes from a seed. For each type it compares the longest task of the host's page, and the longest
 * wait of another guest for an answer, with those that a bare port causes which only reads the same
 * messages. It also shows what stays in the heap of the host's page.
 *
 * `npm run hostile -w bench`; `SEED` repeats a run, `ROUNDS` sets the number of values of each type, `BYTES`
 * their largest size, and `ONLY=bigint,object` the types by how their names begin. A type
 * misses the goal when it does so twice, since another program may take the processor once.
 */
import process from "node:process";
import { randomFrom } from "@breezeway/test-support/random";
import type { Frame, Page } from "playwright";
import { keepAwake } from "../cores.ts";
import { report } from "../figures.ts";
import { launchBrowser } from "./browser.ts";
import { heapOf } from "./heap.ts";
import { HOSTILE_VALUES } from "./hostile-values.ts";
import { serveSites } from "./serve.ts";

const SEED = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
const ROUNDS = Number(process.env["ROUNDS"] ?? 1);
const ONLY = process.env["ONLY"]?.split(",") ?? [""];
/** Just below the limit of a message. */
const MAX_BYTES = Number(process.env["BYTES"] ?? 15_000_000);
/** The work of looking at a message against the browser's own work of reading it. */
const GOAL_RATIO = 2;
/** Milliseconds. A page that answers within a tenth of a second feels immediate. */
const UNNOTICED_MS = 100;
/** Bytes that may stay in the heap of the host's page after the messages of a type. */
const MAX_KEPT_BYTES = 2 ** 20;

interface HostWindow {
  readonly startHostile: (origin: string) => Promise<void>;
  readonly watchStalls: () => () => number;
}

interface GuestWindow {
  readonly attack: (who: string, type: string, seed: number, bytes: number) => Promise<void>;
  readonly keepCalling: (contender: string) => () => Promise<number>;
}

type Contender = "raw" | "breezeway";

/** Milliseconds. */
interface Stalls {
  /** The longest task of the host's page. */
  page: number;
  /** The longest wait of the other guest for an answer. */
  guest: number;
}

type Row = Readonly<Record<Contender, Stalls>>;

keepAwake([0, 1]);
const sites = await serveSites();
const browser = await launchBrowser();
try {
  const page = await browser.newPage();
  await Promise.race([openHostile(page), firstErrorOf(page)]);
  process.stdout.write(`seed ${SEED}\n`);
  const missed = await reportTypes(page);
  report({
    id: "hostile/missed",
    what: "types of hostile messages that stall a page twice as long as a bare port",
    value: missed,
    unit: "",
    goal: { atMost: 0 },
  });
} finally {
  await browser.close();
  sites.close();
}

async function openHostile(page: Page): Promise<void> {
  await page.goto(sites.hostOrigin);
  await page.waitForFunction(() => "startHostile" in window);
  await page.evaluate(
    (origin) => (window as unknown as HostWindow).startHostile(origin),
    sites.guestOrigin,
  );
}

/** A guest that fails would keep the host's page waiting for it. */
function firstErrorOf(page: Page): Promise<never> {
  return new Promise((_, reject) => page.once("pageerror", reject));
}

async function reportTypes(page: Page): Promise<number> {
  print([
    "page stalls, ms:",
    "bare port",
    "Breezeway",
    "guest waits: bare",
    "Breezeway",
    "kept, kB",
    "",
  ]);
  const session = await page.context().newCDPSession(page);
  let missed = 0;
  for (const type of Object.keys(HOSTILE_VALUES)) {
    if (!ONLY.some((start) => type.startsWith(start))) continue;
    const before = await heapOf(session);
    let row = await attackWith(page, type);
    if (!meetsGoal(row)) row = await attackWith(page, type);
    const kept = (await heapOf(session)) - before;
    const isMet = meetsGoal(row) && kept <= MAX_KEPT_BYTES;
    if (!isMet) missed += 1;
    const { raw, breezeway } = row;
    const figures = [raw.page, breezeway.page, raw.guest, breezeway.guest, kept / 1024];
    print([type, ...figures.map((figure) => figure.toFixed(0)), isMet ? "met" : "missed"]);
  }
  return missed;
}

/** @returns the longest of all rounds */
async function attackWith(page: Page, type: string): Promise<Row> {
  const random = randomFrom(SEED);
  const longest: Row = { raw: { page: 0, guest: 0 }, breezeway: { page: 0, guest: 0 } };
  for (let round = 0; round < ROUNDS; round += 1) {
    const seed = Math.floor(random() * 2 ** 31);
    // The largest values come in each run, others by chance.
    const bytes = round === 0 ? MAX_BYTES : Math.ceil(MAX_BYTES * random() ** 3);
    for (const contender of ["raw", "breezeway"] as const) {
      const stalls = await attack(page, contender, [type, seed, bytes]);
      longest[contender].page = Math.max(longest[contender].page, stalls.page);
      longest[contender].guest = Math.max(longest[contender].guest, stalls.guest);
    }
  }
  return longest;
}

function meetsGoal({ raw, breezeway }: Row): boolean {
  return isWithin(breezeway.page, raw.page) && isWithin(breezeway.guest, raw.guest);
}

function isWithin(ms: number, rawMs: number): boolean {
  return ms <= GOAL_RATIO * rawMs + UNNOTICED_MS;
}

async function attack(
  page: Page,
  contender: Contender,
  message: readonly [type: string, seed: number, bytes: number],
): Promise<Stalls> {
  const stopCalling = await frameAt("/guest", page).evaluateHandle(() =>
    (window as unknown as GuestWindow).keepCalling("breezeway"),
  );
  const stopWatching = await page.evaluateHandle(() =>
    (window as unknown as HostWindow).watchStalls(),
  );
  await frameAt("/hostile", page).evaluate(
    ([name, [type, seed, bytes]]) =>
      (window as unknown as GuestWindow).attack(name, type, seed, bytes),
    [contender, message] as const,
  );
  return {
    page: await stopWatching.evaluate((end) => end()),
    guest: await stopCalling.evaluate((end) => end()),
  };
}

function frameAt(path: string, page: Page): Frame {
  const frame = page.frames().find((each) => each.url().startsWith(`${sites.guestOrigin}${path}`));
  if (!frame) throw new Error(`no frame at ${path}`);
  return frame;
}

function print([name = "", ...figures]: readonly string[]): void {
  const cells = figures.map((figure) => figure.padStart(19));
  process.stdout.write(`${name.padEnd(44)}${cells.join("")}\n`);
}
