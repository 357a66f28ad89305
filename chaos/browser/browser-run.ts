/** Twenty guests in one page, and everything that happens to such a page in ten minutes. */
import { setTimeout as delay } from "node:timers/promises";
import { chromium, type BrowserContext, type CDPSession, type Page } from "playwright";
import { createDice, type Dice } from "../dice.ts";
import { TENANTS, USERS } from "../platform/fixture.ts";
import { startProgress } from "../soak/progress.ts";
import type { Point } from "../soak/slope.ts";
import type { SoakResult } from "../soak/soak-run.ts";
import { heldHeapMb } from "./held-heap.ts";
import type { HostControl } from "./host-page.ts";
import type { GuestReport } from "./reports.ts";
import { startSites } from "./sites.ts";

export interface BrowserSoakOptions {
  readonly seed: number;
  readonly durationMs: number;
  readonly guests: number;
  readonly samples: number;
  readonly executablePath?: string;
}

/** The rest between two actions. */
const PAUSE_MS = [500, 4_000] as const;
const OFFLINE_MS = [1_000, 20_000] as const;
/** Up to two lives of a token. */
const SLEEP_MS = [5_000, 30_000] as const;
const MS_PER_HOUR = 3_600_000;

const ACTIONS = [
  ...Array.from({ length: 10 }, () => "reload a guest" as const),
  ...Array.from({ length: 4 }, () => "switch tenant" as const),
  ...Array.from({ length: 2 }, () => "sign out" as const),
  ...Array.from({ length: 2 }, () => "sign in as somebody else" as const),
  "go offline",
  "sleep",
  "reload the page",
] as const;

interface Driver {
  readonly dice: Dice;
  readonly page: Page;
  readonly context: BrowserContext;
  readonly guests: number;
  readonly hostOrigin: string;
}

export async function runBrowserSoak(options: BrowserSoakOptions): Promise<SoakResult> {
  const { seed, durationMs, guests, samples, executablePath } = options;
  await using sites = await startSites(guests);
  await using browser = await chromium.launch({
    ...(executablePath !== undefined && { executablePath }),
    args: ["--no-sandbox", "--disable-gpu", "--site-per-process"],
  });
  const context = await browser.newContext();
  const page = await context.newPage();
  const answers = new Map<string, number>();
  const violations: string[] = [];
  using _progress = startProgress(durationMs, { answers, violations });
  const startedAtMs = performance.now();
  const nowMs = (): number => performance.now() - startedAtMs;
  await page.exposeFunction("report", ({ guest, kind, text }: GuestReport) => {
    const name = kind === "token" ? "token" : text;
    if (kind === "violation") violations.push(`guest ${guest}: ${text}`);
    else answers.set(name, (answers.get(name) ?? 0) + 1);
  });
  page.on("pageerror", (error) => violations.push(`the host's page: ${error.message}`));
  const driver: Driver = { dice: createDice(seed), page, context, guests, ...sites };
  const series = new Map<string, Point[]>();
  await open(driver);
  let sampled = 0;
  while (nowMs() < durationMs) {
    const action = driver.dice.pick(ACTIONS);
    await act(driver, action);
    await delay(driver.dice.between(...PAUSE_MS));
    if (nowMs() < (sampled * durationMs) / samples) continue;
    sampled += 1;
    await sample(driver, series, nowMs() / MS_PER_HOUR);
  }
  return { series, violations, answers, errors: new Map() };
}

async function open({ page, hostOrigin, dice }: Driver): Promise<void> {
  await page.goto(hostOrigin);
  await page.waitForFunction(() => "soak" in window);
  await signIn(page, dice);
}

async function signIn(page: Page, dice: Dice): Promise<void> {
  const who = [dice.pick(USERS).id, dice.pick(TENANTS)] as const;
  await page.evaluate(async ([user, tenant]) => window.soak.signIn(user, tenant), who);
}

async function act(driver: Driver, action: (typeof ACTIONS)[number]): Promise<void> {
  const { page, context, dice, guests } = driver;
  const call = (name: keyof HostControl, argument: string | number): Promise<unknown> =>
    page.evaluate(
      ([name, argument]) => (window.soak[name] as (value: unknown) => unknown)(argument),
      [name, argument] as const,
    );
  switch (action) {
    case "reload a guest":
      await call("reloadGuest", dice.roll(guests));
      return;
    case "switch tenant":
      await call("switchTenant", dice.pick(TENANTS));
      return;
    case "sign out":
      await call("signOut", "");
      await delay(dice.between(...PAUSE_MS));
      await signIn(page, dice);
      return;
    case "sign in as somebody else":
      await signIn(page, dice);
      return;
    case "go offline":
      await context.setOffline(true);
      await delay(dice.between(...OFFLINE_MS));
      await context.setOffline(false);
      return;
    case "sleep":
      await sleep(await context.newCDPSession(page), dice.between(...SLEEP_MS));
      return;
    case "reload the page":
      await open(driver);
  }
}

/** As a tab that nobody sees: the browser stops its timers and tasks, and later continues them. */
async function sleep(session: CDPSession, ms: number): Promise<void> {
  await session.send("Page.setWebLifecycleState", { state: "frozen" });
  await delay(ms);
  await session.send("Page.setWebLifecycleState", { state: "active" });
  await session.detach();
}

/** All frames of one site share a process, and so a heap. */
async function sample(
  { page, context }: Driver,
  series: Map<string, Point[]>,
  atHours: number,
): Promise<void> {
  const frame = page.frames().find((candidate) => candidate.url().includes("127.0.0.1"));
  const heaps = {
    "host heapMb": await heldHeapMb(await context.newCDPSession(page)),
    ...(frame && { "guests heapMb": await heldHeapMb(await context.newCDPSession(frame)) }),
  };
  for (const [name, value] of Object.entries(heaps)) {
    const points = series.get(name) ?? [];
    points.push({ atHours, value });
    series.set(name, points);
  }
}
