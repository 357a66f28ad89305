import { describe, expect, it } from "vitest";
import { BridgeError } from "../errors/bridge-error.ts";
import { createTestClock, type TestClock } from "../testing/test-clock.ts";
import { startRotationTimer } from "./rotation-timer.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** How long the issuer still takes the secret that was replaced. */
const GRACE_MS = 30_000;

interface Rotation {
  readonly clock: TestClock;
  /** When the issuer was asked, in milliseconds. */
  readonly asked: number[];
  readonly stop: () => void;
  failure: Error | undefined;
  /** Set: the issuer answers when it is called. */
  hold: PromiseWithResolvers<void> | undefined;
}

function start(): Rotation {
  const clock = createTestClock();
  const asked: number[] = [];
  const refresh = async (): Promise<void> => {
    asked.push(clock.monotonic());
    await rotation.hold?.promise;
    if (rotation.failure !== undefined) throw rotation.failure;
  };
  const rotation: Rotation = {
    clock,
    asked,
    stop: startRotationTimer(refresh, clock),
    failure: undefined,
    hold: undefined,
  };
  return rotation;
}

describe("the secret of the session", () => {
  it("is rotated every hour, and not at the start", async () => {
    const { clock, asked, stop } = start();
    await clock.advance(HOUR_MS - 1);
    expect(asked).toEqual([]);
    await clock.advance(2 * HOUR_MS + 1);
    expect(asked).toEqual([HOUR_MS, 2 * HOUR_MS, 3 * HOUR_MS]);
    stop();
  });

  it("is asked for again while the issuer still accepts the old one, when the response was lost", async () => {
    const rotation = start();
    rotation.failure = new BridgeError("OFFLINE", "offline");
    await rotation.clock.advance(HOUR_MS);
    rotation.failure = undefined;
    await rotation.clock.advance(GRACE_MS);
    expect(rotation.asked).toHaveLength(2);
    const [, again = Infinity] = rotation.asked;
    expect(again - HOUR_MS).toBeLessThan(GRACE_MS);
    // The hour counts from the answer.
    await rotation.clock.advance(HOUR_MS);
    expect(rotation.asked[2]).toBe(again + HOUR_MS);
    rotation.stop();
  });

  it("is left alone for an hour after a few retries, all while the issuer accepts the old one", async () => {
    const rotation = start();
    rotation.failure = new BridgeError("OFFLINE", "offline");
    await rotation.clock.advance(HOUR_MS + 30 * MINUTE_MS);
    expect(rotation.asked).toHaveLength(6);
    expect((rotation.asked.at(-1) ?? Infinity) - HOUR_MS).toBeLessThan(GRACE_MS);
    await rotation.clock.advance(HOUR_MS);
    // The next round has its attempts again.
    expect(rotation.asked).toHaveLength(12);
    rotation.stop();
  });

  it.each([
    ["a refusal", new BridgeError("SESSION_MISSING", "no session")],
    ["an error that is not ours", new TypeError("what")],
  ])("is not retried at once after %s", async (_what, failure) => {
    const rotation = start();
    rotation.failure = failure;
    await rotation.clock.advance(HOUR_MS + 30 * MINUTE_MS);
    expect(rotation.asked).toHaveLength(1);
    await rotation.clock.advance(HOUR_MS);
    expect(rotation.asked).toHaveLength(2);
    rotation.stop();
  });

  it("is not rotated after the timer was stopped, even during a request", async () => {
    const idle = start();
    idle.stop();
    await idle.clock.advance(3 * HOUR_MS);
    expect([idle.asked, idle.clock.timers]).toEqual([[], 0]);

    const asking = start();
    asking.hold = Promise.withResolvers();
    await asking.clock.advance(HOUR_MS);
    asking.stop();
    asking.hold.resolve();
    await asking.clock.advance(3 * HOUR_MS);
    expect([asking.asked, asking.clock.timers]).toEqual([[HOUR_MS], 0]);
  });
});
