import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { BridgeError } from "@breezeway/shared";
import type { Issuer } from "../create-issuer.ts";
import { toNodeHandler } from "./node-handler.ts";
import { checkServeOptions, type ServeOptions } from "./serve-options.ts";

export interface CloseOptions {
  /**
   * How long requests may go on, in milliseconds. Event streams, which would never end, are not waited
   * for. Default 0.
   */
  readonly graceMs?: number;
}

export interface IssuerServer {
  /** Where the server listens, such as `http://127.0.0.1:4000`. */
  readonly url: string;
  /** Stops listening, waits for requests, ends all connections. Does not close the issuer. */
  close(options?: CloseOptions): Promise<void>;
}

/**
 * Serves an issuer on a port of its own, once it is ready.
 *
 * @throws {BridgeError} CONFIG_INVALID when the port cannot be had or an option is wrong; and what `issuer.ready` rejects
 * with
 */
export async function serveIssuer(issuer: Issuer, options: ServeOptions): Promise<IssuerServer> {
  checkServeOptions(options);
  const { port, host = "127.0.0.1", ...proxies } = options;
  await issuer.ready;
  const handle = toNodeHandler(issuer, proxies);
  const open = new Map<ServerResponse, IncomingMessage>();
  const server = createServer(
    { requestTimeout: 30_000, headersTimeout: 10_000 },
    (request, response) => {
      open.set(response, request);
      response.once("close", () => open.delete(response));
      handle(request, response);
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why =
        error.code === "EADDRINUSE" ? "is already in use" : `cannot be had (${error.code})`;
      reject(
        new BridgeError("CONFIG_INVALID", `port: ${port} on ${host} ${why}; choose another.`, {
          cause: error,
        }),
      );
    });
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  const hostname = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return {
    url: `http://${hostname}:${address.port}`,
    close: async ({ graceMs = 0 } = {}) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      if (graceMs > 0) await answered(open, AbortSignal.timeout(graceMs));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Resolves when what is under way has been answered, or when the signal says that it is enough. */
async function answered(
  open: ReadonlyMap<ServerResponse, IncomingMessage>,
  signal: AbortSignal,
): Promise<void> {
  const waiting = [...open].filter((exchange) => !isStream(...exchange));
  await Promise.allSettled(
    waiting.map(([response]) => {
      // Nothing more is to come on this connection.
      response.shouldKeepAlive = false;
      return once(response, "close", { signal });
    }),
  );
}

function isStream(response: ServerResponse, { headers }: IncomingMessage): boolean {
  return response.headersSent && headers.accept?.includes("text/event-stream") === true;
}
