/** A real HTTP server that plays the service behind a gateway. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { listen } from "./listen.ts";

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface TestUpstream extends AsyncDisposable {
  readonly url: string;
  readonly server: Server;
  /** Every request that arrived, oldest first. */
  readonly requests: IncomingMessage[];
}

export interface UpstreamOptions {
  /** Default: answers 200 with the request as JSON ({@link Echo}). */
  readonly handler?: Handler | undefined;
  /**
   * A fixed port, for an upstream that stops and starts again: meanwhile the system would give a port
   * of its own choice to another program.
   */
  readonly port?: number;
}

export async function startUpstream({
  handler = echo,
  port = 0,
}: UpstreamOptions = {}): Promise<TestUpstream> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    handler(request, response);
  });
  // The upstream closes no idle connection, so that a test sees which ones its client keeps.
  server.keepAliveTimeout = 0;
  const { url, close } = await listen(server, port);
  return { url, server, requests, [Symbol.asyncDispose]: close };
}

export interface Echo {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function echo(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const { method, url, headers, rawHeaders } = request;
    response.setHeader("content-type", "application/json");
    const body = Buffer.concat(chunks).toString();
    response.end(JSON.stringify({ method, url, headers, rawHeaders, body }));
  });
}
