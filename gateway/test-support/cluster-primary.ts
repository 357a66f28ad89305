/** A program that runs a cluster for its parent process, since the test runner's threads cannot fork. */
import { serveGatewayCluster, type GatewayCluster } from "../src/node/serve-cluster.ts";

const [, , config = "", signal, options = "{}"] = process.argv;
let cluster: GatewayCluster | undefined;
const tell = (message: object): void => {
  process.send?.(message);
};

process.on("message", (command: string) => {
  if (command === "pids") tell({ pids: cluster?.pids });
  if (command === "reload") cluster?.reload();
  if (command === "close") {
    void cluster?.close({ graceMs: 1_000 }).then(() => process.disconnect());
  }
});

try {
  const starting = serveGatewayCluster({
    config,
    port: 0,
    workers: 2,
    operationsPort: 0,
    onError: (error) => tell({ error: String(error) }),
    ...(JSON.parse(options) as object),
  });
  if (signal === "SIGHUP") process.kill(process.pid, signal);
  cluster = await starting;
  tell({ url: cluster.url, operationsUrl: cluster.operationsUrl });
} catch (error) {
  tell({ failed: String(error) });
  process.disconnect();
}
