/** A listener for operators alone: metrics and health, and nothing that a guest could want. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { BridgeError, isLoopbackHost } from "@breezeway/shared";
import type { Answer } from "../answer/refusal.ts";
import { namesLoopback } from "./is-insider.ts";

export interface OperationsAddress {
  /**
   * Serves `/metrics`, `/health/live` and `/health/ready` to everybody who can connect, on a loopback
   * address only to those who name one in `Host`, as no page that rebinds its name does; 0 for a free
   * port. The gateway's own port then tells nobody about metrics. Default: no such listener.
   */
  readonly operationsPort?: number | undefined;
  /** Default `127.0.0.1`. Must not be an address that the public reaches. */
  readonly operationsHost?: string | undefined;
}

export interface OperationsServer {
  /** `http://127.0.0.1:9100` */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * @param tell - The answer to a request target. Must not reject.
 * @returns `undefined` when no port is given
 * @throws {BridgeError} CONFIG_INVALID when it cannot listen
 */
export async function serveOperations(
  { operationsPort: port, operationsHost: host = "127.0.0.1" }: OperationsAddress,
  tell: (target: string) => Promise<Answer>,
): Promise<OperationsServer | undefined> {
  if (port === undefined) return undefined;
  const isLocal = isLoopbackHost(host.includes(":") ? `[${host}]` : host);
  const server = createServer(
    { requestTimeout: 5_000, headersTimeout: 5_000 },
    (request, response) => {
      if (isLocal && !namesLoopback(request.headers.host)) {
        response.writeHead(421).end();
        return;
      }
      void tell(request.url ?? "").then(({ status, headers, body }) =>
        response.writeHead(status, [...headers]).end(request.method === "HEAD" ? "" : body),
      );
    },
  );
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ port, host, exclusive: true }, resolve);
  try {
    await promise;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new BridgeError(
      "CONFIG_INVALID",
      `operationsPort: cannot listen on ${host}:${port} (${code}).`,
      { cause: error },
    );
  }
  return {
    url: urlOf(server.address() as AddressInfo),
    close: async () => {
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await closed;
    },
  };
}

export function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}
