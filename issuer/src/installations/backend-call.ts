/**
 * One call to the backend of an app, and the meaning of its answer. Knows neither keys nor
 * installations.
 *
 * [BC-1] Redirects are not followed, since the call is for the registered address only.
 * [BC-2] The whole call, including the answer, has a time limit, and the answer has a size limit.
 * [BC-3] Only the status of the answer counts, and, when the backend refuses with problem+json, a
 *        short text without control characters. The rest of the answer is discarded.
 * [BC-4] A refused address is not retried, since the manifest has to change.
 */
import { isRecord, readBoundedText } from "@breezeway/shared";
import { MAX_FAILURE_DETAIL } from "@breezeway/shared/schemas";
import type { CallOutcome } from "./installation-machine.ts";
import { isAddressRefused, type CallFetch, type CallResponse } from "./guarded-fetch.ts";
import type { SignedCall } from "./lifecycle-token.ts";

export interface BackendCall extends SignedCall {
  readonly url: string;
}

export interface BackendCallDeps {
  readonly fetch: CallFetch;
  readonly timeoutMs: number;
  /** Aborted when this process closes. */
  readonly signal: AbortSignal;
}

const MAX_ANSWER_BYTES = 16_384;
/** The 4xx statuses that are worth a retry (RFC 9110, section 15.5; RFC 8470; RFC 6585). */
const RETRYABLE = new Set([408, 425, 429]);

/** Never rejects. */
export async function callBackend(
  call: BackendCall,
  { fetch, timeoutMs, signal }: BackendCallDeps,
): Promise<CallOutcome> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const over = AbortSignal.any([deadline, signal]);
  try {
    // The host's own `fetch` may ignore its signal.
    return await Promise.race([exchange(call, fetch, over), rejectedBy(over)]);
  } catch (error) {
    // The cause stays out: it may quote addresses and the request.
    if (signal.aborted) return { kind: "interrupted" };
    if (isAddressRefused(error)) return { kind: "refused", reason: "private-address" };
    return { kind: "unavailable", reason: deadline.aborted ? "timeout" : "unreachable" };
  }
}

async function exchange(
  { url, body, token }: BackendCall,
  fetch: CallFetch,
  signal: AbortSignal,
): Promise<CallOutcome> {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      accept: "application/problem+json, application/json",
      "user-agent": "breezeway-issuer",
      // Calls are rare: a kept connection might be closing just now.
      connection: "close",
    },
    body,
    redirect: "manual",
    credentials: "omit",
    signal,
  });
  return outcomeOf(response);
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_never, reject) => {
    signal.addEventListener("abort", () => reject(new Error("The call is over.")), { once: true });
    if (signal.aborted) reject(new Error("The call is over."));
  });
}

async function outcomeOf(response: CallResponse): Promise<CallOutcome> {
  const { status } = response;
  const isRefusal = status >= 400 && status < 500 && !RETRYABLE.has(status);
  const detail = isRefusal ? await readDetail(response) : undefined;
  if (!response.bodyUsed) await response.body?.cancel();
  if (isRefusal) return { kind: "refused", reason: "refused", detail };
  if (response.ok) return { kind: "done" };
  if (response.type === "opaqueredirect" || (status >= 300 && status < 400)) {
    return { kind: "refused", reason: "redirected" };
  }
  const retryAfterMs = retryAfterOf(response);
  return { kind: "unavailable", reason: "server-error", retryAfterMs };
}

async function readDetail(response: CallResponse): Promise<string | undefined> {
  const type = response.headers.get("content-type") ?? "";
  if (!/^application\/problem\+json\s*(?:;|$)/i.test(type)) return undefined;
  const text = await readBoundedText(response, MAX_ANSWER_BYTES);
  const problem = text === undefined ? undefined : parse(text);
  if (!isRecord(problem)) return undefined;
  const { detail, title } = problem;
  return plainText(typeof detail === "string" ? detail : title);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** One line, without control characters and bidirectional controls. */
function plainText(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const text = value
    .toWellFormed()
    .replace(/[\s\p{Cc}\p{Bidi_Control}]+/gu, " ")
    .trim();
  if (text === "") return undefined;
  if (text.length <= MAX_FAILURE_DETAIL) return text;
  // The cut must not leave half of a surrogate pair.
  return `${text.slice(0, MAX_FAILURE_DETAIL - 1).replace(/\p{Cs}$/u, "")}…`;
}

/** Only the form in seconds (RFC 9110, section 10.2.3). */
function retryAfterOf(response: CallResponse): number | undefined {
  const seconds = /^\d{1,9}$/.exec(response.headers.get("retry-after") ?? "")?.[0];
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}
