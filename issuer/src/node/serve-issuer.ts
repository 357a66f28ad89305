import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type ServerOptions as HttpServerOptions,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { BridgeError } from "@breezeway/shared";
import type { Issuer } from "../create-issuer.ts";
import { answerClientError } from "./client-error.ts";
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
 * Serves an issuer on its own port, once the issuer is ready. After a rejection it can be called again:
 * the issuer goes on opening its store.
 *
 * @throws {BridgeError} CONFIG_INVALID, when an option does not fit or the port is not available
 * @throws {BridgeError} STORE_UNAVAILABLE, KEYS_UNAVAILABLE, as `issuer.ready` rejects
 */
export async function serveIssuer(issuer: Issuer, options: ServeOptions): Promise<IssuerServer> {
  const parsed = parseServeOptions(options);
  const { port, host = "127.0.0.1", trustedProxies = [] } = parsed;
  await issuer.ready;
  const handle = toNodeHandler(issuer, { trustedProxies });
  const open = new Map<ServerResponse, IncomingMessage>();
  const server = createServer(timeLimits(parsed), (request, response) => {
    open.set(response, request);
    response.once("close", () => open.delete(response));
    handle(request, response);
  });
  server.on("clientError", (error, socket) => {
    answerClientError(error, { socket, isAnswering: isAnswering(open.keys(), socket) });
  });
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

function timeLimits({
  headersTimeoutMs = 10_000,
  requestTimeoutMs = 30_000,
  keepAliveTimeoutMs = 65_000,
}: ServeOptions): HttpServerOptions {
  return {
    // Node refuses a shorter time for the whole than for the head.
    requestTimeout: Math.max(requestTimeoutMs, headersTimeoutMs),
    headersTimeout: headersTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    // By default, Node looks every 30 s for requests that are too slow.
    connectionsCheckingInterval: Math.min(1_000, headersTimeoutMs, requestTimeoutMs),
  };
}

/** Whether bytes written now would end up inside another answer. */
function isAnswering(responses: Iterable<ServerResponse>, socket: Duplex): boolean {
  for (const response of responses) {
    if (response.socket === socket && response.headersSent) return true;
  }
  return false;
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
