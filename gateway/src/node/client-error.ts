/** Answers to what Node's parser refuses: no request object exists, so the bytes are written by hand. */
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { randomUUID } from "node:crypto";
import { BridgeError, toProblem } from "@breezeway/shared";

export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = toProblem(toBridgeError(error), { requestId: randomUUID() });
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

function toBridgeError(error: NodeJS.ErrnoException): BridgeError {
  if (error.code === "HPE_HEADER_OVERFLOW") {
    return new BridgeError("HEADERS_TOO_LARGE", "The request headers are too large.");
  }
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return new BridgeError("REQUEST_MALFORMED", "The request did not arrive in time.");
  }
  return new BridgeError("REQUEST_MALFORMED", "The request is not valid HTTP/1.1.");
}
