import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { BridgeError } from "@breezeway/shared";
import type { Issuer } from "../create-issuer.ts";
import { toNodeHandler } from "./node-handler.ts";
import { parseServeOptions, type ServeOptions } from "./serve-options.ts";

export interface CloseOptions {
  /**
   * How long to wait for open requests, in milliseconds. Event streams are ended at once. Default 0.
   */
  readonly graceMs?: number;
}

export interface IssuerServer {
  /** Where the server listens, such as `http://127.0.0.1:4000`. */
  readonly url: string;
  /** Stops listening, waits for open requests, ends all connections. The issuer stays open. */
  close(options?: CloseOptions): Promise<void>;
}

/**
 * Serves an issuer on its own port, once the issuer is ready.
 *
 * @throws {BridgeError} CONFIG_INVALID, when an option does not fit or the port is not available
 * @throws {BridgeError} STORE_UNAVAILABLE, KEYS_UNAVAILABLE, as `issuer.ready` rejects
 */
export async function serveIssuer(issuer: Issuer, options: ServeOptions): Promise<IssuerServer> {
  const { port, host = "127.0.0.1", trustedProxies = [] } = parseServeOptions(options);
  await issuer.ready;
  const handle = toNodeHandler(issuer, { trustedProxies });
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
        error.code === "EADDRINUSE" ? "is already in use" : `is not available (${error.code})`;
      const text = `serveIssuer: port: ${port} on ${host} ${why}. Choose another port.`;
      reject(new BridgeError("CONFIG_INVALID", text, { cause: error }));
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

/** Resolves when all open requests have been answered, or when the signal aborts. */
async function answered(
  open: ReadonlyMap<ServerResponse, IncomingMessage>,
  signal: AbortSignal,
): Promise<void> {
  const waiting = [...open].filter((exchange) => !isStream(...exchange));
  await Promise.allSettled(
    waiting.map(([response]) => {
      // No further request may use this connection.
      response.shouldKeepAlive = false;
      return once(response, "close", { signal });
    }),
  );
}

function isStream(response: ServerResponse, { headers }: IncomingMessage): boolean {
  return response.headersSent && headers.accept?.includes("text/event-stream") === true;
}
