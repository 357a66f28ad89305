/**
 * Measures the memory per guest on both sides of a page with 100 guests: the heap of the host's
 * page and of the
 * frames' process after a collection, minus the heap of the same page with frames that have no
 * bridge.
 * The empty frames load the same script, so code counts only where the bridge runs it.
 */
import process from "node:process";
import type { Browser, CDPSession } from "playwright";
import { report } from "../figures.ts";
import type { BenchSites } from "./serve.ts";

const GUESTS = 100;

interface HeapWindow {
  readonly startMany: (origin: string, count: number) => Promise<number>;
  readonly startEmpty: (origin: string, count: number) => Promise<number>;
}

interface Heaps {
  readonly host: number;
  /** All frames of one site share a process, and so a heap. */
  readonly guests: number;
}

export async function reportHeap(browser: Browser, sites: BenchSites): Promise<void> {
  const empty = await heapsWith(browser, sites, "startEmpty");
  const full = await heapsWith(browser, sites, "startMany");
  for (const side of ["host", "guests"] as const) {
    const each = (full[side] - empty[side]) / GUESTS / 1_000;
    report({
      id: `bridge/heap-${side}`,
      what: side === "host" ? "heap of a host's page, per guest" : "heap of a guest's bridge",
      value: each,
      unit: "kB",
      goal: side === "host" ? { atMost: 20 } : undefined,
    });
    process.stdout.write(
      `${GUESTS} guests, heap of the ${side === "host" ? "host's page" : "frames"}: ` +
        `${each.toFixed(0)} kB for each bridge ` +
        `(${(full[side] / 2 ** 20).toFixed(1)} MB, without ${(empty[side] / 2 ** 20).toFixed(1)} MB)\n`,
    );
  }
}

async function heapsWith(
  browser: Browser,
  { hostOrigin, guestOrigin }: BenchSites,
  start: keyof HeapWindow,
): Promise<Heaps> {
  // A new context, so that nothing of the previous page stays in the process.
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(hostOrigin);
  await page.waitForFunction(() => "startMany" in window);
  await page.evaluate(
    async ([name, origin, count]) => {
      await (window as unknown as HeapWindow)[name](origin, count);
    },
    [start, guestOrigin, GUESTS] as const,
  );
  const frame = page.frames().find((candidate) => candidate.url().startsWith(guestOrigin));
  if (!frame) throw new Error("no frame");
  const heaps = {
    host: await heapOf(await context.newCDPSession(page)),
    guests: await heapOf(await context.newCDPSession(frame)),
  };
  await context.close();
  return heaps;
}

/** Bytes of the page's heap after a collection. */
export async function heapOf(session: CDPSession): Promise<number> {
  await session.send("HeapProfiler.enable");
  // Collect twice: objects that the first collection releases may hold others.
  await session.send("HeapProfiler.collectGarbage");
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  return usedSize;
}
