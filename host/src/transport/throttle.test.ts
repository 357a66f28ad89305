import { describe, expect, it } from "vitest";
import { createTestClock, type TestClock } from "@breezeway/shared/testing";
import { createTokenBucket } from "./token-bucket.ts";
import { createThrottle } from "./throttle.ts";

function setUp(): { clock: TestClock; ran: string[]; run: (name: string) => void; close(): void } {
  const clock = createTestClock({ nowMs: 0 });
  const ran: string[] = [];
  const throttle = createThrottle(clock, createTokenBucket(clock, { burst: 3, perSecond: 2 }));
  return {
    clock,
    ran,
    run: (name) => throttle.run(() => void ran.push(name)),
    close: () => throttle.close(),
  };
}

it.each([0.33, 0.5, 3, 7, 19, 23])(
  "a token bucket of %d per second has a token after waitMs",
  async (rate) => {
    const clock = createTestClock({ nowMs: 0 });
    const bucket = createTokenBucket(clock, { burst: 1, perSecond: rate });
    const late: number[] = [];
    for (let count = 0; count < 200; count += 1) {
      bucket.take();
      await clock.advance(bucket.waitMs());
      if (!bucket.take()) late.push(count);
      await clock.advance(bucket.waitMs() + 1);
    }
    expect(late).toEqual([]);
  },
);

describe("a throttle", () => {
  it("runs a burst at once, then the latest waiting task when the bucket has a token", async () => {
    const { clock, ran, run } = setUp();
    for (const name of "abcdef") run(name);
    expect(ran.join("")).toBe("abc");
    expect(clock.timers).toBe(1);
    await clock.advance(499);
    run("g");
    expect(ran.join("")).toBe("abc");
    await clock.advance(1);
    expect(ran.join("")).toBe("abcg");
    expect(clock.timers).toBe(0);
  });

  it("does not let a task overtake the waiting one, even when the timer is late", async () => {
    const { clock, ran, run } = setUp();
    for (const name of "abcd") run(name);
    clock.sleep(60_000);
    run("e");
    expect(ran.join("")).toBe("abc");
    await clock.advance(0);
    expect(ran.join("")).toBe("abce");
  });

  it("runs perSecond tasks per second, for any number of tasks", async () => {
    const { clock, ran, run } = setUp();
    for (let i = 0; i < 1_000; i += 1) {
      run("x");
      await clock.advance(10);
    }
    expect(ran.length).toBeGreaterThanOrEqual(3 + 19);
    expect(ran.length).toBeLessThanOrEqual(3 + 20);
  });

  it("accumulates at most one burst", async () => {
    const { clock, ran, run } = setUp();
    await clock.advance(3_600_000);
    for (const name of "abcdef") run(name);
    expect(ran.join("")).toBe("abc");
  });

  it("waits again when another throttle has taken the token of their shared bucket", async () => {
    const clock = createTestClock({ nowMs: 0 });
    const shared = createTokenBucket(clock, { burst: 1, perSecond: 1 });
    const ran: string[] = [];
    const [first, second] = [createThrottle(clock, shared), createThrottle(clock, shared)];
    first.run(() => ran.push("a"));
    first.run(() => ran.push("b"));
    second.run(() => ran.push("c"));
    await clock.advance(1_000);
    expect(ran).toEqual(["a", "b"]);
    await clock.advance(1_000);
    expect(ran).toEqual(["a", "b", "c"]);
    expect(clock.timers).toBe(0);
  });

  it("runs nothing after close, and leaves no timer", async () => {
    const throttle = setUp();
    const { clock, ran, run } = throttle;
    for (const name of "abcdef") run(name);
    throttle.close();
    expect(clock.timers).toBe(0);
    await clock.advance(10_000);
    expect(ran.join("")).toBe("abc");
  });
});
