/**
 * Measures the start of a guest, from the frame's creation to its first answer, and shows where the time goes.
 *
 * The first answer of a Breezeway guest comes after its first session token, so it can be an authenticated one. The
 * other contenders have no tokens. Two more rows have an issuer that answers after 50 ms: one host mints when it mounts
 * the frame, the other takes its page for hidden, so that the mint begins when the guest asks.
 */
import process from "node:process";
import type { Page } from "playwright";
import { report } from "../figures.ts";
import type { BenchSites } from "./serve.ts";
import { at, print, takeTurns } from "./take-turns.ts";

const STARTERS = [
  "empty",
  "raw",
  "penpal",
  "comlink",
  "breezeway",
  "breezeway-50",
  "breezeway-50-asked",
] as const;

const STARTS = Number(process.env["STARTS"] ?? 16);

/** What happens between the frame's creation and the first answer, in order. */
const STEPS = ["navigation", "response", "script", "connected", "token", "answer"] as const;

type Step = (typeof STEPS)[number];

/** Epoch milliseconds. Both pages read the same clock of the machine. */
export type Steps = Readonly<Record<Step, number>>;

interface HostWindow {
  /** Resolves to the epoch milliseconds of the frame's creation once the guest is ready. */
  readonly start: (contender: string, origin: string) => Promise<number>;
  readonly startMany: (origin: string, count: number) => Promise<number>;
  readonly startEmpty: (origin: string, count: number) => Promise<number>;
}

/** Prints when each step ends, in milliseconds since the frame's creation. */
export async function reportStarts(page: Page, sites: BenchSites): Promise<void> {
  const ends = new Map<Step, Map<string, number[]>>(STEPS.map((step) => [step, new Map()]));
  const scripts = await takeTurns(STARTERS, STARTS, async (name) => {
    const { createdAt, steps } = await startOnce(page, sites, name);
    for (const step of STEPS) add(ends.get(step), name, steps[step] - createdAt);
    return [steps.answer - steps.script];
  });
  const endOf = (step: Step, name: string): number => at(ends.get(step) ?? new Map(), name, 0.5);

  print(["ms since the frame", ...STEPS, "script to answer"]);
  for (const name of STARTERS) {
    const figures = [...STEPS.map((step) => endOf(step, name)), at(scripts, name, 0.5)];
    print([name, ...figures.map((ms) => ms.toFixed(1))]);
  }
  report({
    id: "bridge/start",
    what: "frame to first authenticated answer ÷ penpal's first call",
    value: endOf("answer", "breezeway") / endOf("answer", "penpal"),
    unit: "",
    goal: { atMost: 1.05 },
  });
  report({
    id: "bridge/script",
    what: "script start to first authenticated answer ÷ penpal's first call",
    value: at(scripts, "breezeway", 0.5) / at(scripts, "penpal", 0.5),
    unit: "",
    goal: { atMost: 1 },
  });
  report({
    id: "bridge/prefetch",
    what: "start with an issuer of 50 ms, minting at the mount ÷ at the guest's request",
    value: endOf("answer", "breezeway-50") / endOf("answer", "breezeway-50-asked"),
    unit: "",
    goal: { atMost: 0.9 },
  });
}

async function startOnce(
  page: Page,
  { hostOrigin, guestOrigin }: BenchSites,
  name: string,
): Promise<{ readonly createdAt: number; readonly steps: Steps }> {
  await open(page, hostOrigin);
  const createdAt = await page.evaluate(
    ([who, origin]) => (window as unknown as HostWindow).start(who, origin),
    [name, guestOrigin] as const,
  );
  const frame = page.frames().find((candidate) => candidate.url().startsWith(guestOrigin));
  if (!frame) throw new Error("no frame");
  const steps = await frame.evaluate(() => (window as unknown as { readonly steps: Steps }).steps);
  return { createdAt, steps };
}

/** Connecting many guests should cost the same time for each, and little more than their frames alone. */
export async function reportMany(
  page: Page,
  { hostOrigin, guestOrigin }: BenchSites,
): Promise<void> {
  for (const count of [10, 50, 100]) {
    const took = await takeTurns(["startMany", "startEmpty"], 4, async (starter) => {
      await open(page, hostOrigin);
      const ms = await page.evaluate(
        ([start, origin, many]) => (window as unknown as HostWindow)[start](origin, many),
        [starter, guestOrigin, count] as const,
      );
      return [ms / count];
    });
    const guests = at(took, "startMany", 0.5);
    const empty = at(took, "startEmpty", 0.5);
    print([`${count} guests, ms each`, guests.toFixed(1), `without a bridge ${empty.toFixed(1)}`]);
    if (count !== 100) continue;
    report({
      id: "bridge/many",
      what: "connecting 100 guests ÷ loading the same frames without a bridge",
      value: guests / empty,
      unit: "",
      goal: { atMost: 1.1 },
    });
  }
}

async function open(page: Page, hostOrigin: string): Promise<void> {
  await page.goto(hostOrigin);
  await page.waitForFunction(() => "startMany" in window);
}

function add(values: Map<string, number[]> | undefined, name: string, value: number): void {
  values?.set(
    name,
    [...(values.get(name) ?? []), value].toSorted((a, b) => a - b),
  );
}
