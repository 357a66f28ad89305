import { describe, expect, it } from "vitest";
import {
  applyCommand,
  claimCall,
  MAX_DUE_AHEAD_MS,
  settleCall,
  type CallOutcome,
  type ClaimedCall,
  type InstallationCommand,
  type InstallationRecord,
  type LifecycleSteps,
  type RetryTimes,
} from "./installation-machine.ts";

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

function record(change: Partial<InstallationRecord> = {}): InstallationRecord {
  return {
    ...KEY,
    id: "first",
    state: "installing",
    failure: undefined,
    attempts: 0,
    dueAtMs: NOW_MS,
    leaseId: undefined,
    createdAtMs: NOW_MS,
    changedAtMs: NOW_MS,
    ...change,
  };
}

const failed = (event: "connect" | "disconnect"): InstallationRecord =>
  record({ state: "failed", failure: { event, reason: "refused" } });

const STARTS: Readonly<Record<string, InstallationRecord | undefined>> = {
  none: undefined,
  installing: record(),
  setup: record({ state: "setup" }),
  installed: record({ state: "installed" }),
  "failed connect": failed("connect"),
  "failed disconnect": failed("disconnect"),
  uninstalling: record({ state: "uninstalling" }),
  uninstalled: record({ state: "uninstalled" }),
};

function command(
  start: InstallationRecord | undefined,
  name: InstallationCommand,
  steps = ALL,
): InstallationRecord | undefined {
  return applyCommand(start, name, { key: KEY, steps, nowMs: NOW_MS, newId: "second" });
}

function told(
  start: InstallationRecord | undefined,
  name: InstallationCommand,
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
  it.each<readonly [string, InstallationCommand, string]>([
    ["none", "install", "second installing"],
    ["installing", "install", "same"],
    ["setup", "install", "same"],
    ["installed", "install", "same"],
    ["failed connect", "install", "first installing"],
    ["failed disconnect", "install", "second installing"],
    ["uninstalling", "install", "INSTALLATION_CONFLICT"],
    ["uninstalled", "install", "second installing"],
    ["none", "uninstall", "same"],
    ["installing", "uninstall", "first uninstalling"],
    ["setup", "uninstall", "first uninstalling"],
    ["installed", "uninstall", "first uninstalling"],
    ["failed connect", "uninstall", "first uninstalling"],
    ["failed disconnect", "uninstall", "first uninstalling"],
    ["uninstalling", "uninstall", "same"],
    ["uninstalled", "uninstall", "same"],
    ["none", "complete-setup", "INSTALLATION_CONFLICT"],
    ["installing", "complete-setup", "INSTALLATION_CONFLICT"],
    ["setup", "complete-setup", "first installed"],
    ["installed", "complete-setup", "same"],
    ["failed connect", "complete-setup", "INSTALLATION_CONFLICT"],
    ["failed disconnect", "complete-setup", "INSTALLATION_CONFLICT"],
    ["uninstalling", "complete-setup", "INSTALLATION_CONFLICT"],
    ["uninstalled", "complete-setup", "INSTALLATION_CONFLICT"],
    ["none", "retry", "same"],
    ["installing", "retry", "same"],
    ["setup", "retry", "same"],
    ["installed", "retry", "same"],
    ["failed connect", "retry", "first installing"],
    ["failed disconnect", "retry", "first uninstalling"],
    ["uninstalling", "retry", "same"],
    ["uninstalled", "retry", "same"],
  ])("in %s: %s → %s", (start, name, expected) => {
    expect(told(STARTS[start], name, ALL)).toBe(expected);
  });
});

describe("a command to an app without a backend", () => {
  it.each<readonly [string, InstallationCommand, LifecycleSteps, string]>([
    ["none", "install", NONE, "second installed"],
    ["none", "install", { ...NONE, setup: true }, "second setup"],
    ["uninstalled", "install", NONE, "second installed"],
    ["failed connect", "retry", NONE, "first installed"],
    ["installed", "uninstall", NONE, "first uninstalled"],
    ["failed disconnect", "retry", NONE, "first uninstalled"],
  ])("in %s: %s skips the call", (start, name, steps, expected) => {
    expect(told(STARTS[start], name, steps)).toBe(expected);
  });
});

describe("a retry", () => {
  it("makes a waiting call due", () => {
    const waiting = record({ dueAtMs: NOW_MS + 5_000, attempts: 1 });
    expect(command(waiting, "retry")).toEqual({ ...waiting, dueAtMs: NOW_MS });
  });

  it("leaves a running call alone", () => {
    const leased = record({ dueAtMs: NOW_MS + 5_000, leaseId: "lease" });
    expect(command(leased, "retry")).toBe(leased);
  });
});

describe("a claim", () => {
  const claim = (start: InstallationRecord, steps: LifecycleSteps | undefined = ALL) =>
    claimCall(start, steps, { nowMs: NOW_MS, leaseId: "lease", times: TIMES });

  it("is a lease and counts as an attempt", () => {
    expect(claim(record())).toEqual({
      next: record({ attempts: 1, leaseId: "lease", dueAtMs: NOW_MS + TIMES.leaseMs }),
      call: { ...KEY, id: "first", event: "connect", leaseId: "lease" },
    });
  });

  it.each<readonly [string, Partial<InstallationRecord>]>([
    ["in a state without a call", { state: "installed" }],
    ["before it is due", { dueAtMs: NOW_MS + 1 }],
    ["while another process holds it", { dueAtMs: NOW_MS + 1, leaseId: "other" }],
  ])("is refused %s", (_name, change) => {
    expect(claim(record(change))).toBeUndefined();
  });

  it("takes over the call of another process when its lease has ended", () => {
    const left = record({ state: "uninstalling", attempts: 1, leaseId: "other" });
    expect(claim(left)?.call).toMatchObject({ event: "disconnect", leaseId: "lease" });
  });

  it("is possible when the due time is implausibly late, after a clock was set back [INS-7]", () => {
    const dueAtMs = NOW_MS + MAX_DUE_AHEAD_MS;
    const put = record({ dueAtMs: dueAtMs + 1, leaseId: "other" });
    expect(claim(put)?.call).toMatchObject({ leaseId: "lease" });
    expect(claim(record({ dueAtMs }))).toBeUndefined();
  });

  it("fails the installation when processes that died have used up the attempts", () => {
    const { next, call } = claim(record({ attempts: 3, leaseId: "other" })) ?? {};
    expect(call).toBeUndefined();
    expect(next).toMatchObject({
      state: "failed",
      failure: { event: "connect", reason: "unreachable" },
      leaseId: undefined,
    });
  });

  it("makes no call whose URL the manifest no longer has", () => {
    expect(claim(record(), NONE)).toMatchObject({ next: { state: "installed" } });
    const over = record({ state: "uninstalling" });
    expect(claim(over, NONE)).toMatchObject({ next: { state: "uninstalled" } });
  });
});

describe("an answer", () => {
  const call: ClaimedCall = { ...KEY, id: "first", event: "connect", leaseId: "lease" };
  const leased = record({ attempts: 1, leaseId: "lease", dueAtMs: NOW_MS + 60_000 });
  const settle = (
    start: InstallationRecord,
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

  it("of success leads to setup, or to installed when the app has no setup", () => {
    expect(settle(leased, { kind: "done" })).toMatchObject({ state: "setup", leaseId: undefined });
    const steps = { ...ALL, setup: false };
    expect(settle(leased, { kind: "done" }, { steps })).toMatchObject({ state: "installed" });
  });

  it("of success to a disconnect ends the installation", () => {
    const over = { ...leased, state: "uninstalling" } as const;
    const claimed: ClaimedCall = { ...call, event: "disconnect" };
    const next = settle(over, { kind: "done" }, { claimed });
    expect(next).toMatchObject({ state: "uninstalled", attempts: 0, failure: undefined });
  });

  it("that refuses is final and contains the backend's text", () => {
    const outcome = { kind: "refused", reason: "refused", detail: "No." } as const;
    expect(settle(leased, outcome)).toMatchObject({
      state: "failed",
      failure: { event: "connect", reason: "refused", detail: "No." },
    });
  });

  it("that never arrived is retried after growing waits until the attempts are used up", () => {
    const outcome = { kind: "unavailable", reason: "timeout" } as const;
    const waits = [1, 2].map((attempts) => settle({ ...leased, attempts }, outcome));
    expect(waits.map((next) => (next?.dueAtMs ?? 0) - NOW_MS - 5)).toEqual([1_000, 4_000]);
    expect(waits[0]).toMatchObject({ state: "installing", failure: { reason: "timeout" } });
    expect(settle({ ...leased, attempts: 3 }, outcome)).toMatchObject({ state: "failed" });
  });

  it("is retried up to a fifth sooner, so that retries spread", () => {
    const outcome = { kind: "unavailable", reason: "timeout" } as const;
    const next = settle(leased, outcome, { random: 0.999_999 });
    expect((next?.dueAtMs ?? 0) - NOW_MS - 5).toBe(800);
  });

  it.each([
    [0, 1_000],
    [3_000, 3_000],
    [3_600_000, 10_000],
  ])("that requests a wait of %i ms is retried after %i ms", (retryAfterMs, waitMs) => {
    const next = settle(leased, { kind: "unavailable", reason: "server-error", retryAfterMs });
    expect((next?.dueAtMs ?? 0) - NOW_MS - 5).toBe(waitMs);
  });

  it("that this process did not wait for does not count as an attempt", () => {
    const next = settle(leased, { kind: "interrupted" });
    expect(next).toMatchObject({ state: "installing", attempts: 0, dueAtMs: NOW_MS + 5 });
  });

  it("without its lease changes nothing", () => {
    expect(settle({ ...leased, leaseId: "other" }, { kind: "done" })).toBeUndefined();
  });

  it.each<readonly [string, Partial<InstallationRecord>]>([
    ["another state", { state: "uninstalling" }],
    ["another installation", { id: "second" }],
  ])("for %s only lets the next call start", (_name, change) => {
    const other = { ...leased, ...change };
    expect(settle(other, { kind: "done" })).toEqual({
      ...other,
      leaseId: undefined,
      dueAtMs: NOW_MS + 5,
    });
  });

  it("is awaited before the disconnect call, and before the connect call of the next installation", () => {
    const over = command(leased, "uninstall");
    expect(over).toMatchObject({ state: "uninstalling", dueAtMs: leased.dueAtMs });
    const gone = command(leased, "uninstall", NONE);
    const anew = command(gone, "install");
    expect(anew).toMatchObject({ id: "second", state: "installing", dueAtMs: leased.dueAtMs });
  });
});
