/**
 * Several gateway processes on one port. The primary process forwards no traffic: it starts workers,
 * restarts those that exit, counts rate limits for all of them, and adds up their metrics.
 */
import cluster, { type Worker } from "node:cluster";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { BridgeError } from "@breezeway/shared";
import { RateLimiterClusterMaster } from "rate-limiter-flexible";
import { readGatewayConfig } from "../config/read-config.ts";
import type { CloseOptions } from "./serve-gateway.ts";
import { createFailureLog, type FailureLog } from "../observe/failure-log.ts";
import { serveOperations } from "../observe/serve-operations.ts";
import { parseClusterOptions, type ClusterOptions } from "./cluster-options.ts";
import { clusterOperations } from "./cluster-operations.ts";
import {
  isFromWorker,
  SETTINGS_VARIABLE,
  type ToWorker,
  type WorkerSettings,
} from "./cluster-messages.ts";

export interface GatewayCluster extends AsyncDisposable {
  readonly url: string;
  /** URL of the metrics and health of all workers; `undefined` without an `operationsPort`. */
  readonly operationsUrl: string | undefined;
  /** Process ids of the running workers. */
  readonly pids: readonly number[];
  /** Makes every worker read the configuration again, as SIGHUP does. */
  reload(): void;
  close(options?: CloseOptions): Promise<void>;
}

const RESTART_AFTER_MS = 200;
/** Time for workers to close after their delays, before they are killed. */
const KILL_AFTER_MS = 2_000;

/**
 * @throws {BridgeError} CONFIG_INVALID or MANIFEST_INVALID, also when the port is in use
 *
 * @example
 * const cluster = await serveGatewayCluster({ config: "gateway.json", port: 4001 });
 * process.once("SIGTERM", () => void cluster.close({ drainDelayMs: 5_000, graceMs: 10_000 }));
 */
export async function serveGatewayCluster(given: ClusterOptions): Promise<GatewayCluster> {
  const options = parseClusterOptions(given);
  const { config, port = 4001, host = "127.0.0.1", rateLimitStore } = options;
  checkConfig(config);
  setupWorkers();
  const limits = new RateLimiterClusterMaster();
  const settings = { config, host, rateLimitStore };
  const pool = createWorkerPool({ settings, report: createFailureLog(options.onError) });
  // Before anything starts: without a listener, SIGHUP would end the process.
  process.on("SIGHUP", pool.reload);
  const stop = async (close: CloseOptions): Promise<void> => {
    process.off("SIGHUP", pool.reload);
    await pool.close(close);
  };
  try {
    const url = await pool.start(port, options.workers ?? availableParallelism());
    const operations = await serveOperations(
      options,
      clusterOperations(() => pool.workers),
    );
    const close = async (closing: CloseOptions = {}): Promise<void> => {
      await stop(closing);
      await operations?.close();
    };
    return {
      url,
      operationsUrl: operations?.url,
      get pids() {
        return [...pool.workers].flatMap(({ process: { pid } }) => pid ?? []);
      },
      reload: pool.reload,
      close,
      [Symbol.asyncDispose]: () => close(),
    };
  } catch (error) {
    await stop({});
    throw error;
  } finally {
    // Keeps a reference to the counter of the rate limits, which nothing else refers to.
    void limits;
  }
}

// A mistake in the file is reported once, before any process starts.
function checkConfig(config: string): void {
  const { metrics } = readGatewayConfig(config);
  if (metrics?.access === undefined) return;
  throw invalid(
    `${config}: metrics.access: a cluster serves metrics only at its operationsPort. Remove the field.`,
  );
}

function setupWorkers(): void {
  // The extension of this file: TypeScript from source, JavaScript when built.
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  cluster.setupPrimary({
    exec: fileURLToPath(new URL(`./cluster-worker.${extension}`, import.meta.url)),
    ...(extension === "ts" ? { execArgv: ["--conditions=@breezeway/source"] } : {}),
  });
}

interface WorkerPoolDeps {
  readonly settings: Omit<WorkerSettings, "port">;
  readonly report: FailureLog;
}

interface WorkerPool {
  readonly workers: ReadonlySet<Worker>;
  /** @returns the URL of all workers, once all of them listen. Port 0: the first worker chooses. */
  start(port: number, count: number): Promise<string>;
  readonly reload: () => void;
  close(options: CloseOptions): Promise<void>;
}

function createWorkerPool({ settings, report }: WorkerPoolDeps): WorkerPool {
  const workers = new Set<Worker>();
  const state = { isClosing: false, port: 0 };

  const send = (message: ToWorker): void => {
    for (const worker of workers) if (worker.isConnected()) worker.send(message);
  };

  function startWorker(port: number): Promise<string> {
    const worker = cluster.fork({ [SETTINGS_VARIABLE]: JSON.stringify({ ...settings, port }) });
    workers.add(worker);
    worker.on("error", (error) => report("a worker failed", error));
    worker.on("exit", () => {
      workers.delete(worker);
      // A worker that exits before all listen ends the start: `close` then comes before this timer.
      setTimeout(() => {
        if (state.isClosing) return;
        startWorker(state.port).catch((error: unknown) => report("a worker did not start", error));
      }, RESTART_AFTER_MS);
    });
    return listening(worker, report);
  }

  return {
    workers,
    start: async (port, count) => {
      const url = await startWorker(port);
      state.port = Number(new URL(url).port);
      await Promise.all(Array.from({ length: count - 1 }, () => startWorker(state.port)));
      return url;
    },
    reload: () => send({ type: "breezeway:reload" }),
    close: async ({ graceMs = 0, drainDelayMs = 0 }) => {
      state.isClosing = true;
      const exited = [...workers].map(
        (worker) => new Promise<void>((resolve) => worker.once("exit", () => resolve())),
      );
      send({ type: "breezeway:close", graceMs, drainDelayMs });
      const kill = (): void => {
        for (const worker of workers) worker.process.kill("SIGKILL");
      };
      const timer = setTimeout(kill, drainDelayMs + graceMs + KILL_AFTER_MS);
      await Promise.all(exited);
      clearTimeout(timer);
    },
  };
}

/** @returns the worker's URL. Rejects with CONFIG_INVALID when it cannot listen. */
function listening(worker: Worker, report: FailureLog): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  worker.on("message", (message: unknown) => {
    if (!isFromWorker(message)) return;
    if (message.type === "breezeway:listening") resolve(message.url);
    if (message.type === "breezeway:failed") reject(invalid(message.message));
    if (message.type === "breezeway:refused") {
      report("cannot apply the changed configuration", invalid(message.message));
    }
  });
  worker.on("exit", () => reject(invalid("A worker exited before it listened.")));
  return promise;
}

function invalid(message: string): BridgeError {
  return new BridgeError("CONFIG_INVALID", message);
}
