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
  /** How long requests and streams may go on, in milliseconds. Default 0. */
  readonly graceMs?: number | undefined;
  /**
   * How long to go on as before while `/health/ready` says no, in milliseconds, so that balancers stop
   * sending first. Longer than they take to notice. Default 0.
   */
  readonly drainDelayMs?: number | undefined;
}

export interface GatewayServer extends AsyncDisposable {
  /** `http://127.0.0.1:4001` */
  readonly url: string;
  /** Where metrics and health are; `undefined` without an `operationsPort`. */
  readonly operationsUrl: string | undefined;
  readonly gateway: Gateway;
  /**
   * Has `/health/ready` say no for `drainDelayMs`, stops listening, waits for what is under way, then
   * ends the rest and closes the gateway. A second call cuts the first one's delay short.
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
      await patience(cutShort, drainDelayMs);
    }
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    if (graceMs > 0) await patience(closed, graceMs);
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
    // Nobody reads the body of a request that has none; without its stream's life a request costs less.
    optimizeEmptyRequests: true,
    requireHostHeader: false,
    noDelay: true,
    shouldUpgradeCallback: isWebSocketUpgrade,
    keepAliveTimeout: keepAliveTimeoutMs,
    headersTimeout: headersTimeoutMs,
    // Bodies may take as long as they like while they move; see `idleTimeoutMs` of a route.
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

// What has a listener of its own is not on the public one as well, unless that was asked for.
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
 * HTTP/1.0 knows no chunks: an engine in front that holds to that sees another request where we see a
 * body (RFC 9112, section 6.1). Nor has HTTP/2 a request line.
 */
function isOtherProtocol(request: IncomingMessage): boolean {
  if (request.httpVersionMajor !== 1) return true;
  // Read in this one case only: Node makes the object when it is asked for.
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
  // A cluster's primary would otherwise take the connections, and lose those that it hands to a
  // worker which has just died.
  server.listen({ port, host, reusePort, exclusive: true }, resolve);
  try {
    await promise;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const what =
      code === "EADDRINUSE"
        ? `port ${port} on ${host} is in use; choose another one`
        : `cannot listen on ${host}:${port} (${code ?? "unknown"})`;
    throw new BridgeError("CONFIG_INVALID", `serveGateway: port: ${what}.`, { cause: error });
  } finally {
    server.off("error", reject);
  }
}

async function patience(done: Promise<void>, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([done, promise]);
  clearTimeout(timer);
}
