/**
 * The program of a cluster's worker: one gateway, told by its primary what to do. Runs when it is
 * imported, which only `cluster.fork` does.
 */
import { AggregatorRegistry, type PrometheusContentType } from "prom-client";
import { readGatewayConfig } from "../config/read-config.ts";
import { rereadGatewayConfig } from "../config/watch-config.ts";
import type { GatewayOptions } from "../config/options.ts";
import { coreOf } from "../core.ts";
import { createGateway, type Gateway } from "../gateway.ts";
import { serveGateway, type GatewayServer } from "./serve-gateway.ts";
import { reasonFor } from "../observe/failure-log.ts";
import {
  isToWorker,
  SETTINGS_VARIABLE,
  type FromWorker,
  type WorkerSettings,
} from "./cluster-messages.ts";

const send = (message: FromWorker): void => {
  process.send?.(message);
};

function answerMetrics(gateway: Gateway): void {
  // Makes prom-client answer the primary's questions.
  const answering = new AggregatorRegistry<PrometheusContentType>();
  answering.clear();
  AggregatorRegistry.setRegistries([coreOf(gateway).metrics.registry]);
}

function obey(config: string, running: GatewayOptions, server: GatewayServer): void {
  process.on("message", (message) => {
    if (!isToWorker(message)) return;
    if (message.type === "breezeway:ready?") {
      void coreOf(server.gateway)
        .operations.answerInFull("/health/ready")
        .then(({ status, body }) => send({ type: "breezeway:ready", status, body }));
      return;
    }
    if (message.type === "breezeway:close") {
      const { graceMs, drainDelayMs } = message;
      void server.close({ graceMs, drainDelayMs }).then(() => process.disconnect());
      return;
    }
    try {
      server.gateway.reload(rereadGatewayConfig(config, running));
    } catch (error) {
      send({ type: "breezeway:refused", message: reasonFor(error) });
    }
  });
  // Without its primary a worker would hold the port for nobody.
  process.on("disconnect", () => process.exit(0));
  // Signals of a terminal reach the whole group; the primary says what follows from them.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
}

try {
  const settings = JSON.parse(process.env[SETTINGS_VARIABLE] ?? "") as WorkerSettings;
  // The URL of a store has a password in it, and programs that this one starts would inherit it.
  delete process.env[SETTINGS_VARIABLE];
  const { config, port, host } = settings;
  const options = readGatewayConfig(config);
  const gateway = createGateway({
    ...options,
    rateLimitStore: settings.rateLimitStore ?? options.rateLimitStore ?? { kind: "cluster" },
    // One worker's figures would pass for those of all.
    metrics: { ...options.metrics, access: "none" },
  });
  answerMetrics(gateway);
  const server = await serveGateway(gateway, { port, host, reusePort: true });
  obey(config, options, server);
  send({ type: "breezeway:listening", url: server.url });
} catch (error) {
  send({ type: "breezeway:failed", message: reasonFor(error) });
  process.disconnect();
}
