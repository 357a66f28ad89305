import { createTestClock } from "@breezeway/shared/testing";
import { expect, test } from "vitest";
import { createPresenceCheck } from "./presence-check.ts";

/** Milliseconds: an answer is due so long after a `load` event. */
const DUE = 2_000;
/** Milliseconds between two questions without a `load` event. */
const EVERY = 5_000;

function startCheck() {
  const clock = createTestClock();
  const questions: string[] = [];
  let isAbsent = false;
  const check = createPresenceCheck({ clock, ask: (question) => questions.push(question) });
  check.start(() => {
    isAbsent = true;
  });
  return {
    clock,
    check,
    questions,
    answer: () => check.answered(questions.at(-1) ?? ""),
    isAbsent: () => isAbsent,
  };
}

test("a document that does not answer after a load event is absent, and no timer is left", async () => {
  const { clock, check, isAbsent } = startCheck();
  check.loaded();
  await clock.advance(DUE - 1);
  expect(isAbsent()).toBe(false);
  await clock.advance(1);
  expect(isAbsent()).toBe(true);
  expect(clock.timers).toBe(0);
});

test("a document whose answer waits behind the page's own long task is not absent", async () => {
  const { clock, check, answer, isAbsent } = startCheck();
  check.loaded();
  clock.sleep(10 * DUE);
  await clock.advance(0);
  expect(isAbsent()).toBe(false);
  answer();
  await clock.advance(DUE);
  expect(isAbsent()).toBe(false);
});

test("a document that does not answer after the page's long task either is absent", async () => {
  const { clock, check, isAbsent } = startCheck();
  check.loaded();
  clock.sleep(10 * DUE);
  await clock.advance(DUE);
  expect(isAbsent()).toBe(true);
});

test("a page whose timers are always late, as in a hidden tab, still notices an absent document", async () => {
  const { clock, check, isAbsent } = startCheck();
  check.loaded();
  for (let minute = 0; minute < 2; minute += 1) {
    clock.sleep(60_000);
    await clock.advance(0);
  }
  expect(isAbsent()).toBe(true);
});

test("a document is absent that leaves three questions unanswered", async () => {
  const { clock, questions, isAbsent } = startCheck();
  await clock.advance(3 * EVERY);
  expect(questions).toHaveLength(3);
  expect(new Set(questions).size).toBe(1);
  expect(isAbsent()).toBe(false);
  await clock.advance(EVERY);
  expect(isAbsent()).toBe(true);
});

test("an answer counts for its question only", async () => {
  const { clock, check, questions, isAbsent } = startCheck();
  await clock.advance(EVERY);
  check.answered(`${questions.at(-1)}x`);
  await clock.advance(EVERY);
  check.answered(questions.at(-1) ?? "");
  await clock.advance(3 * EVERY);
  expect(new Set(questions).size).toBe(2);
  expect(isAbsent()).toBe(false);
});
