/** The gateway on Node's HTTP server. */
import { createServer, IncomingMessage, type Server } from "node:http";
import { BridgeError } from "@breezeway/shared";
import {
  answerClientError,
  createDelay,
  listen,
  settledWithin,
  stopListening,
  timeLimits,
  urlOf,
} from "@breezeway/shared/node";
import type { GatewayOptions } from "../config/options.ts";
import { coreOf, type GatewayCore } from "../core.ts";
import { createGateway, type Gateway } from "../gateway.ts";
import type { OperationsAccess } from "../observe/is-insider.ts";
import { serveOperations } from "../observe/serve-operations.ts";
import { Exchange } from "../exchange/exchange.ts";
import { GatewayResponse, isAnswering, NodeClient, type GatewaySocket } from "./node-client.ts";
import { headOf } from "./request-head.ts";
import { parseServeOptions, type ServeOptions } from "./serve-options.ts";
import { handleUpgrade, isWebSocketUpgrade } from "./upgrade.ts";

export interface CloseOptions {
  /**
   * Time for open requests and streams to finish once the port is closed, in milliseconds. Connections
   * that wait for a request stay open for the first second of it, so that reverse proxies leave them.
   * Default 0.
   */
  readonly graceMs?: number | undefined;
  /**
   * Time to serve as before while `/health/ready` answers 503, in milliseconds, so that load balancers
   * stop sending first. Choose it longer than they take to notice. Default 0, since only the caller knows
   * whether a load balancer is in front.
   */
  readonly drainDelayMs?: number | undefined;
}

export interface GatewayServer extends AsyncDisposable {
  /** `http://127.0.0.1:4001` */
  readonly url: string;
  /** URL of metrics and health; `undefined` without an `operationsPort`. */
  readonly operationsUrl: string | undefined;
  readonly gateway: Gateway;
  /**
   * Makes `/health/ready` answer 503 for `drainDelayMs`, stops listening, waits up to `graceMs` for open
   * exchanges, then ends the rest and closes the gateway. A second call ends the delay of the first one.
   */
  close(options?: CloseOptions): Promise<void>;
}

/**
 * @example
 * const server = await serveGateway({ issuer, apps, routes }, { port: 4001 });
 * process.once("SIGTERM", () => void server.close({ drainDelayMs: 5_000, graceMs: 10_000 }));
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option, also when the port is in use
 */
export async function serveGateway(
  gatewayOrOptions: Gateway | GatewayOptions,
  options: ServeOptions = {},
): Promise<GatewayServer> {
  const gateway =
    "fetch" in gatewayOrOptions && "ready" in gatewayOrOptions
      ? gatewayOrOptions
      : createGateway(gatewayOrOptions);
  try {
    return await listenWith(gateway, parseServeOptions(options));
  } catch (error) {
    await gateway.close();
    throw error;
  }
}

async function listenWith(gateway: Gateway, options: ServeOptions): Promise<GatewayServer> {
  const core = coreOf(gateway);
  const life = { isStopping: false };
  const server = createHttpServer({ core, life, access: accessOf(core, options) }, options);
  const { port = 4001, host = "127.0.0.1", reusePort = false } = options;
  const operations = await serveOperations(options, (target) =>
    core.operations.answerInFull(target),
  );
  try {
    await listen(server, { port, host, reusePort }, "serveGateway: port");
  } catch (error) {
    await operations?.close();
    throw error;
  }
  const delay = createDelay();
  const close = async ({ graceMs = 0, drainDelayMs = 0 }: CloseOptions = {}): Promise<void> => {
    if (core.operations.isDraining) delay.end();
    core.operations.drain();
    await delay.wait(drainDelayMs);
    life.isStopping = true;
    const closed = stopListening(server);
    if (graceMs > 0) await settledWithin(closed, graceMs);
    await gateway.close();
    server.closeAllConnections();
    await closed;
    await operations?.close();
  };
  return {
    url: urlOf(server),
    operationsUrl: operations?.url,
    gateway,
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

type HttpServer = Server<typeof IncomingMessage, typeof GatewayResponse>;

interface Listener {
  readonly core: GatewayCore;
  readonly access: OperationsAccess;
  readonly life: { readonly isStopping: boolean };
}

function createHttpServer(listener: Listener, options: ServeOptions): HttpServer {
  const { headersTimeoutMs = 15_000, keepAliveTimeoutMs, maxHeaderBytes = 16_384 } = options;
  const { core, life } = listener;
  const server = createServer({
    ...timeLimits({
      headersTimeoutMs,
      keepAliveTimeoutMs,
      // No limit for bodies that move: `idleTimeoutMs` of a route ends silent ones.
      requestTimeoutMs: 0,
    }),
    IncomingMessage,
    ServerResponse: GatewayResponse,
    insecureHTTPParser: false,
    // Skips the stream events of requests without a body, which costs less per request.
    optimizeEmptyRequests: true,
    requireHostHeader: false,
    noDelay: true,
    shouldUpgradeCallback: isWebSocketUpgrade,
    maxHeaderSize: maxHeaderBytes,
  });
  const plain = { server: life, mustContinue: false };
  const awaited = { server: life, mustContinue: true };
  server.on("request", (request, response: GatewayResponse) => {
    handle(listener, request, new NodeClient(request, response, plain));
  });
  server.on("checkContinue", (request, response: GatewayResponse) => {
    handle(listener, request, new NodeClient(request, response, awaited));
  });
  server.on("checkExpectation", (request, response: GatewayResponse) => {
    handle(listener, request, new NodeClient(request, response, awaited));
  });
  server.on("upgrade", (request, socket, head) => handleUpgrade(core, request, { socket, head }));
  server.on("clientError", (error, socket) => {
    core.metrics.clientError();
    answerClientError(error, { socket, isAnswering: isAnswering(socket as GatewaySocket) });
  });
  return server;
}

// With a listener for operators, the public one serves no metrics unless `access` is `public`.
function accessOf({ operations }: GatewayCore, { operationsPort }: ServeOptions): OperationsAccess {
  return operationsPort !== undefined && operations.access === "local" ? "none" : operations.access;
}

function handle({ core, access }: Listener, request: IncomingMessage, client: NodeClient): void {
  const head = headOf(request);
  const operation = core.operations.handle(head, access);
  if (operation !== undefined) {
    void operation.then((answer) => client.answer(answer));
    return;
  }
  const exchange = new Exchange(core.exchangeDeps, client, head);
  client.attach(exchange);
  if (isOtherProtocol(request)) {
    exchange.end(new BridgeError("REQUEST_MALFORMED", "The request is not valid HTTP/1.1."));
  } else {
    exchange.start();
  }
}

/**
 * Whether the request is not HTTP/1.1. HTTP/1.0 has no chunked coding: a reverse proxy in front that
 * follows this sees a second request where the gateway sees a body (RFC 9112, section 6.1). HTTP/2 has no
 * request line.
 */
function isOtherProtocol(request: IncomingMessage): boolean {
  if (request.httpVersionMajor !== 1) return true;
  // Only read `headers` in this case: Node builds the object at the first access.
  return request.httpVersionMinor === 0 && request.headers["transfer-encoding"] !== undefined;
}
