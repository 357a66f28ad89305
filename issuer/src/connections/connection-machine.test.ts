import { describe, expect, it } from "vitest";
import {
  applyCommand,
  claimCall,
  MAX_DUE_AHEAD_MS,
  settleCall,
  type CallOutcome,
  type ClaimedCall,
  type ConnectionCommand,
  type ConnectionRecord,
  type LifecycleSteps,
  type RetryTimes,
} from "./connection-machine.ts";

const NOW_MS = 1_800_000_000_000;
const ALL: LifecycleSteps = { connect: true, setup: true, disconnect: true };
const NONE: LifecycleSteps = { connect: false, setup: false, disconnect: false };
const TIMES: RetryTimes = {
  leaseMs: 60_000,
  firstRetryMs: 1_000,
  factor: 4,
  maxRetryMs: 10_000,
  maxAttempts: 3,
};
const KEY = { appId: "orders", tenantId: "acme" };

function record(change: Partial<ConnectionRecord> = {}): ConnectionRecord {
  return {
    ...KEY,
    id: "first",
    state: "connecting",
    failure: undefined,
    attempts: 0,
    dueAtMs: NOW_MS,
    leaseId: undefined,
    createdAtMs: NOW_MS,
    changedAtMs: NOW_MS,
    ...change,
  };
}

const failed = (event: "connect" | "disconnect"): ConnectionRecord =>
  record({ state: "failed", failure: { event, reason: "refused" } });

const STARTS: Readonly<Record<string, ConnectionRecord | undefined>> = {
  none: undefined,
  connecting: record(),
  setup: record({ state: "setup" }),
  connected: record({ state: "connected" }),
  "failed connect": failed("connect"),
  "failed disconnect": failed("disconnect"),
  disconnecting: record({ state: "disconnecting" }),
  disconnected: record({ state: "disconnected" }),
};

function command(
  start: ConnectionRecord | undefined,
  name: ConnectionCommand,
  steps = ALL,
): ConnectionRecord | undefined {
  return applyCommand(start, name, { key: KEY, steps, nowMs: NOW_MS, newId: "second" });
}

function told(
  start: ConnectionRecord | undefined,
  name: ConnectionCommand,
  steps: LifecycleSteps,
): string {
  try {
    const next = command(start, name, steps);
    if (next === start) return "same";
    return next ? `${next.id} ${next.state}` : "none";
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe("a command to an app with all steps", () => {
  it.each<readonly [string, ConnectionCommand, string]>([
    ["none", "connect", "second connecting"],
    ["connecting", "connect", "same"],
    ["setup", "connect", "same"],
    ["connected", "connect", "same"],
    ["failed connect", "connect", "first connecting"],
    ["failed disconnect", "connect", "second connecting"],
    ["disconnecting", "connect", "CONNECTION_CONFLICT"],
    ["disconnected", "connect", "second connecting"],
    ["none", "disconnect", "same"],
    ["connecting", "disconnect", "first disconnecting"],
    ["setup", "disconnect", "first disconnecting"],
    ["connected", "disconnect", "first disconnecting"],
    ["failed connect", "disconnect", "first disconnecting"],
    ["failed disconnect", "disconnect", "first disconnecting"],
    ["disconnecting", "disconnect", "same"],
    ["disconnected", "disconnect", "same"],
    ["none", "complete-setup", "CONNECTION_CONFLICT"],
    ["connecting", "complete-setup", "CONNECTION_CONFLICT"],
    ["setup", "complete-setup", "first connected"],
    ["connected", "complete-setup", "same"],
    ["failed connect", "complete-setup", "CONNECTION_CONFLICT"],
    ["failed disconnect", "complete-setup", "CONNECTION_CONFLICT"],
    ["disconnecting", "complete-setup", "CONNECTION_CONFLICT"],
    ["disconnected", "complete-setup", "CONNECTION_CONFLICT"],
    ["none", "retry", "same"],
    ["connecting", "retry", "same"],
    ["setup", "retry", "same"],
    ["connected", "retry", "same"],
    ["failed connect", "retry", "first connecting"],
    ["failed disconnect", "retry", "first disconnecting"],
    ["disconnecting", "retry", "same"],
    ["disconnected", "retry", "same"],
  ])("in %s: %s → %s", (start, name, expected) => {
    expect(told(STARTS[start], name, ALL)).toBe(expected);
  });
});

describe("a command to an app without a backend", () => {
  it.each<readonly [string, ConnectionCommand, LifecycleSteps, string]>([
    ["none", "connect", NONE, "second connected"],
    ["none", "connect", { ...NONE, setup: true }, "second setup"],
    ["disconnected", "connect", NONE, "second connected"],
    ["failed connect", "retry", NONE, "first connected"],
    ["connected", "disconnect", NONE, "first disconnected"],
    ["failed disconnect", "retry", NONE, "first disconnected"],
  ])("in %s: %s goes straight on", (start, name, steps, expected) => {
    expect(told(STARTS[start], name, steps)).toBe(expected);
  });
});

describe("a retry", () => {
  it("makes a call due that waits for its next attempt", () => {
    const waiting = record({ dueAtMs: NOW_MS + 5_000, attempts: 1 });
    expect(command(waiting, "retry")).toEqual({ ...waiting, dueAtMs: NOW_MS });
  });

  it("leaves a call alone that is under way", () => {
    const leased = record({ dueAtMs: NOW_MS + 5_000, leaseId: "lease" });
    expect(command(leased, "retry")).toBe(leased);
  });
});

describe("a claim", () => {
  const claim = (start: ConnectionRecord, steps: LifecycleSteps | undefined = ALL) =>
    claimCall(start, steps, { nowMs: NOW_MS, leaseId: "lease", times: TIMES });

  it("is a lease, and an attempt", () => {
    expect(claim(record())).toEqual({
      next: record({ attempts: 1, leaseId: "lease", dueAtMs: NOW_MS + TIMES.leaseMs }),
      call: { ...KEY, id: "first", event: "connect", leaseId: "lease" },
    });
  });

  it.each<readonly [string, Partial<ConnectionRecord>]>([
    ["in a state that waits for no call", { state: "connected" }],
    ["before it is due", { dueAtMs: NOW_MS + 1 }],
    ["while another has it", { dueAtMs: NOW_MS + 1, leaseId: "other" }],
  ])("is not had %s", (_name, change) => {
    expect(claim(record(change))).toBeUndefined();
  });

  it("takes over what another process left undone when its lease is over", () => {
    const left = record({ state: "disconnecting", attempts: 1, leaseId: "other" });
    expect(claim(left)?.call).toMatchObject({ event: "disconnect", leaseId: "lease" });
  });

  it("is had of what is due so late that a clock must have been set back since [CON-7]", () => {
    const dueAtMs = NOW_MS + MAX_DUE_AHEAD_MS;
    const put = record({ dueAtMs: dueAtMs + 1, leaseId: "other" });
    expect(claim(put)?.call).toMatchObject({ leaseId: "lease" });
    expect(claim(record({ dueAtMs }))).toBeUndefined();
  });

  it("ends in a failure when the attempts are used up by processes that died", () => {
    const { next, call } = claim(record({ attempts: 3, leaseId: "other" })) ?? {};
    expect(call).toBeUndefined();
    expect(next).toMatchObject({
      state: "failed",
      failure: { event: "connect", reason: "unreachable" },
      leaseId: undefined,
    });
  });

  it("makes no call that the manifest names no more", () => {
    expect(claim(record(), NONE)).toMatchObject({ next: { state: "connected" } });
    const over = record({ state: "disconnecting" });
    expect(claim(over, NONE)).toMatchObject({ next: { state: "disconnected" } });
  });
});

describe("an answer", () => {
  const call: ClaimedCall = { ...KEY, id: "first", event: "connect", leaseId: "lease" };
  const leased = record({ attempts: 1, leaseId: "lease", dueAtMs: NOW_MS + 60_000 });
  const settle = (
    start: ConnectionRecord,
    outcome: CallOutcome,
    { steps = ALL, random = 0, claimed = call } = {},
  ) =>
    settleCall(start, claimed, {
      outcome,
      steps,
      nowMs: NOW_MS + 5,
      times: TIMES,
      random,
    });

  it("of success goes on to the setup, or past it", () => {
    expect(settle(leased, { kind: "done" })).toMatchObject({ state: "setup", leaseId: undefined });
    const steps = { ...ALL, setup: false };
    expect(settle(leased, { kind: "done" }, { steps })).toMatchObject({ state: "connected" });
  });

  it("of success to a disconnect ends the connection", () => {
    const over = { ...leased, state: "disconnecting" } as const;
    const claimed: ClaimedCall = { ...call, event: "disconnect" };
    const next = settle(over, { kind: "done" }, { claimed });
    expect(next).toMatchObject({ state: "disconnected", attempts: 0, failure: undefined });
  });

  it("that refuses is final, with its words", () => {
    const outcome = { kind: "refused", reason: "refused", detail: "No." } as const;
    expect(settle(leased, outcome)).toMatchObject({
      state: "failed",
      failure: { event: "connect", reason: "refused", detail: "No." },
    });
  });

  it("that never came is waited for longer each time, and then no more", () => {
    const outcome = { kind: "unavailable", reason: "timeout" } as const;
    const waits = [1, 2].map((attempts) => settle({ ...leased, attempts }, outcome));
    expect(waits.map((next) => (next?.dueAtMs ?? 0) - NOW_MS - 5)).toEqual([1_000, 4_000]);
    expect(waits[0]).toMatchObject({ state: "connecting", failure: { reason: "timeout" } });
    expect(settle({ ...leased, attempts: 3 }, outcome)).toMatchObject({ state: "failed" });
  });

  it("is asked for sooner by up to a fifth, so that not all come back at once", () => {
    const outcome = { kind: "unavailable", reason: "timeout" } as const;
    const next = settle(leased, outcome, { random: 0.999_999 });
    expect((next?.dueAtMs ?? 0) - NOW_MS - 5).toBe(800);
  });

  it.each([
    [0, 1_000],
    [3_000, 3_000],
    [3_600_000, 10_000],
  ])("that asks for %i ms more is waited for %i ms", (retryAfterMs, waitMs) => {
    const next = settle(leased, { kind: "unavailable", reason: "server-error", retryAfterMs });
    expect((next?.dueAtMs ?? 0) - NOW_MS - 5).toBe(waitMs);
  });

  it("that this process did not wait for is no attempt", () => {
    const next = settle(leased, { kind: "interrupted" });
    expect(next).toMatchObject({ state: "connecting", attempts: 0, dueAtMs: NOW_MS + 5 });
  });

  it("without its lease changes nothing", () => {
    expect(settle({ ...leased, leaseId: "other" }, { kind: "done" })).toBeUndefined();
  });

  it.each<readonly [string, Partial<ConnectionRecord>]>([
    ["another state", { state: "disconnecting" }],
    ["another connection", { id: "second" }],
  ])("for %s only lets the next call begin", (_name, change) => {
    const other = { ...leased, ...change };
    expect(settle(other, { kind: "done" })).toEqual({
      ...other,
      leaseId: undefined,
      dueAtMs: NOW_MS + 5,
    });
  });

  it("is waited for before a disconnect is told, and before a connect after that", () => {
    const over = command(leased, "disconnect");
    expect(over).toMatchObject({ state: "disconnecting", dueAtMs: leased.dueAtMs });
    const gone = command(leased, "disconnect", NONE);
    const anew = command(gone, "connect");
    expect(anew).toMatchObject({ id: "second", state: "connecting", dueAtMs: leased.dueAtMs });
  });
});
