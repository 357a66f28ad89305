import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import {
  answerClientError,
  createDelay,
  LINGER_MS,
  listen,
  settledWithin,
  stopListening,
  timeLimits,
  urlOf,
} from "@breezeway/shared/node";
import type { Issuer } from "../create-issuer.ts";
import { toNodeHandler } from "./node-handler.ts";
import { parseServeOptions, type ServeOptions } from "./serve-options.ts";

export interface CloseOptions {
  /**
   * Time for open requests to finish once the port is closed, in milliseconds. Connections that wait for a
   * request stay open for the first second of it, so that reverse proxies leave them. Event streams are
   * not waited for. Default 0.
   */
  readonly graceMs?: number | undefined;
  /**
   * Time to serve as before while the health endpoint answers 503, in milliseconds, so that load balancers
   * stop sending first. Choose it longer than they take to notice. Default 0, since only the caller knows
   * whether a load balancer is in front.
   */
  readonly drainDelayMs?: number | undefined;
}

export interface IssuerServer {
  /** Where the server listens, such as `http://127.0.0.1:4000`. */
  readonly url: string;
  /**
   * Reports `draining` for `drainDelayMs`, stops listening, waits up to `graceMs` for open requests, then
   * ends all connections. The issuer stays open. A second call ends the delay of the first one.
   */
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
  const life = { isDraining: false, isStopping: false };
  const served: Pick<Issuer, "url" | "fetch"> = {
    url: issuer.url,
    fetch: (request, info) => issuer.fetch(request, { ...info, isDraining: life.isDraining }),
  };
  const handle = toNodeHandler(served, { trustedProxies });
  const open = new Map<ServerResponse, IncomingMessage>();
  const server = createServer(limitsOf(parsed), (request, response) => {
    open.set(response, request);
    response.once("close", () => open.delete(response));
    if (life.isStopping) response.shouldKeepAlive = false;
    handle(request, response);
  });
  server.on("clientError", (error, socket) => {
    answerClientError(error, { socket, isAnswering: isAnswering(open.keys(), socket) });
  });
  await listen(server, { port, host }, "serveIssuer: port");
  const delay = createDelay();
  return {
    url: urlOf(server),
    close: async ({ graceMs = 0, drainDelayMs = 0 } = {}) => {
      if (life.isDraining) delay.end();
      life.isDraining = true;
      await delay.wait(drainDelayMs);
      life.isStopping = true;
      // No further request may use these connections.
      for (const response of open.keys()) response.shouldKeepAlive = false;
      const closed = stopListening(server);
      if (graceMs > 0) await settledWithin(answered(open, closed), graceMs);
      server.closeAllConnections();
      await closed;
    },
  };
}

function limitsOf({
  headersTimeoutMs = 10_000,
  requestTimeoutMs = 30_000,
  keepAliveTimeoutMs,
}: ServeOptions): ReturnType<typeof timeLimits> {
  return timeLimits({ headersTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs });
}

/** Whether bytes written now would end up inside another answer. */
function isAnswering(responses: Iterable<ServerResponse>, socket: Duplex): boolean {
  for (const response of responses) {
    if (response.socket === socket && response.headersSent) return true;
  }
  return false;
}

/** Resolves when proxies have left, and all requests but event streams have been answered. */
async function answered(
  open: ReadonlyMap<ServerResponse, IncomingMessage>,
  closed: Promise<void>,
): Promise<void> {
  await settledWithin(closed, LINGER_MS);
  const waiting = [...open].filter((exchange) => !isStream(...exchange));
  await Promise.allSettled(waiting.map(([response]) => once(response, "close")));
}

function isStream(response: ServerResponse, { headers }: IncomingMessage): boolean {
  return response.headersSent && headers.accept?.includes("text/event-stream") === true;
}
