/** Operations of a cluster: the sum of the workers' metrics, and whether all workers are ready. */
import type { Worker } from "node:cluster";
import { AggregatorRegistry } from "prom-client";
import type { Answer } from "../answer/refusal.ts";
import { json, text } from "../observe/operations.ts";
import { isFromWorker, type ToWorker } from "./cluster-messages.ts";

/** A worker that does not answer in this time counts as not ready. */
const ANSWER_WITHIN_MS = 2_000;
const ASK: ToWorker = { type: "breezeway:ready?" };

/** @returns a function from request target to answer, which never rejects */
export function clusterOperations(
  workers: () => ReadonlySet<Worker>,
): (target: string) => Promise<Answer> {
  const registry = new AggregatorRegistry();
  return async (target) => {
    const path = target.split("?", 1)[0];
    if (path === "/health/live") return json(200, { status: "ok" });
    if (path === "/health/ready") return readiness([...workers()]);
    if (path !== "/metrics") return json(404, { status: "unknown" });
    return registry.clusterMetrics().then(
      (metrics) => text(200, registry.contentType, metrics),
      () => json(503, { status: "unavailable" }),
    );
  };
}

/** All workers share the port: one worker that is not ready fails its share of the requests. */
async function readiness(workers: readonly Worker[]): Promise<Answer> {
  const answers = await Promise.all(workers.map(ask));
  const isReady = answers.length > 0 && answers.every(({ status }) => status === 200);
  return json(isReady ? 200 : 503, {
    status: isReady ? "ok" : "unavailable",
    workers: answers.map(({ body }) => JSON.parse(body) as unknown),
  });
}

interface WorkerReadiness {
  readonly status: number;
  /** JSON. */
  readonly body: string;
}

function ask(worker: Worker): Promise<WorkerReadiness> {
  const { promise, resolve } = Promise.withResolvers<WorkerReadiness>();
  const silent = (): void => resolve({ status: 503, body: '{"status":"silent"}' });
  const listen = (message: unknown): void => {
    if (isFromWorker(message) && message.type === "breezeway:ready") resolve(message);
  };
  const timer = setTimeout(silent, ANSWER_WITHIN_MS);
  worker.on("message", listen);
  worker.once("exit", silent);
  if (worker.isConnected()) worker.send(ASK);
  else silent();
  return promise.finally(() => {
    clearTimeout(timer);
    worker.off("message", listen);
    worker.off("exit", silent);
  });
}
