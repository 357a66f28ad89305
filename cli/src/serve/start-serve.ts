/** Runs issuer and gateway in this process, each on its port. The gateway calls the issuer in memory. */
import { createGateway, type Gateway, type GatewayOptions } from "@breezeway/gateway";
import {
  serveGateway,
  watchConfigFile,
  type ConfigWatch,
  type GatewayServer,
} from "@breezeway/gateway/node";
import { createIssuer, type Issuer } from "@breezeway/issuer";
import { serveIssuer, type IssuerServer } from "@breezeway/issuer/node";
import { BridgeError } from "@breezeway/shared";
import type { CliIo } from "../io.ts";
import type { ServeConfig } from "./config-schema.ts";
import { listenFault } from "./listen-fault.ts";
import { reasonFor } from "./reason-for.ts";
import { readTrustedText } from "./read-text.ts";
import { createReload } from "./reload.ts";
import type { ServeLog } from "./serve-log.ts";
import { readServePlan, type ServePlan } from "./serve-plan.ts";

export interface ServeDeps {
  readonly io: Pick<CliIo, "env" | "out">;
  readonly log: ServeLog;
}

export interface Running {
  /** The times of {@link Running.stop}, in milliseconds. */
  readonly shutdown: ServeConfig["shutdown"];
  /** Tells who waits for this process that it serves. Call it when signals are handled: some stop it at once. */
  logAddresses(): void;
  /** Shuts down after `drainDelayMs`, and gives open requests at most `graceMs`. */
  stop(): Promise<void>;
}

/**
 * Resolves when issuer and gateway listen.
 *
 * @param file The configuration.
 * @throws {BridgeError} CONFIG_INVALID, MANIFEST_INVALID, STORE_UNAVAILABLE, KEYS_UNAVAILABLE
 */
export async function startServe(file: string, { io, log }: ServeDeps): Promise<Running> {
  await using opened = new AsyncDisposableStack();
  const started = Promise.withResolvers<() => void>();
  // Watches before reading, so that changes and signals during the start apply after it.
  const watching = opened.use(
    watchFile(file, {
      reload: () => void started.promise.then((reloadNow) => reloadNow()),
      onError: (error) => log.failure("serve", error),
    }),
  );
  const plan = await readServePlan(file, io);
  const issuer = opened.use(
    createIssuer({ ...plan.issuer, onError: (error) => log.failure("issuer", error) }),
  );
  await ready(issuer, file);
  const gateway = openGateway(gatewayOptions(plan, issuer, log), file);
  const gatewayServer = opened.use(await listenGateway(gateway, plan));
  const issuerServer = opened.adopt(await listenIssuer(issuer, plan), (server) => server.close());
  // The logged addresses mean that the gateway is ready.
  await gateway.ready;
  const reload = createReload(plan, { issuer, gateway, log });
  started.resolve(() => void reload());
  const running = opened.move();
  const { shutdown } = plan.config;
  return {
    shutdown,
    logAddresses: () => logAddresses(log, issuerServer, gatewayServer),
    async stop() {
      watching.close();
      await Promise.all([
        // Together: guests still get tokens while the gateway accepts requests.
        gatewayServer.close(shutdown),
        issuerServer.close(shutdown),
      ]);
      await running.disposeAsync();
    },
  };
}

function watchFile(file: string, options: Parameters<typeof watchConfigFile>[1]): ConfigWatch {
  try {
    return watchConfigFile(file, options);
  } catch (cause) {
    // Usually the file does not exist. Reading it gives the better message.
    readTrustedText(file, "configuration");
    const message = `configuration: ${file} cannot be watched for changes (${reasonFor(cause)}).`;
    throw new BridgeError("CONFIG_INVALID", message, { cause });
  }
}

function gatewayOptions(plan: ServePlan, issuer: Issuer, log: ServeLog): GatewayOptions {
  const { secrets: [secret] = [], heartbeatSeconds = 1 } = plan.issuer.revocations ?? {};
  return {
    ...plan.gateway,
    fetch: (url, init) => fetchFrom(issuer, new Request(url, init)),
    revocations: {
      // Three missed heartbeats, which is also the default of the feed's readers.
      maxSilenceMs: 3_000 * heartbeatSeconds,
      ...(secret !== undefined && { headers: { authorization: `Bearer ${secret}` } }),
    },
    onError: (error) => log.failure("gateway", error),
  };
}

/** A response of the issuer whose body ends with the request's signal, as with `fetch`. */
async function fetchFrom(issuer: Issuer, request: Request): Promise<Response> {
  const response = await issuer.fetch(request);
  const { signal } = request;
  const body = response.body?.pipeThrough(new TransformStream<Uint8Array, Uint8Array>(), {
    signal,
  });
  return new Response(body ?? null, response);
}

function openGateway(options: GatewayOptions, file: string): Gateway {
  try {
    return createGateway(options);
  } catch (error) {
    if (!BridgeError.is(error)) throw error;
    const message = error.message.replace(/^createGateway: /, `${file}: gateway: `);
    throw new BridgeError(error.code, message, { cause: error });
  }
}

async function ready(issuer: Issuer, file: string): Promise<void> {
  try {
    await issuer.ready;
  } catch (error) {
    if (!BridgeError.is(error)) throw error;
    const field = error.code === "STORE_UNAVAILABLE" ? "issuer.store" : "issuer.keys";
    throw new BridgeError(error.code, `${file}: ${field}: ${reasonFor(error)}`, { cause: error });
  }
}

async function listenIssuer(issuer: Issuer, { file, config }: ServePlan): Promise<IssuerServer> {
  const { port, host, keepAliveTimeoutMs } = config.issuer;
  const { trustedProxies = [] } = config;
  try {
    return await serveIssuer(issuer, {
      port,
      host,
      trustedProxies,
      ...(keepAliveTimeoutMs !== undefined && { keepAliveTimeoutMs }),
    });
  } catch (error) {
    throw listenFault(file, { "issuer.port": { host, port } }, error);
  }
}

async function listenGateway(
  gateway: Gateway,
  { file, config }: ServePlan,
): Promise<GatewayServer> {
  const { operationsHost = "127.0.0.1", ...listener } = config.gateway;
  const { port, host, keepAliveTimeoutMs, operationsPort } = listener;
  const listeners = { port, host, keepAliveTimeoutMs, operationsPort, operationsHost };
  try {
    return await serveGateway(gateway, listeners);
  } catch (error) {
    const operations = { host: operationsHost, port: operationsPort };
    const fields = { "gateway.port": { host, port }, "gateway.operationsPort": operations };
    throw listenFault(file, fields, error);
  }
}

function logAddresses(log: ServeLog, issuer: IssuerServer, gateway: GatewayServer): void {
  const { url, operationsUrl } = gateway;
  log.event("listening", { part: "issuer", url: issuer.url });
  log.event("listening", { part: "gateway", url });
  if (operationsUrl !== undefined)
    log.event("listening", { part: "operations", url: operationsUrl });
}
