/**
 * The issuer's endpoints for a program that keeps its own session secret. The secret travels in
 * `X-Breezeway-Session`, in both directions, and nowhere else: never in a URL, a cookie or an error.
 */
import { BridgeError, readBoundedText, type Clock } from "@breezeway/shared";
import {
  NEW_SESSION,
  parseWith,
  SESSION_HEADER,
  sessionSummarySchema,
  tokenResponseSchema,
  type ParseContext,
  type SessionSummary,
  type TokenResponse,
} from "@breezeway/shared/schemas";
import { issuerRefusal } from "@breezeway/shared/session";

export interface OpenedSession {
  readonly secret: string;
  readonly summary: SessionSummary;
}

/** Every method rejects with SIGNED_OUT, DENIED or OFFLINE. */
export interface IssuerCalls {
  readonly read: (secret: string) => Promise<SessionSummary>;
  readonly mint: (secret: string, appId: string) => Promise<TokenResponse>;
  readonly refresh: (secret: string) => Promise<OpenedSession>;
  readonly switchTenant: (secret: string, tenantId: string) => Promise<OpenedSession>;
  /** @param before The secret of the session that this sign-in ends. */
  readonly devLogin: (
    user: { userId: string; tenantId: string },
    before?: string,
  ) => Promise<OpenedSession>;
  readonly signOut: (secret: string) => Promise<void>;
}

export interface IssuerCallsDeps {
  readonly issuer: string;
  readonly fetch: typeof fetch;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** More than any answer of an issuer: a summary has at most 4 kB of claims, a token at most 8 kB. */
const MAX_ANSWER_BYTES = 65_536;
const SECRET = /^[\w-]{64}$/;

/** Whether the text has the form of a session secret. */
export function isSessionSecret(text: string): boolean {
  return SECRET.test(text);
}

export function createIssuerCalls(deps: IssuerCallsDeps): IssuerCalls {
  const opened = async (path: string, secret: string, body?: unknown): Promise<OpenedSession> => {
    const { response, json } = await request(deps, "POST", path, { secret, body });
    const next = response.headers.get(SESSION_HEADER) ?? "";
    if (!isSessionSecret(next)) throw offline(`The answer to ${path} has no ${SESSION_HEADER}.`);
    return { secret: next, summary: parseWith(sessionSummarySchema, json, answerTo(path)) };
  };

  return {
    read: async (secret) => {
      const { json } = await request(deps, "GET", "/session", { secret });
      return parseWith(sessionSummarySchema, json, answerTo("/session"));
    },
    mint: async (secret, appId) => {
      const path = "/session/token";
      const { json } = await request(deps, "POST", path, { secret, body: { appId } });
      return parseWith(tokenResponseSchema, json, answerTo(path));
    },
    refresh: (secret) => opened("/session/refresh", secret),
    switchTenant: (secret, tenantId) => opened("/session/tenant", secret, { tenantId }),
    devLogin: (user, before = NEW_SESSION) => opened("/login/dev", before, user),
    signOut: async (secret) => {
      await request(deps, "DELETE", "/session", { secret });
    },
  };
}

interface Answer {
  readonly response: Response;
  readonly json: unknown;
}

async function request(
  { issuer, fetch, timeoutMs, clock }: IssuerCallsDeps,
  method: string,
  path: string,
  { secret, body }: { readonly secret: string; readonly body?: unknown },
): Promise<Answer> {
  const patience = new AbortController();
  const timer = clock.setTimer(() => patience.abort(), timeoutMs);
  try {
    const response = await fetch(`${issuer}${path}`, {
      method,
      // React Native would otherwise send and keep cookies.
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      signal: patience.signal,
      headers: {
        accept: "application/json",
        "x-breezeway-request": "1",
        [SESSION_HEADER]: secret,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const json = await readAnswer(response);
    if (!response.ok) throw issuerRefusal(response.status, json);
    if (json === undefined && response.status !== 204) {
      throw offline(`The answer to ${path} is not JSON.`);
    }
    return { response, json };
  } catch (cause) {
    if (BridgeError.is(cause)) throw cause;
    const why = patience.signal.aborted
      ? `did not answer within ${timeoutMs} ms`
      : "cannot be reached";
    throw offline(`The issuer ${why}.`, cause);
  } finally {
    clock.clearTimer(timer);
  }
}

/** @returns `undefined` for an answer that is empty, too long or not JSON */
async function readAnswer(response: Response): Promise<unknown> {
  if (Number(response.headers.get("content-length") ?? 0) > MAX_ANSWER_BYTES) return undefined;
  // React Native's `fetch` has no streams, and Hermes may lack `TextDecoder`.
  const isStream =
    typeof response.body?.getReader === "function" && typeof TextDecoder === "function";
  const text = isStream ? await readBoundedText(response, MAX_ANSWER_BYTES) : await response.text();
  if (text === undefined || text.length > MAX_ANSWER_BYTES) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function answerTo(path: string): ParseContext {
  return { code: "OFFLINE", source: `The answer to ${path}` };
}

function offline(message: string, cause?: unknown): BridgeError {
  return new BridgeError("OFFLINE", message, cause === undefined ? {} : { cause });
}
