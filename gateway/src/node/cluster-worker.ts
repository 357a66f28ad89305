/**
 * The program of a cluster's worker: one gateway that its primary process controls. It runs when it is
 * imported, which only `cluster.fork` does.
 */
import { AggregatorRegistry, type PrometheusContentType } from "prom-client";
import { readGatewayConfig } from "../config/read-config.ts";
import { createConfigReload } from "../config/watch-config.ts";
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
  // Creating a registry makes prom-client answer the primary's requests for metrics.
  const answering = new AggregatorRegistry<PrometheusContentType>();
  answering.clear();
  AggregatorRegistry.setRegistries([coreOf(gateway).metrics.registry]);
}

function followPrimary(config: string, running: GatewayOptions, server: GatewayServer): void {
  const apply = createConfigReload(config, server.gateway, running);
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
    apply().catch((error: unknown) =>
      send({ type: "breezeway:refused", message: reasonFor(error) }),
    );
  });
  // Without its primary process, a worker would keep the port open and receive no reloads.
  process.on("disconnect", () => process.exit(0));
  // Signals of a terminal reach the whole process group. Only the primary acts on them.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
}

try {
  const settings = JSON.parse(process.env[SETTINGS_VARIABLE] ?? "") as WorkerSettings;
  // A store URL contains a password, which child processes would inherit.
  delete process.env[SETTINGS_VARIABLE];
  const { config, port, host } = settings;
  const options = readGatewayConfig(config);
  const gateway = createGateway({
    ...options,
    rateLimitStore: settings.rateLimitStore ?? options.rateLimitStore ?? { kind: "cluster" },
    // The metrics of one worker would pass for those of the cluster.
    metrics: { ...options.metrics, access: "none" },
  });
  answerMetrics(gateway);
  const server = await serveGateway(gateway, { port, host, reusePort: true });
  followPrimary(config, options, server);
  send({ type: "breezeway:listening", url: server.url });
} catch (error) {
  send({ type: "breezeway:failed", message: reasonFor(error) });
  process.disconnect();
}
