import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { RequestHead } from "../request/request-head.ts";

/** The head of a request as Node's parser delivers it, before Node has merged or dropped anything. */
export function headOf(request: IncomingMessage): RequestHead {
  const { socket } = request;
  return {
    method: request.method ?? "",
    target: request.url ?? "",
    rawHeaders: request.rawHeaders,
    peerAddress: socket.remoteAddress,
    encrypted: (socket as Socket & { encrypted?: boolean }).encrypted === true,
  };
}
