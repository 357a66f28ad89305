import { describe, expect, it } from "vitest";
import { createClockWatch, type ClockWatch } from "./clock-watch.ts";

function watched(): {
  watch: ClockWatch;
  said: string[];
  /** Lets time pass, and sets the wall clock. */
  readonly after: (passedMs: number, setByMs: number) => void;
} {
  const said: string[] = [];
  let [monotonicMs, wallMs] = [0, 1_800_000_000_000];
  const clock = { now: () => wallMs, monotonic: () => monotonicMs };
  const watch = createClockWatch({ clock, onJump: ({ message }) => said.push(message) });
  return {
    watch,
    said,
    after: (passedMs, setByMs) => {
      monotonicMs += passedMs;
      wallMs += passedMs + setByMs;
      watch.check();
    },
  };
}

const DAY_MS = 86_400_000;

describe("the watch of the clock", () => {
  it.each([
    ["a day forward", DAY_MS, "forward by 86400 s"],
    ["an hour back", -3_600_000, "back by 3600 s"],
    ["3 seconds forward", 3_000, "forward by 3 s"],
    ["3 seconds back", -3_000, "back by 3 s"],
  ])(
    "says that the clock was set %s, once, and remembers it for 5 minutes",
    (_name, byMs, text) => {
      const { watch, said, after } = watched();
      after(1_000, 0);
      expect(watch.hasJumped).toBe(false);
      after(1_000, byMs);
      after(1_000, 0);
      expect(said).toEqual([expect.stringContaining(text)]);
      after(298_000, 0);
      expect(watch.hasJumped).toBe(true);
      after(2_000, 0);
      expect(watch.hasJumped).toBe(false);
    },
  );

  it("takes no slow correction, and no long pause between two checks, for a jump", () => {
    const { said, after } = watched();
    for (let second = 0; second < 3_600; second += 1) after(1_000, 2);
    after(DAY_MS, 0);
    expect(said).toEqual([]);
  });
});
