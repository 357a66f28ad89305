import { beforeEach, describe, expect, it } from "vitest";
import { createTestClock, type TestClock } from "../testing.ts";
import { createRefresher, type Refresher } from "./refresher.ts";

let clock: TestClock;
let reads: PromiseWithResolvers<void>[];
let failures: unknown[];
let refresher: Refresher;

beforeEach(() => {
  clock = createTestClock();
  reads = [];
  failures = [];
  refresher = createRefresher({
    read: () => {
      const running = Promise.withResolvers<void>();
      reads.push(running);
      return running.promise;
    },
    onFailed: (error) => failures.push(error),
    clock,
    random: () => 0,
    firstRetryMs: 1_000,
    maxRetryMs: 3_000,
  });
});

async function end(outcome?: Error): Promise<void> {
  const running = reads.at(-1);
  if (outcome) running?.reject(outcome);
  else running?.resolve();
  await clock.advance(0);
}

describe("a refresher", () => {
  it("reads once more after a read during which there was news, however much", async () => {
    refresher.refresh();
    for (let news = 0; news < 3; news += 1) refresher.refresh();
    expect(reads).toHaveLength(1);
    await end();
    expect(reads).toHaveLength(2);
    await end();
    expect(reads).toHaveLength(2);
  });

  it("tries again after growing waits, and begins with the first wait after a success", async () => {
    refresher.refresh();
    for (const [count, waitMs] of [500, 1_000, 1_500, 1_500].entries()) {
      await end(new Error("away"));
      await clock.advance(waitMs - 1);
      expect(reads).toHaveLength(count + 1);
      await clock.advance(1);
      expect(reads).toHaveLength(count + 2);
    }
    expect(failures).toHaveLength(4);
    await end();
    refresher.refresh();
    await end(new Error("away"));
    await clock.advance(500);
    expect(reads).toHaveLength(7);
  });

  it("reads at the last time that was planned", async () => {
    refresher.refreshIn(100);
    refresher.refreshIn(300);
    await clock.advance(299);
    expect(reads).toHaveLength(0);
    await clock.advance(1);
    expect(reads).toHaveLength(1);
  });

  it("reads and reports nothing after it was stopped", async () => {
    refresher.refresh();
    refresher.refresh();
    refresher.stop();
    await end(new Error("away"));
    refresher.refreshIn(10);
    await clock.advance(10_000);
    expect(reads).toHaveLength(1);
    expect(failures).toEqual([]);
  });
});
