/** The one place that knows the errors of undici, and of Node's client. */
import { BridgeError, type HttpCode } from "@breezeway/shared";

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

// The request, not the upstream, is at fault: a body that is not as long as it said.
const MALFORMED: ReadonlySet<string> = new Set([
  "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH",
  "UND_ERR_INVALID_ARG",
]);

/** Everything that can go wrong between the gateway and an upstream, in our vocabulary. */
export function fromUndici(error: unknown): BridgeError {
  if (BridgeError.is(error)) return error;
  const code = codeOf(error);
  return new BridgeError(ourCode(code, error), "The exchange with the upstream failed.", {
    cause: error,
  });
}

/** Whether the connection broke before any answer, as when an upstream closes an idle connection. */
export function isConnectionReset(error: unknown): boolean {
  const code = codeOf(error);
  return code === "UND_ERR_SOCKET" || code === "ECONNRESET" || code === "EPIPE";
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
