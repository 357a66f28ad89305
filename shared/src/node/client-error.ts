/** Answers requests that Node's parser refuses. No request object exists, so the bytes are written here. */
import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { BridgeError } from "../errors/bridge-error.ts";
import { toProblem } from "../errors/problem.ts";

export interface BrokenClient {
  readonly socket: Duplex;
  /** Whether bytes written now would end up inside another answer, or be taken for one. */
  readonly isAnswering: boolean;
}

/** Answers with problem+json, unless the bytes would end up inside another answer, and ends the connection. */
export function answerClientError(
  { code }: NodeJS.ErrnoException,
  { socket, isAnswering }: BrokenClient,
): void {
  if (code === "ECONNRESET" || !socket.writable || isAnswering) {
    socket.destroy();
    return;
  }
  const problem = toProblem(toBridgeError(code), { requestId: randomUUID() });
  const lines = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ""}`,
    ...Object.entries(problem.headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(problem.body)}`,
    "connection: close",
    "",
    problem.body,
  ];
  socket.end(lines.join("\r\n"), () => socket.destroy());
}

function toBridgeError(code: string | undefined): BridgeError {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return new BridgeError("HEADERS_TOO_LARGE", "The request headers are too large.");
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new BridgeError("REQUEST_TIMEOUT", "The request did not arrive in time.");
    default:
      return new BridgeError("REQUEST_MALFORMED", "The request is not valid HTTP/1.1.");
  }
}
