/** A real HTTP server that plays the service behind the gateway. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface TestUpstream extends AsyncDisposable {
  readonly url: string;
  readonly server: Server;
  /** Every request that arrived, oldest first. */
  readonly requests: IncomingMessage[];
}

export interface UpstreamOptions {
  /** Default: answers 200 with what it saw, as JSON. */
  readonly handler?: Handler | undefined;
  /** For one that goes away and comes back: the system gives the port of its choice to others. */
  readonly port?: number;
}

export async function startUpstream({
  handler = echo,
  port: wanted = 0,
}: UpstreamOptions = {}): Promise<TestUpstream> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    handler(request, response);
  });
  // Whoever keeps a connection shows it: this side closes none.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(wanted, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    server,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
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
