/**
 * Tells the backends of apps that a user was erased, with the signed call of installations, also for erasures of
 * other processes.
 *
 * [EW-1] A call is claimed in the store before it is made, so no two processes make it at once. The claim outlasts the
 *        call.
 * [EW-2] A call ends with an answer that accepts or refuses it, and after the last attempt. Until then the store keeps
 *        the user's id for it.
 */
import { randomUUID } from "node:crypto";
import type { AppRegistry } from "@breezeway/shared/schemas";
import type { AuditSink } from "../audit/audit.ts";
import type { BackendCall, BackendCallDeps } from "../installations/backend-call.ts";
import type { CallFetch } from "../installations/guarded-fetch.ts";
import {
  backoffMs,
  type CallOutcome,
  type RetryTimes,
} from "../installations/installation-machine.ts";
import type { LifecycleSigner } from "../installations/lifecycle-token.ts";
import type { ErasureCallRow } from "../store/schema.ts";
import type { StoreTime } from "../time.ts";
import type { ErasureCalls } from "./erasure-call-store.ts";

export interface ErasureWorkerDeps {
  readonly calls: ErasureCalls;
  readonly apps: Pick<AppRegistry, "get">;
  readonly sign: LifecycleSigner;
  readonly call: (call: BackendCall, deps: BackendCallDeps) => Promise<CallOutcome>;
  readonly fetch: CallFetch;
  readonly timeoutMs: number;
  readonly times: RetryTimes;
  readonly storeTime: StoreTime;
  readonly random: () => number;
  readonly audit: AuditSink;
  readonly onError: (error: unknown) => void;
}

export interface ErasureWorker {
  /** A call may be due. Returns at once. */
  readonly wake: () => void;
  /** Interrupts the running calls. Another process takes them up. */
  readonly close: () => Promise<void>;
}

/** Concurrent calls of this process. */
const MAX_CALLS = 8;
/** Erasures are rare, and nobody waits for a call. */
const INTERVAL_MS = 5_000;
/** After calls were made: others may be due, or wait for their first retry. */
const NEXT_MS = 1_000;

export function createErasureWorker(deps: ErasureWorkerDeps): ErasureWorker {
  const { calls, storeTime, onError } = deps;
  const closing = new AbortController();
  let running: Promise<void> | undefined;
  let again = false;
  let timer: NodeJS.Timeout | undefined;

  const round = async (): Promise<number> => {
    const due = await calls.listDue(await storeTime(), MAX_CALLS);
    await Promise.all(due.map((row) => makeCall(deps, row, closing.signal)));
    return due.length;
  };

  const wake = (): void => {
    if (closing.signal.aborted) return;
    clearTimeout(timer);
    if (running) {
      again = true;
      return;
    }
    running = round()
      .catch((error: unknown) => {
        if (!closing.signal.aborted) onError(error);
        return 0;
      })
      .then((made) => {
        running = undefined;
        if (closing.signal.aborted) return;
        if (again) {
          again = false;
          wake();
          return;
        }
        timer = setTimeout(wake, made > 0 ? NEXT_MS : INTERVAL_MS);
        timer.unref();
      });
  };

  return {
    wake,
    close: async () => {
      closing.abort();
      clearTimeout(timer);
      await running;
    },
  };
}

async function makeCall(
  deps: ErasureWorkerDeps,
  row: ErasureCallRow,
  signal: AbortSignal,
): Promise<void> {
  const { calls, times, storeTime, random, audit } = deps;
  const leaseId = randomUUID();
  const dueAtMs = (await storeTime()) + times.leaseMs;
  if (!(await calls.claim(row, { leaseId, dueAtMs }))) return;
  const outcome = await outcomeOf(deps, row, { signal, leaseEndsAtMs: dueAtMs });
  const attempts = row.attempts + 1;
  if (outcome === undefined) return calls.end(row, leaseId);
  if (outcome.kind === "interrupted") {
    return calls.retry(row, leaseId, { attempts: row.attempts, dueAtMs: await storeTime() });
  }
  if (outcome.kind === "unavailable" && attempts < times.maxAttempts) {
    const waitMs = Math.max(
      backoffMs(attempts, times, random()),
      Math.min(outcome.retryAfterMs ?? 0, times.maxRetryMs),
    );
    return calls.retry(row, leaseId, { attempts, dueAtMs: (await storeTime()) + waitMs });
  }
  await calls.end(row, leaseId);
  audit({
    event: outcome.kind === "done" ? "user.erasure-delivered" : "user.erasure-undelivered",
    sub: row.user_id,
    app: row.app_id,
    tenant: row.tenant_id,
    installation: row.installation_id,
    ...(outcome.kind === "done" ? {} : { reason: outcome.reason }),
  });
}

/** `undefined` for an app that does not want the call. */
async function outcomeOf(
  { apps, sign, storeTime, timeoutMs, fetch, call, onError }: ErasureWorkerDeps,
  row: ErasureCallRow,
  { signal, leaseEndsAtMs }: { readonly signal: AbortSignal; readonly leaseEndsAtMs: number },
): Promise<CallOutcome | undefined> {
  const app = apps.get(row.app_id);
  // Another process may know it.
  if (!app) return { kind: "unavailable", reason: "app-unknown" };
  const url = app.lifecycle?.userErasedUrl;
  if (url === undefined) return undefined;
  try {
    const signed = await sign({
      event: "user-erased",
      installationId: row.installation_id,
      appId: row.app_id,
      tenantId: row.tenant_id,
      userId: row.user_id,
    });
    // A process that was suspended until here may have lost its claim.
    const isOver = (await storeTime()) + timeoutMs >= leaseEndsAtMs;
    if (isOver || signal.aborted) return { kind: "interrupted" };
    return await call({ url, ...signed }, { fetch, timeoutMs, signal });
  } catch (error) {
    onError(error);
    return { kind: "unavailable", reason: "unreachable" };
  }
}
