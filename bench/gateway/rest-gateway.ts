/** The gateway of `rest.ts`, in a process of its own: it follows a configuration file and reports its use. */
import { readGatewayConfig, serveGateway, watchGatewayConfig } from "@breezeway/gateway/node";
import { watchTurns, type Turns } from "@breezeway/test-support/turns";

const [file = ""] = process.argv.slice(2);

/** The turns are those since the last report. */
export interface Usage extends Turns {
  readonly rssMb: number;
  readonly cpuMs: number;
}

export type FromGateway =
  | { readonly type: "listening"; readonly port: number }
  | { readonly type: "usage"; readonly usage: Usage }
  | { readonly type: "reloaded" }
  | { readonly type: "refused"; readonly why: string };

const send = (message: FromGateway): void => void process.send?.(message);

const running = readGatewayConfig(file);
// The clients sit idle on purpose.
const limits = { headersTimeoutMs: 3_600_000, keepAliveTimeoutMs: 3_600_000 };
const server = await serveGateway(running, { port: 0, ...limits });
watchGatewayConfig(file, server.gateway, {
  running,
  onReload: () => send({ type: "reloaded" }),
  onError: (error) => send({ type: "refused", why: String(error) }),
});
const turns = watchTurns();

process.on("message", () => {
  const { user, system } = process.cpuUsage();
  const usage = {
    rssMb: process.memoryUsage.rss() / 1_048_576,
    cpuMs: (user + system) / 1_000,
    ...turns.read(),
  };
  send({ type: "usage", usage });
});
process.on("disconnect", () => process.exit());
send({ type: "listening", port: Number(new URL(server.url).port) });
