/**
 * The client's request, as a reverse proxy describes it in the question that it sends to `/authz`.
 *
 * Each reverse proxy describes the request in its own way, and a client can send the headers of the other
 * ways itself. So a question must use exactly one way. Two are refused, since one may be a client's.
 */
import { BridgeError } from "@breezeway/shared";
import { valuesOf } from "../request/header-list.ts";
import type { RequestHead } from "../request/request-head.ts";

/** nginx: `X-Original-*`. Caddy, Traefik: `X-Forwarded-*`. Envoy: the path after `/authz`. */
export type RequestSource = "x-original" | "x-forwarded" | "path";

export interface OriginalRequest {
  readonly source: RequestSource;
  readonly head: RequestHead;
}

const HEADERS = {
  "x-original": { method: "x-original-method", uri: "x-original-uri" },
  "x-forwarded": { method: "x-forwarded-method", uri: "x-forwarded-uri" },
} as const;

// These headers frame the question, not the client's request.
const FRAMING: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "transfer-encoding",
  "expect",
  "upgrade",
]);

/**
 * @param prefix - `/authz`
 * @throws {BridgeError} REQUEST_MALFORMED, when the question describes the request incompletely, not at
 *   all, or in several ways
 */
export function originalRequest(question: RequestHead, prefix: string): OriginalRequest {
  const requests = [...requestsIn(question, prefix)];
  const [first] = requests;
  if (first === undefined || requests.length > 1) {
    throw new BridgeError(
      "REQUEST_MALFORMED",
      "The /authz request must name the original method and URI in exactly one way: X-Original-Method and X-Original-URI, X-Forwarded-Method and X-Forwarded-Uri, or the path after /authz.",
    );
  }
  return first;
}

function* requestsIn(question: RequestHead, prefix: string): Generator<OriginalRequest> {
  const head = { ...question, rawHeaders: withoutFraming(question.rawHeaders) };
  const target = question.target.slice(prefix.length);
  if (target.startsWith("/")) yield { source: "path", head: { ...head, target } };
  for (const source of ["x-original", "x-forwarded"] as const) {
    const { method, uri } = HEADERS[source];
    // A reverse proxy clears a header by sending it empty.
    const methods = valuesOf(question.rawHeaders, method).filter((value) => value !== "");
    const uris = valuesOf(question.rawHeaders, uri).filter((value) => value !== "");
    if (methods.length === 0 && uris.length === 0) continue;
    if (methods.length !== 1 || uris.length !== 1) {
      const what = `The /authz request must have ${method} and ${uri} exactly once each.`;
      throw new BridgeError("REQUEST_MALFORMED", what);
    }
    yield { source, head: { ...head, method: methods[0] as string, target: uris[0] as string } };
  }
}

function withoutFraming(rawHeaders: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (!FRAMING.has(name.toLowerCase())) kept.push(name, rawHeaders[index + 1] as string);
  }
  return kept;
}
