/**
 * Runs commands, crashes and answers in any order and checks the invariants. Several processes share
 * one installation; each makes the calls that it can claim.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import {
  applyCommand,
  callOf,
  claimCall,
  isAdmitted,
  settleCall,
  type CallOutcome,
  type ClaimedCall,
  type InstallationCommand,
  type InstallationRecord,
  type LifecycleSteps,
  type RetryTimes,
} from "./installation-machine.ts";

const KEY = { appId: "orders", tenantId: "acme" };
const TIMEOUT_MS = 10_000;
const TIMES: RetryTimes = {
  leaseMs: 60_000,
  firstRetryMs: 4_000,
  factor: 4,
  maxRetryMs: 900_000,
  maxAttempts: 4,
};

interface CallUnderWay {
  readonly call: ClaimedCall;
  /** The call times out at this time. */
  readonly endsAtMs: number;
}

interface World {
  nowMs: number;
  ids: number;
  leases: number;
  steps: LifecycleSteps;
  record: InstallationRecord | undefined;
  underWay: CallUnderWay[];
  /** The calls that backends received, in the order of their starts. */
  told: ClaimedCall[];
  /** Ids whose connect call succeeded or was not needed. */
  agreed: Set<string>;
}

type Step = (world: World) => void;

function put(world: World, next: InstallationRecord | undefined): void {
  const before = world.record;
  world.record = next;
  if (!next) return;
  expect(next.attempts).toBeLessThanOrEqual(TIMES.maxAttempts);
  expect(next.attempts).toBeGreaterThanOrEqual(0);
  if (next.state === "failed") expect(next.failure).toBeDefined();
  else if (callOf(next.state) === undefined) expect(next.failure).toBeUndefined();
  if (before && before.id !== next.id) {
    const isOver = before.state === "uninstalled" || before.failure?.event === "disconnect";
    expect(isOver, "an id ends with its installation").toBe(true);
  }
  if (isAdmitted(next.state)) {
    expect(world.agreed.has(next.id) || !world.steps.connect, "nobody agreed").toBe(true);
    world.agreed.add(next.id);
  }
}

const command =
  (name: InstallationCommand): Step =>
  (world) => {
    const context = { key: KEY, steps: world.steps, nowMs: world.nowMs };
    const give = (current: InstallationRecord | undefined) =>
      applyCommand(current, name, { ...context, newId: `id-${(world.ids += 1)}` });
    try {
      const next = give(world.record);
      put(world, next);
      // Commands are idempotent.
      expect(give(next)).toBe(next);
    } catch (error) {
      if ((error as { code?: string }).code !== "INSTALLATION_CONFLICT") throw error;
      expect(["install", "complete-setup"]).toContain(name);
    }
  };

const claim: Step = (world) => {
  if (!world.record) return;
  const leaseId = `lease-${(world.leases += 1)}`;
  const { nowMs } = world;
  const claimed = claimCall(world.record, world.steps, { nowMs, leaseId, times: TIMES });
  if (!claimed) return;
  put(world, claimed.next);
  const { call } = claimed;
  if (!call) return;
  expect(world.underWay, "two calls at once").toEqual([]);
  const isOver = world.told.some(({ id, event }) => id === call.id && event === "disconnect");
  if (call.event === "connect") expect(isOver, "installed after its end").toBe(false);
  world.told.push(call);
  world.underWay.push({ call, endsAtMs: nowMs + TIMEOUT_MS });
};

const answer =
  (outcome: CallOutcome, random = 0.5): Step =>
  (world) => {
    const [first, ...rest] = world.underWay;
    if (!first || !world.record) return;
    world.underWay = rest;
    const { steps, nowMs } = world;
    if (outcome.kind === "done" && first.call.event === "connect") world.agreed.add(first.call.id);
    const settled = settleCall(world.record, first.call, {
      outcome,
      steps,
      nowMs,
      times: TIMES,
      random,
    });
    if (settled) put(world, settled);
  };

/** The process dies with its running calls, and settles none of them. */
const crash: Step = (world) => {
  world.underWay = [];
};

const wait =
  (ms: number): Step =>
  (world) => {
    world.nowMs += ms;
    const isLate = ({ endsAtMs }: CallUnderWay): boolean => endsAtMs <= world.nowMs;
    while (world.underWay.some(isLate)) answer({ kind: "unavailable", reason: "timeout" })(world);
  };

const deploy =
  (steps: LifecycleSteps): Step =>
  (world) => {
    world.steps = steps;
  };

const stepsArbitrary = fc.record({
  connect: fc.boolean(),
  setup: fc.boolean(),
  disconnect: fc.boolean(),
});

const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(command("install"), command("uninstall")) },
  { weight: 3, arbitrary: fc.constantFrom(command("complete-setup"), command("retry")) },
  { weight: 6, arbitrary: fc.constant(claim) },
  {
    weight: 5,
    arbitrary: fc
      .constantFrom<CallOutcome>(
        { kind: "done" },
        { kind: "refused", reason: "refused", detail: "no" },
        { kind: "unavailable", reason: "server-error", retryAfterMs: 30_000 },
        { kind: "interrupted" },
      )
      .map((outcome) => answer(outcome)),
  },
  { weight: 2, arbitrary: fc.constant(crash) },
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 120_000 }).map(wait) },
  { weight: 1, arbitrary: stepsArbitrary.map(deploy) },
);

it("keeps its invariants in any order of commands, crashes and answers", () => {
  fc.assert(
    fc.property(
      stepsArbitrary,
      fc.array(stepArbitrary, { maxLength: 60, size: "max" }),
      (steps, run) => {
        const world: World = {
          nowMs: 1_800_000_000_000,
          ids: 0,
          leases: 0,
          steps,
          record: undefined,
          underWay: [],
          told: [],
          agreed: new Set(),
        };
        for (const step of run) step(world);
        // A backend that answers and a caller that retries end every wait.
        command("retry")(world);
        for (let turn = 0; turn < 3; turn += 1) {
          wait(TIMES.maxRetryMs + TIMES.leaseMs)(world);
          claim(world);
          answer({ kind: "done" })(world);
        }
        expect(world.underWay).toEqual([]);
        expect(world.record && callOf(world.record.state)).toBeUndefined();
      },
    ),
    { numRuns: 500 },
  );
});
