/**
 * The life of an installation, an app in a tenant. Pure functions from one record to the next.
 *
 *   (none) ─install→ installing ─call→ setup ─setup completed→ installed
 *                        │ call          └──────────┬────────────┘
 *                        ▼                          ▼ uninstall
 *                      failed ◄────call──── uninstalling ─call→ uninstalled ─install→ installing
 *
 * [INS-1] Commands are idempotent: a command with nothing to do changes nothing.
 * [INS-2] An id belongs to one installation from its install to its uninstall. A later install gets a
 *         new id.
 * [INS-3] A manifest without a URL for a call skips the call, and one without a setup page skips the
 *         setup.
 * [INS-4] One call runs at a time: a claim is a lease, and the next call waits until the lease ends. An
 *         answer counts only for the state and the id that it was claimed for.
 * [INS-5] A claim counts as an attempt when it is made, so a process that dies has used one attempt.
 *         After the last attempt the installation has failed, until a retry.
 * [INS-6] Uninstalling is always possible, and takes effect before the backend knows of it.
 * [INS-7] No wait is longer than 15 minutes: a later due time was written by a clock that has been set
 *         back since, and is due now.
 */
import { BridgeError } from "@breezeway/shared";
import type {
  InstallationFailure,
  InstallationFailureReason,
  InstallationState,
  LifecycleEventName,
} from "@breezeway/shared/schemas";

export interface InstallationKey {
  readonly appId: string;
  readonly tenantId: string;
}

export interface InstallationRecord extends InstallationKey {
  readonly id: string;
  readonly state: InstallationState;
  /** Why the last call failed. In state `failed` there are no more attempts. */
  readonly failure: InstallationFailure | undefined;
  /** Calls that were started in this state. */
  readonly attempts: number;
  /** When a call may start: the next attempt, or the end of the lease. Unused in states without a call. */
  readonly dueAtMs: number;
  /** Identifies the running call, whose lease ends at `dueAtMs`. */
  readonly leaseId: string | undefined;
  readonly createdAtMs: number;
  /** When the state was entered. */
  readonly changedAtMs: number;
}

export type InstallationCommand = "install" | "uninstall" | "complete-setup" | "retry";

/** The steps that the app's manifest has. */
export interface LifecycleSteps {
  readonly connect: boolean;
  readonly setup: boolean;
  readonly disconnect: boolean;
}

export interface CommandContext {
  readonly key: InstallationKey;
  readonly steps: LifecycleSteps;
  readonly nowMs: number;
  readonly newId: string;
}

/** The result of a call. */
export type CallOutcome =
  | { readonly kind: "done" }
  /** A retry would not help. */
  | {
      readonly kind: "refused";
      readonly reason: InstallationFailureReason;
      readonly detail?: string | undefined;
    }
  | {
      readonly kind: "unavailable";
      readonly reason: InstallationFailureReason;
      /** From the backend's `Retry-After`. */
      readonly retryAfterMs?: number | undefined;
    }
  /** This process closes. */
  | { readonly kind: "interrupted" };

/** See [INS-7]. */
export const MAX_DUE_AHEAD_MS = 900_000;

export interface RetryTimes {
  /** Longer than the time limit of a call. */
  readonly leaseMs: number;
  readonly firstRetryMs: number;
  /** Each wait is this many times longer than the one before. */
  readonly factor: number;
  readonly maxRetryMs: number;
  readonly maxAttempts: number;
}

/** A call that this process has claimed. */
export interface ClaimedCall extends InstallationKey {
  readonly id: string;
  readonly event: LifecycleEventName;
  readonly leaseId: string;
}

/** The call that a state waits for. */
export function callOf(state: InstallationState): LifecycleEventName | undefined {
  if (state === "installing") return "connect";
  return state === "uninstalling" ? "disconnect" : undefined;
}

/** Whether the app may have tokens in the tenant. The setup page needs tokens, too. */
export function isAdmitted(state: InstallationState | undefined): boolean {
  return state === "setup" || state === "installed";
}

/**
 * @returns the same record when nothing changes; `undefined` when the app was never installed
 * @throws {BridgeError} INSTALLATION_CONFLICT
 */
export function applyCommand(
  current: InstallationRecord | undefined,
  command: InstallationCommand,
  context: CommandContext,
): InstallationRecord | undefined {
  switch (command) {
    case "install":
      return install(current, context);
    case "uninstall":
      return current && uninstall(current, context);
    case "complete-setup":
      if (current?.state === "installed") return current;
      if (current?.state === "setup") return enter(current, "installed", context.nowMs);
      throw conflict("The installation is not in state setup, so its setup cannot be completed.");
    case "retry":
      return current && retry(current, context);
  }
}

function install(
  current: InstallationRecord | undefined,
  context: CommandContext,
): InstallationRecord | undefined {
  const { key, newId, nowMs } = context;
  switch (current?.state) {
    case "installing":
    case "setup":
    case "installed":
      return current;
    case "uninstalling":
      throw conflict("The app is being uninstalled. Install it when that has ended.");
    case "failed":
      if (current.failure?.event === "connect") return beginInstall(current, context);
      break;
    case "uninstalled":
    case undefined:
  }
  const fresh: InstallationRecord = {
    ...key,
    id: newId,
    state: "installing",
    failure: undefined,
    attempts: 0,
    dueAtMs: current?.dueAtMs ?? nowMs,
    leaseId: current?.leaseId,
    createdAtMs: nowMs,
    changedAtMs: nowMs,
  };
  return beginInstall(fresh, context);
}

function uninstall(current: InstallationRecord, context: CommandContext): InstallationRecord {
  if (current.state === "uninstalling" || current.state === "uninstalled") return current;
  return enter(current, context.steps.disconnect ? "uninstalling" : "uninstalled", context.nowMs);
}

function retry(current: InstallationRecord, context: CommandContext): InstallationRecord {
  const { nowMs } = context;
  if (current.state === "failed") {
    return current.failure?.event === "disconnect"
      ? uninstall(current, context)
      : beginInstall(current, context);
  }
  const isWaiting = callOf(current.state) !== undefined && !isLeased(current, nowMs);
  if (!isWaiting || isDue(current, nowMs)) return current;
  return { ...current, dueAtMs: nowMs };
}

function beginInstall(record: InstallationRecord, context: CommandContext): InstallationRecord {
  return enter(record, context.steps.connect ? "installing" : afterInstall(context), context.nowMs);
}

function afterInstall({ steps }: Pick<CommandContext, "steps">): InstallationState {
  return steps.setup ? "setup" : "installed";
}

/** [INS-4] A running call keeps its lease, so the next call waits. */
function enter(
  record: InstallationRecord,
  state: InstallationState,
  nowMs: number,
): InstallationRecord {
  const leased = isLeased(record, nowMs);
  return {
    ...record,
    state,
    failure: undefined,
    attempts: 0,
    dueAtMs: leased ? record.dueAtMs : nowMs,
    leaseId: leased ? record.leaseId : undefined,
    changedAtMs: nowMs,
  };
}

function isLeased(record: InstallationRecord, nowMs: number): boolean {
  return record.leaseId !== undefined && !isDue(record, nowMs);
}

function isDue({ dueAtMs }: InstallationRecord, nowMs: number): boolean {
  return dueAtMs <= nowMs || dueAtMs > nowMs + MAX_DUE_AHEAD_MS;
}

/**
 * Claims the call that is due.
 *
 * @returns `undefined` when no call is due; no `call` when the attempts are used up, or when the
 *   manifest no longer has the call's URL
 */
export function claimCall(
  current: InstallationRecord,
  steps: LifecycleSteps | undefined,
  { nowMs, leaseId, times }: { nowMs: number; leaseId: string; times: RetryTimes },
): { readonly next: InstallationRecord; readonly call?: ClaimedCall } | undefined {
  const event = callOf(current.state);
  if (event === undefined || !isDue(current, nowMs)) return undefined;
  if (current.attempts >= times.maxAttempts) {
    const reason = current.failure?.reason ?? "unreachable";
    return { next: fail({ ...current, leaseId: undefined }, { event, reason }, nowMs) };
  }
  if (steps && !steps[event]) {
    const free = { ...current, leaseId: undefined };
    const state = event === "connect" ? afterInstall({ steps }) : "uninstalled";
    return { next: enter(free, state, nowMs) };
  }
  const { appId, tenantId, id } = current;
  return {
    next: {
      ...current,
      attempts: current.attempts + 1,
      dueAtMs: nowMs + times.leaseMs,
      leaseId,
    },
    call: { appId, tenantId, id, event, leaseId },
  };
}

/** @returns `undefined` when the call has lost its lease */
export function settleCall(
  current: InstallationRecord,
  call: ClaimedCall,
  {
    outcome,
    steps,
    nowMs,
    times,
    random,
  }: {
    outcome: CallOutcome;
    steps: LifecycleSteps;
    nowMs: number;
    times: RetryTimes;
    random: number;
  },
): InstallationRecord | undefined {
  if (current.leaseId !== call.leaseId) return undefined;
  const free: InstallationRecord = { ...current, leaseId: undefined, dueAtMs: nowMs };
  const { event } = call;
  if (current.id !== call.id || callOf(current.state) !== event) return free;
  switch (outcome.kind) {
    case "done":
      return enter(free, event === "connect" ? afterInstall({ steps }) : "uninstalled", nowMs);
    case "refused": {
      const { reason, detail } = outcome;
      return fail(free, { event, reason, ...(detail === undefined ? {} : { detail }) }, nowMs);
    }
    case "interrupted":
      return { ...free, attempts: current.attempts - 1 };
    case "unavailable": {
      const failure: InstallationFailure = { event, reason: outcome.reason };
      if (current.attempts >= times.maxAttempts) return fail(free, failure, nowMs);
      const waitMs = Math.max(
        backoffMs(current.attempts, times, random),
        Math.min(outcome.retryAfterMs ?? 0, times.maxRetryMs),
      );
      return { ...free, failure, dueAtMs: nowMs + waitMs };
    }
  }
}

function fail(
  record: InstallationRecord,
  failure: InstallationFailure,
  nowMs: number,
): InstallationRecord {
  return { ...record, state: "failed", failure, changedAtMs: nowMs };
}

/** Up to a fifth shorter at random, so that calls that failed together do not retry together. */
/** How long to wait after this many attempts, milliseconds. `random`: 0 to 1. */
export function backoffMs(attempts: number, times: RetryTimes, random: number): number {
  const fullMs = Math.min(times.firstRetryMs * times.factor ** (attempts - 1), times.maxRetryMs);
  return Math.round(fullMs * (1 - random / 5));
}

function conflict(message: string): BridgeError {
  return new BridgeError("INSTALLATION_CONFLICT", message);
}
