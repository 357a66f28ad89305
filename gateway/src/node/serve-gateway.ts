/** The gateway on Node's HTTP server. */
import { createServer, IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { BridgeError } from "@breezeway/shared";
import type { GatewayOptions } from "../config/options.ts";
import { coreOf, type GatewayCore } from "../core.ts";
import { createGateway, type Gateway } from "../gateway.ts";
import type { OperationsAccess } from "../observe/is-insider.ts";
import { serveOperations, urlOf } from "../observe/serve-operations.ts";
import { Exchange } from "../exchange/exchange.ts";
import { answerClientError } from "./client-error.ts";
import { GatewayResponse, NodeClient } from "./node-client.ts";
import { headOf } from "./request-head.ts";
import { parseServeOptions, type ServeOptions } from "./serve-options.ts";
import { handleUpgrade, isWebSocketUpgrade } from "./upgrade.ts";

export interface CloseOptions {
  /** Time for open requests and streams to finish, in milliseconds. Default 0. */
  readonly graceMs?: number | undefined;
  /**
   * Time to serve as before while `/health/ready` answers 503, in milliseconds, so that load balancers
   * stop sending first. Choose it longer than they take to notice. Default 0.
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
   * Makes `/health/ready` answer 503 for `drainDelayMs`, stops listening, waits `graceMs` for open
   * exchanges, then ends the rest and closes the gateway. A second call ends the delay of the first one.
   */
  close(options?: CloseOptions): Promise<void>;
}

/**
 * @example
 * const server = await serveGateway({ issuer, apps, routes }, { port: 4001 });
 * process.once("SIGTERM", () => void server.close());
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
  const server = createHttpServer(core, options);
  const { port = 4001, host = "127.0.0.1", reusePort = false } = options;
  const operations = await serveOperations(options, (target) =>
    core.operations.answerInFull(target),
  );
  try {
    await listen(server, { port, host, reusePort });
  } catch (error) {
    await operations?.close();
    throw error;
  }
  let endDelay = (): void => {};
  const close = async ({ graceMs = 0, drainDelayMs = 0 }: CloseOptions = {}): Promise<void> => {
    core.operations.drain();
    endDelay();
    if (drainDelayMs > 0) {
      const { promise: cutShort, resolve } = Promise.withResolvers<void>();
      endDelay = resolve;
      await settledWithin(cutShort, drainDelayMs);
    }
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    if (graceMs > 0) await settledWithin(closed, graceMs);
    await gateway.close();
    server.closeAllConnections();
    await closed;
    await operations?.close();
  };
  return {
    url: urlOf(server.address() as AddressInfo),
    operationsUrl: operations?.url,
    gateway,
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

type HttpServer = Server<typeof IncomingMessage, typeof GatewayResponse>;

function createHttpServer(core: GatewayCore, options: ServeOptions): HttpServer {
  const {
    headersTimeoutMs = 15_000,
    keepAliveTimeoutMs = 65_000,
    maxHeaderBytes = 16_384,
  } = options;
  const server = createServer({
    IncomingMessage,
    ServerResponse: GatewayResponse,
    insecureHTTPParser: false,
    // Skips the stream events of requests without a body, which costs less per request.
    optimizeEmptyRequests: true,
    requireHostHeader: false,
    noDelay: true,
    shouldUpgradeCallback: isWebSocketUpgrade,
    keepAliveTimeout: keepAliveTimeoutMs,
    headersTimeout: headersTimeoutMs,
    // No limit for bodies that move: `idleTimeoutMs` of a route ends silent ones.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(1_000, headersTimeoutMs),
    maxHeaderSize: maxHeaderBytes,
  });
  const listener = { core, access: accessOf(core, options) };
  const plain = { server: core.operations, mustContinue: false };
  const awaited = { server: core.operations, mustContinue: true };
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
    answerClientError(error, socket);
  });
  return server;
}

// With a listener for operators, the public one serves no metrics unless `access` is `public`.
function accessOf({ operations }: GatewayCore, { operationsPort }: ServeOptions): OperationsAccess {
  return operationsPort !== undefined && operations.access === "local" ? "none" : operations.access;
}

interface Listener {
  readonly core: GatewayCore;
  readonly access: OperationsAccess;
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

interface Address {
  readonly port: number;
  readonly host: string;
  readonly reusePort: boolean;
}

async function listen(server: HttpServer, address: Address): Promise<void> {
  const { port, host, reusePort } = address;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  // Otherwise a cluster's primary would accept the connections, and lose those that it hands to a worker
  // that has just exited.
  server.listen({ port, host, reusePort, exclusive: true }, resolve);
  try {
    await promise;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const what =
      code === "EADDRINUSE"
        ? `port ${port} on ${host} is in use. Choose another port`
        : `cannot listen on ${host}:${port} (${code ?? "unknown"})`;
    throw new BridgeError("CONFIG_INVALID", `serveGateway: port: ${what}.`, { cause: error });
  } finally {
    server.off("error", reject);
  }
}

async function settledWithin(done: Promise<void>, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([done, promise]);
  clearTimeout(timer);
}
