/** Translates errors of undici and of Node's client. No other file knows their codes. */
import { BridgeError, type HttpCode } from "@breezeway/shared";
import type { Dispatcher } from "undici";

const TIMEOUTS: ReadonlySet<string> = new Set([
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
  "ETIMEDOUT",
]);

const INVALID: ReadonlySet<string> = new Set([
  "UND_ERR_HEADERS_OVERFLOW",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
  "UND_ERR_RES_EXCEEDED_MAX_SIZE",
]);

const CONNECTION_RESETS: ReadonlySet<string> = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"]);

// The client is at fault, not the upstream: its body ended early or does not have the announced length, or
// a field or trailer has a character that cannot be sent.
const MALFORMED: ReadonlySet<string> = new Set([
  "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH",
  "UND_ERR_INVALID_ARG",
  "UND_ERR_ABORTED",
  "ERR_INVALID_CHAR",
  "ERR_INVALID_HTTP_TOKEN",
]);

/** Any failure between the gateway and an upstream, as a `BridgeError`. */
export function fromUndici(error: unknown): BridgeError {
  if (BridgeError.is(error)) return error;
  const code = codeOf(error);
  return new BridgeError(ourCode(code, error), "The exchange with the upstream failed.", {
    cause: error,
  });
}

/**
 * Whether a request without a body may be sent again: its connection broke, as when an upstream closes
 * an idle connection, and its method is safe.
 */
export function mayRepeat(
  { method, body }: Pick<Dispatcher.DispatchOptions, "method" | "body">,
  error: unknown,
): boolean {
  const isSafe = method === "GET" || method === "HEAD" || method === "OPTIONS";
  return isSafe && body === null && CONNECTION_RESETS.has(codeOf(error));
}

function ourCode(code: string, error: unknown): HttpCode {
  if (TIMEOUTS.has(code)) return "UPSTREAM_TIMEOUT";
  if (MALFORMED.has(code)) return "REQUEST_MALFORMED";
  const isParserError =
    code.startsWith("HPE_") || (error instanceof Error && error.name === "HTTPParserError");
  const isBadAnswer = error instanceof Error && /^bad (?:response|upgrade)$/.test(error.message);
  if (INVALID.has(code) || isParserError || isBadAnswer) return "UPSTREAM_INVALID";
  return "UPSTREAM_UNREACHABLE";
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : "";
}
