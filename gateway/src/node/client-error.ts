/** Answers requests that Node's parser refuses. No request object exists, so the bytes are written here. */
import { STATUS_CODES } from "node:http";
import { randomUUID } from "node:crypto";
import { BridgeError, toProblem } from "@breezeway/shared";
import type { GatewaySocket } from "./node-client.ts";

export function answerClientError(error: NodeJS.ErrnoException, socket: GatewaySocket): void {
  if (error.code === "ECONNRESET" || !socket.writable || isAnswering(socket)) {
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

/** Whether bytes written now would end up inside another answer, or be taken for one. */
function isAnswering({ gatewayResponse: response }: GatewaySocket): boolean {
  if (response === undefined || response.writableFinished) return false;
  return response.headersSent || response.req.complete;
}

function toBridgeError(error: NodeJS.ErrnoException): BridgeError {
  if (error.code === "HPE_HEADER_OVERFLOW") {
    return new BridgeError("HEADERS_TOO_LARGE", "The request headers are too large.");
  }
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return new BridgeError("REQUEST_TIMEOUT", "The request did not arrive in time.");
  }
  return new BridgeError("REQUEST_MALFORMED", "The request is not valid HTTP/1.1.");
}
