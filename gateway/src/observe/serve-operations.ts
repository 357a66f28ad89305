/** A listener for operators only: metrics and health. */
import { createServer } from "node:http";
import { isLoopbackHost } from "@breezeway/shared";
import { listen, timeLimits, urlOf } from "@breezeway/shared/node";
import type { Answer } from "../answer/refusal.ts";
import { namesLoopback } from "./is-insider.ts";

export interface OperationsAddress {
  /**
   * Port for `/metrics`, `/health/live` and `/health/ready`; 0 for a free one. Everybody who can connect
   * may read them. On a loopback address, `Host` must name loopback too, which keeps out pages that rebind
   * their DNS name. The gateway's own port then serves no metrics. Default: no such listener.
   */
  readonly operationsPort?: number | undefined;
  /** Address to listen on. Must not be reachable by the public. Default `127.0.0.1`. */
  readonly operationsHost?: string | undefined;
}

export interface OperationsServer {
  /** `http://127.0.0.1:9100` */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * @param answer - Answers a request target. Must not reject.
 * @returns `undefined` without a port
 * @throws {BridgeError} CONFIG_INVALID, when the port or host cannot be used
 */
export async function serveOperations(
  { operationsPort: port, operationsHost: host = "127.0.0.1" }: OperationsAddress,
  answer: (target: string) => Promise<Answer>,
): Promise<OperationsServer | undefined> {
  if (port === undefined) return undefined;
  const isLocal = isLoopbackHost(host.includes(":") ? `[${host}]` : host);
  const server = createServer(
    // Scrapers keep their connections for about a minute, which is less than the default.
    timeLimits({ headersTimeoutMs: 5_000, requestTimeoutMs: 5_000 }),
    (request, response) => {
      if (isLocal && !namesLoopback(request.headers.host)) {
        response.writeHead(421).end();
        return;
      }
      void answer(request.url ?? "").then(({ status, headers, body }) =>
        response.writeHead(status, [...headers]).end(request.method === "HEAD" ? "" : body),
      );
    },
  );
  await listen(server, { port, host }, "operationsPort");
  return {
    url: urlOf(server),
    close: async () => {
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await closed;
    },
  };
}
