/** A revocation feed on a real socket whose events a test sends by hand. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Revocation } from "@breezeway/shared/schemas";
import { listen } from "./listen.ts";

export interface FeedServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly IncomingMessage[];
  /** Chooses what every new connection receives first. Default: an empty snapshot. */
  greet(greeting: (response: ServerResponse, request: IncomingMessage) => void): void;
  send(text: string): void;
  /** Ends the connections that are open. */
  drop(): void;
}

export const snapshotEvent = (seq: number, ...revocations: readonly Revocation[]): string =>
  `event: snapshot\ndata: ${JSON.stringify({ seq, revocations })}\n\n`;

export const revokedEvent = (seq: number, revocation: Revocation): string =>
  `event: revoked\nid: ${seq}\ndata: ${JSON.stringify(revocation)}\n\n`;

export function openStream(response: ServerResponse): ServerResponse {
  return response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
}

export async function createFeedServer(): Promise<FeedServer> {
  const requests: IncomingMessage[] = [];
  const open = new Set<ServerResponse>();
  let greeting = (response: ServerResponse, _request: IncomingMessage): void => {
    openStream(response).write(snapshotEvent(0));
  };
  const server = createServer((request, response) => {
    requests.push(request);
    open.add(response);
    response.on("close", () => open.delete(response));
    greeting(response, request);
  });
  const { url, close } = await listen(server);
  return {
    url: `${url}/auth/revocations`,
    requests,
    greet: (next) => {
      greeting = next;
    },
    send: (text) => {
      for (const response of open) response.write(text);
    },
    drop: () => {
      for (const response of open) response.destroy();
    },
    [Symbol.asyncDispose]: close,
  };
}
