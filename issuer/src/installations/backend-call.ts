/**
 * One call to the backend of an app, and what its answer means. Knows neither keys nor installations.
 *
 * [BC-1] Redirects are not followed: the call is for the registered address and no other.
 * [BC-2] The whole call, the answer included, is bounded in time, and what is read of it in size.
 * [BC-3] Of the answer only the status counts, and, when the backend refuses with problem+json, a
 *        short text without control characters. Nothing else of it goes anywhere.
 * [BC-4] An address that the guard refuses is not tried again: who registers the app has to choose.
 */
import { isRecord } from "@breezeway/shared";
import { MAX_FAILURE_DETAIL } from "@breezeway/shared/schemas";
import type { CallOutcome } from "./installation-machine.ts";
import { isAddressRefused, type CallFetch, type CallResponse } from "./guarded-fetch.ts";
import type { SignedCall } from "./lifecycle-token.ts";

export interface BackendCall extends SignedCall {
  readonly url: string;
}

export interface BackendCallOptions {
  readonly fetch: CallFetch;
  readonly timeoutMs: number;
  /** This process is closing. */
  readonly signal: AbortSignal;
}

const MAX_ANSWER_BYTES = 16_384;
/** RFC 9110, section 15.5: answers to 4xx that are good for another attempt. */
const RETRYABLE = new Set([408, 425, 429]);

/** Never rejects. */
export async function callBackend(
  call: BackendCall,
  { fetch, timeoutMs, signal }: BackendCallOptions,
): Promise<CallOutcome> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const over = AbortSignal.any([deadline, signal]);
  try {
    // A `fetch` of the host's own may not mind its signal.
    return await Promise.race([exchange(call, fetch, over), rejectedBy(over)]);
  } catch (error) {
    // No cause: what failed would quote addresses, and what was sent.
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
      // Calls are rare: a connection that was kept since the last one may be closing just now.
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
  const text = await readBounded(response);
  const problem = text === undefined ? undefined : parse(text);
  if (!isRecord(problem)) return undefined;
  const { detail, title } = problem;
  return plainText(typeof detail === "string" ? detail : title);
}

/** `undefined` for more than fits. */
async function readBounded(response: CallResponse): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the body.
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_ANSWER_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** One line, without controls and what turns the direction of the text that follows. */
function plainText(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const text = value
    .toWellFormed()
    .replace(/[\s\p{Cc}\p{Bidi_Control}]+/gu, " ")
    .trim();
  if (text === "") return undefined;
  if (text.length <= MAX_FAILURE_DETAIL) return text;
  // Half of a pair would be no text any more.
  return `${text.slice(0, MAX_FAILURE_DETAIL - 1).replace(/\p{Cs}$/u, "")}…`;
}

/** RFC 9110, section 10.2.3; the form that is a date is not worth a clock. */
function retryAfterOf(response: CallResponse): number | undefined {
  const seconds = /^\d{1,9}$/.exec(response.headers.get("retry-after") ?? "")?.[0];
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}
