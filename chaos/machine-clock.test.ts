import { expect, it } from "vitest";
import { createMachineClock } from "./machine-clock.ts";

function machine(): {
  clock: ReturnType<typeof createMachineClock>;
  waits: Map<number, number>;
  readonly pass: (ms: number) => void;
} {
  const waits = new Map([
    [1, 500],
    [2, 0],
  ]);
  let atMs = 1_000;
  const clock = createMachineClock({
    monotonic: () => atMs,
    pids: () => [...waits.keys()],
    waitedMs: (pid) => waits.get(pid),
  });
  return {
    clock,
    waits,
    pass: (ms) => {
      atMs += ms;
    },
  };
}

it("runs with the wall clock while no part waits for a processor", () => {
  const { clock, pass } = machine();
  pass(100);
  expect(clock.now()).toBe(100);
});

it("leaves out the longest wait of the parts, and counts waits at the same time once", () => {
  const { clock, waits, pass } = machine();
  pass(100);
  waits.set(1, 530).set(2, 40);
  expect(clock.now()).toBe(60);
});

it("counts the waits of a part that starts later, and forgets a part that has ended", () => {
  const { clock, waits, pass } = machine();
  pass(100);
  expect(clock.now()).toBe(100);
  waits.delete(1);
  waits.set(3, 70);
  pass(100);
  expect(clock.now()).toBe(130);
});

it("never goes back, however long the parts wait", () => {
  const { clock, waits, pass } = machine();
  pass(100);
  waits.set(1, 5_000);
  expect(clock.now()).toBe(0);
});
