/**
 * Several gateway processes on one port. The primary forwards no traffic: it starts workers, restarts
 * those that end, counts rate limits for all of them, and adds up their metrics.
 */
import cluster, { type Worker } from "node:cluster";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { BridgeError } from "@breezeway/shared";
import { RateLimiterClusterMaster } from "rate-limiter-flexible";
import { readGatewayConfig } from "../config/read-config.ts";
import type { CloseOptions } from "./serve-gateway.ts";
import { createFailureLog } from "../observe/failure-log.ts";
import { serveOperations, type OperationsServer } from "../observe/serve-operations.ts";
import { parseClusterOptions, type ClusterOptions } from "./cluster-options.ts";
import { tellOfWorkers } from "./cluster-operations.ts";
import {
  isFromWorker,
  SETTINGS_VARIABLE,
  type ToWorker,
  type WorkerSettings,
} from "./cluster-messages.ts";

export interface GatewayCluster extends AsyncDisposable {
  readonly url: string;
  /** Where metrics and health of all workers are; `undefined` without an `operationsPort`. */
  readonly operationsUrl: string | undefined;
  /** Process ids of the workers that run. */
  readonly pids: readonly number[];
  /** Has every worker read the configuration again. SIGHUP does the same. */
  reload(): void;
  close(options?: CloseOptions): Promise<void>;
}

const RESTART_AFTER_MS = 200;
const KILL_AFTER_MS = 2_000;

/**
 * @example
 * const cluster = await serveGatewayCluster({ config: "gateway.json", port: 4001 });
 * process.once("SIGTERM", () => void cluster.close({ graceMs: 10_000 }));
 *
 * @throws {BridgeError} CONFIG_INVALID or MANIFEST_INVALID, also when the port is in use
 */
export async function serveGatewayCluster(given: ClusterOptions): Promise<GatewayCluster> {
  const options = parseClusterOptions(given);
  const { config, port = 4001, host = "127.0.0.1", rateLimitStore } = options;
  const report = createFailureLog(options.onError);
  // A wrong file is told once, and before any process is started.
  const { metrics } = readGatewayConfig(config);
  if (metrics?.access !== undefined) {
    throw invalid(
      `${config}: metrics.access: a cluster tells operators at its operationsPort only.`,
    );
  }
  // The extension of this file: TypeScript from source, JavaScript when built.
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  cluster.setupPrimary({
    exec: fileURLToPath(new URL(`./cluster-worker.${extension}`, import.meta.url)),
    ...(extension === "ts" ? { execArgv: ["--conditions=@breezeway/source"] } : {}),
  });
  const limits = new RateLimiterClusterMaster();
  const workers = new Set<Worker>();
  let isClosing = false;
  let chosenPort = port;

  /** @param workerPort - 0 for the first worker, if any will do; the others join it on its port. */
  function startWorker(workerPort: number): Promise<string> {
    const settings: WorkerSettings = { config, port: workerPort, host, rateLimitStore };
    const worker = cluster.fork({ [SETTINGS_VARIABLE]: JSON.stringify(settings) });
    workers.add(worker);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    worker.on("message", (message: unknown) => {
      if (!isFromWorker(message)) return;
      if (message.type === "breezeway:listening") resolve(message.url);
      if (message.type === "breezeway:failed") reject(invalid(message.message));
      if (message.type === "breezeway:refused") {
        report("a changed configuration was not taken over", invalid(message.message));
      }
    });
    worker.on("error", (error) => report("a worker failed", error));
    worker.on("exit", () => {
      workers.delete(worker);
      reject(invalid("a worker ended before it listened"));
      // One that ends without having listened, before all have, ends the start: `close` comes first.
      setTimeout(restart, RESTART_AFTER_MS);
    });
    return promise;
  }

  function restart(): void {
    if (isClosing) return;
    startWorker(chosenPort).catch((error: unknown) => report("a worker did not start", error));
  }

  const tell = (message: ToWorker): void => {
    for (const worker of workers) if (worker.isConnected()) worker.send(message);
  };
  const reload = (): void => tell({ type: "breezeway:reload" });

  async function close({ graceMs = 0, drainDelayMs = 0 }: CloseOptions = {}): Promise<void> {
    isClosing = true;
    process.off("SIGHUP", reload);
    const ended = [...workers].map(
      (worker) => new Promise<void>((resolve) => worker.once("exit", () => resolve())),
    );
    tell({ type: "breezeway:close", graceMs, drainDelayMs });
    const timer = setTimeout(
      () => {
        for (const worker of workers) worker.process.kill("SIGKILL");
      },
      drainDelayMs + graceMs + KILL_AFTER_MS,
    );
    await Promise.all(ended);
    clearTimeout(timer);
    await operations?.close();
  }

  let operations: OperationsServer | undefined;
  // Before anything is started: without a listener the signal would end the process.
  process.on("SIGHUP", reload);
  try {
    const count = options.workers ?? availableParallelism();
    const url = await startWorker(port);
    chosenPort = Number(new URL(url).port);
    await Promise.all(Array.from({ length: count - 1 }, () => startWorker(chosenPort)));
    operations = await serveOperations(
      options,
      tellOfWorkers(() => workers),
    );
    return {
      url,
      operationsUrl: operations?.url,
      get pids() {
        return [...workers].flatMap(({ process: { pid } }) => pid ?? []);
      },
      reload,
      close,
      [Symbol.asyncDispose]: () => close(),
    };
  } catch (error) {
    await close();
    throw error;
  } finally {
    // Keeps the counter of the rate limits: nothing else refers to it.
    void limits;
  }
}

function invalid(message: string): BridgeError {
  return new BridgeError("CONFIG_INVALID", message);
}
