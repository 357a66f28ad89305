/** The requests of the load. Each is answered, or counts as not answered after a time limit. */
import { isRecord } from "@breezeway/shared";
import type { Exchange, Outcome, Target } from "../judge/judge.ts";
import { startTiming } from "../judge/timing.ts";

/** Longer than every time limit of the platform, each of which must end a request with a reason. */
const ANSWER_WITHIN_MS = 20_000;

export interface Place extends Target {
  /** An issuer's URL has its mount path. */
  readonly url: string;
}

export interface Request {
  readonly place: Place;
  readonly method: string;
  readonly path: string;
  readonly cookie?: string;
  readonly token?: string;
  readonly body?: object;
}

export interface ClientDeps {
  /** Machine time. */
  readonly now: () => number;
}

export interface Client {
  /** Sends a request as the host page or an app does. Never rejects. */
  send(request: Request): Promise<Exchange>;
}

export function createClient({ now }: ClientDeps): Client {
  return {
    async send({ place, method, path, cookie, token, body }) {
      const timing = startTiming(now);
      const outcome = await attempt(place.url + path, {
        method,
        headers: {
          ...(place.role === "issuer" && { "x-breezeway-request": "1" }),
          ...(cookie !== undefined && { cookie }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { target: place, request: `${method} ${path}`, outcome, ...timing() };
    },
  };
}

async function attempt(url: string, init: RequestInit): Promise<Outcome> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    const body = await response.text();
    const cookie = response.headers.get("set-cookie")?.split(";", 1)[0];
    return { kind: "answered", status: response.status, reason: reasonIn(body), body, cookie };
  } catch (error) {
    return { kind: "silent", why: causeOf(error) };
  }
}

export function reasonIn(body: string): string | undefined {
  const parsed = parseJson(body);
  return isRecord(parsed) && typeof parsed["reason"] === "string" ? parsed["reason"] : undefined;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
