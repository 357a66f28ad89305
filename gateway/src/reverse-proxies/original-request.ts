/**
 * The request that an engine asks about, out of the request that the engine sends.
 *
 * Each engine tells it in its own way, and clients can send the other engines' headers themselves. So
 * exactly one way may be used in one question; two are refused, since one of them may be a client's.
 */
import { BridgeError } from "@breezeway/shared";
import { valuesOf } from "../request/header-list.ts";
import type { RequestHead } from "../request/request-head.ts";

/** nginx: `X-Original-*`. Caddy, Traefik: `X-Forwarded-*`. Envoy: the path behind `/authz`. */
export type Telling = "x-original" | "x-forwarded" | "path";

export interface OriginalRequest {
  readonly telling: Telling;
  readonly head: RequestHead;
}

const HEADERS = {
  "x-original": { method: "x-original-method", uri: "x-original-uri" },
  "x-forwarded": { method: "x-forwarded-method", uri: "x-forwarded-uri" },
} as const;

// They frame the question, not the request it is about.
const OF_THE_QUESTION: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "transfer-encoding",
  "expect",
  "upgrade",
]);

/**
 * @param prefix - `/authz`
 * @throws {BridgeError} REQUEST_MALFORMED when it is told in no way, in part, or in several ways
 */
export function originalRequest(question: RequestHead, prefix: string): OriginalRequest {
  const told = [...tellings(question, prefix)];
  const [first] = told;
  if (first === undefined || told.length > 1) {
    throw new BridgeError(
      "REQUEST_MALFORMED",
      "The question must name method and URI in exactly one way: X-Original-Method and X-Original-URI, or X-Forwarded-Method and X-Forwarded-Uri, or the path.",
    );
  }
  return first;
}

function* tellings(question: RequestHead, prefix: string): Generator<OriginalRequest> {
  const head = { ...question, rawHeaders: withoutFraming(question.rawHeaders) };
  const target = question.target.slice(prefix.length);
  if (target.startsWith("/")) yield { telling: "path", head: { ...head, target } };
  for (const telling of ["x-original", "x-forwarded"] as const) {
    const { method, uri } = HEADERS[telling];
    // A reverse proxy clears a header by sending it empty.
    const methods = valuesOf(question.rawHeaders, method).filter((value) => value !== "");
    const uris = valuesOf(question.rawHeaders, uri).filter((value) => value !== "");
    if (methods.length === 0 && uris.length === 0) continue;
    if (methods.length !== 1 || uris.length !== 1) {
      throw new BridgeError("REQUEST_MALFORMED", `${method} and ${uri} must each be there once.`);
    }
    yield {
      telling,
      head: { ...head, method: methods[0] as string, target: uris[0] as string },
    };
  }
}

function withoutFraming(rawHeaders: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (!OF_THE_QUESTION.has(name.toLowerCase())) kept.push(name, rawHeaders[index + 1] as string);
  }
  return kept;
}
