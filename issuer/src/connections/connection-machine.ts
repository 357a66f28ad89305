/**
 * The life of an app in a tenant. Pure: what is, what happens, what will be.
 *
 *   (none) ─connect→ connecting ─call→ setup ─setup completed→ connected
 *                        │ call          └──────────┬────────────┘
 *                        ▼                          ▼ disconnect
 *                      failed ◄────call──── disconnecting ─call→ disconnected ─connect→ connecting
 *
 * [CON-1] Whatever is asked twice happens once: a command that has nothing to do changes nothing.
 * [CON-2] An id belongs to one connection from its connect to its disconnect. Connecting anew after
 *         that makes a new one.
 * [CON-3] Without a URL for a call there is no call, and without a setup page no setup: straight on.
 * [CON-4] One call at a time: a claim is a lease, and what changes the state meanwhile waits for its
 *         end. An answer counts only for the state and the id that it was claimed for.
 * [CON-5] A claim counts as an attempt when it is made, so a process that dies on it has used it up.
 *         After the last attempt the connection has failed, until somebody asks for more.
 * [CON-6] Disconnecting is always possible, and shuts the app out before its backend has heard.
 * [CON-7] No wait is longer than a quarter of an hour: what is due later than that was written by a
 *         clock that was set back since, and is due now.
 */
import { BridgeError } from "@breezeway/shared";
import type {
  ConnectionFailure,
  ConnectionFailureReason,
  ConnectionState,
  LifecycleEventName,
} from "@breezeway/shared/schemas";

export interface ConnectionKey {
  readonly appId: string;
  readonly tenantId: string;
}

export interface ConnectionRecord extends ConnectionKey {
  readonly id: string;
  readonly state: ConnectionState;
  /** Why the last call failed; in state `failed`, for good. */
  readonly failure: ConnectionFailure | undefined;
  /** Calls begun in this state. */
  readonly attempts: number;
  /** When a call may begin: the next attempt, or the end of the lease. Means nothing in other states. */
  readonly dueAtMs: number;
  /** Names the call under way, which is given up at `dueAtMs`. */
  readonly leaseId: string | undefined;
  readonly createdAtMs: number;
  /** When the state was entered. */
  readonly changedAtMs: number;
}

export type ConnectionCommand = "connect" | "disconnect" | "complete-setup" | "retry";

/** Which steps an app has, by its manifest. */
export interface LifecycleSteps {
  readonly connect: boolean;
  readonly setup: boolean;
  readonly disconnect: boolean;
}

export interface CommandContext {
  readonly key: ConnectionKey;
  readonly steps: LifecycleSteps;
  readonly nowMs: number;
  readonly newId: string;
}

/** How a call has ended. */
export type CallOutcome =
  | { readonly kind: "done" }
  /** Trying again would not help. */
  | {
      readonly kind: "refused";
      readonly reason: ConnectionFailureReason;
      readonly detail?: string | undefined;
    }
  | {
      readonly kind: "unavailable";
      readonly reason: ConnectionFailureReason;
      /** What the backend asked for. */
      readonly retryAfterMs?: number | undefined;
    }
  /** This process is closing. */
  | { readonly kind: "interrupted" };

/** See [CON-7]. */
export const MAX_DUE_AHEAD_MS = 900_000;

export interface RetryTimes {
  /** Longer than a call can take. */
  readonly leaseMs: number;
  readonly firstRetryMs: number;
  /** Each wait is this many times the one before. */
  readonly factor: number;
  readonly maxRetryMs: number;
  readonly maxAttempts: number;
}

/** A call that this process may make now. */
export interface ClaimedCall extends ConnectionKey {
  readonly id: string;
  readonly event: LifecycleEventName;
  readonly leaseId: string;
}

/** The call that a state waits for. */
export function callOf(state: ConnectionState): LifecycleEventName | undefined {
  if (state === "connecting") return "connect";
  return state === "disconnecting" ? "disconnect" : undefined;
}

/** Whether the app may have tokens in the tenant; its setup page needs them. */
export function isAdmitted(state: ConnectionState | undefined): boolean {
  return state === "setup" || state === "connected";
}

/**
 * @returns the same record when there is nothing to do; `undefined` when there never was one
 * @throws {BridgeError} CONNECTION_CONFLICT
 */
export function applyCommand(
  current: ConnectionRecord | undefined,
  command: ConnectionCommand,
  context: CommandContext,
): ConnectionRecord | undefined {
  switch (command) {
    case "connect":
      return connect(current, context);
    case "disconnect":
      return current && disconnect(current, context);
    case "complete-setup":
      if (current?.state === "connected") return current;
      if (current?.state === "setup") return enter(current, "connected", context.nowMs);
      throw conflict("The app's setup is not what its connection waits for.");
    case "retry":
      return current && retry(current, context);
  }
}

function connect(
  current: ConnectionRecord | undefined,
  context: CommandContext,
): ConnectionRecord | undefined {
  const { key, newId, nowMs } = context;
  switch (current?.state) {
    case "connecting":
    case "setup":
    case "connected":
      return current;
    case "disconnecting":
      throw conflict("The app is being disconnected; connect it after that.");
    case "failed":
      if (current.failure?.event === "connect") return beginConnect(current, context);
      break;
    case "disconnected":
    case undefined:
  }
  const fresh: ConnectionRecord = {
    ...key,
    id: newId,
    state: "connecting",
    failure: undefined,
    attempts: 0,
    dueAtMs: current?.dueAtMs ?? nowMs,
    leaseId: current?.leaseId,
    createdAtMs: nowMs,
    changedAtMs: nowMs,
  };
  return beginConnect(fresh, context);
}

function disconnect(current: ConnectionRecord, context: CommandContext): ConnectionRecord {
  if (current.state === "disconnecting" || current.state === "disconnected") return current;
  return enter(current, context.steps.disconnect ? "disconnecting" : "disconnected", context.nowMs);
}

function retry(current: ConnectionRecord, context: CommandContext): ConnectionRecord {
  const { nowMs } = context;
  if (current.state === "failed") {
    return current.failure?.event === "disconnect"
      ? disconnect(current, context)
      : beginConnect(current, context);
  }
  const isWaiting = callOf(current.state) !== undefined && !isLeased(current, nowMs);
  if (!isWaiting || isDue(current, nowMs)) return current;
  return { ...current, dueAtMs: nowMs };
}

function beginConnect(record: ConnectionRecord, context: CommandContext): ConnectionRecord {
  return enter(record, context.steps.connect ? "connecting" : afterConnect(context), context.nowMs);
}

function afterConnect({ steps }: Pick<CommandContext, "steps">): ConnectionState {
  return steps.setup ? "setup" : "connected";
}

/** [CON-4] A call that is under way keeps its lease: the next one waits. */
function enter(record: ConnectionRecord, state: ConnectionState, nowMs: number): ConnectionRecord {
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

function isLeased(record: ConnectionRecord, nowMs: number): boolean {
  return record.leaseId !== undefined && !isDue(record, nowMs);
}

function isDue({ dueAtMs }: ConnectionRecord, nowMs: number): boolean {
  return dueAtMs <= nowMs || dueAtMs > nowMs + MAX_DUE_AHEAD_MS;
}

/**
 * Takes the call that is due.
 *
 * @returns `undefined` when there is none now; without `call` when the attempts are used up, or the
 * app has no such call any more
 */
export function claimCall(
  current: ConnectionRecord,
  steps: LifecycleSteps | undefined,
  { nowMs, leaseId, times }: { nowMs: number; leaseId: string; times: RetryTimes },
): { readonly next: ConnectionRecord; readonly call?: ClaimedCall } | undefined {
  const event = callOf(current.state);
  if (event === undefined || !isDue(current, nowMs)) return undefined;
  if (current.attempts >= times.maxAttempts) {
    const reason = current.failure?.reason ?? "unreachable";
    return { next: fail({ ...current, leaseId: undefined }, { event, reason }, nowMs) };
  }
  if (steps && !steps[event]) {
    const free = { ...current, leaseId: undefined };
    const state = event === "connect" ? afterConnect({ steps }) : "disconnected";
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

/** @returns `undefined` when the lease is not this call's any more */
export function settleCall(
  current: ConnectionRecord,
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
): ConnectionRecord | undefined {
  if (current.leaseId !== call.leaseId) return undefined;
  const free: ConnectionRecord = { ...current, leaseId: undefined, dueAtMs: nowMs };
  const { event } = call;
  if (current.id !== call.id || callOf(current.state) !== event) return free;
  switch (outcome.kind) {
    case "done":
      return enter(free, event === "connect" ? afterConnect({ steps }) : "disconnected", nowMs);
    case "refused": {
      const { reason, detail } = outcome;
      return fail(free, { event, reason, ...(detail === undefined ? {} : { detail }) }, nowMs);
    }
    case "interrupted":
      return { ...free, attempts: current.attempts - 1 };
    case "unavailable": {
      const failure: ConnectionFailure = { event, reason: outcome.reason };
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
  record: ConnectionRecord,
  failure: ConnectionFailure,
  nowMs: number,
): ConnectionRecord {
  return { ...record, state: "failed", failure, changedAtMs: nowMs };
}

/** Up to a fifth shorter at random: those that failed together do not come back together. */
function backoffMs(attempts: number, times: RetryTimes, random: number): number {
  const fullMs = Math.min(times.firstRetryMs * times.factor ** (attempts - 1), times.maxRetryMs);
  return Math.round(fullMs * (1 - random / 5));
}

function conflict(message: string): BridgeError {
  return new BridgeError("CONNECTION_CONFLICT", message);
}
