export { serveGatewayCluster } from "./cluster/serve-cluster.ts";
export type { ClusterOptions, GatewayCluster } from "./cluster/serve-cluster.ts";
export { readGatewayConfig } from "./config/read-config.ts";
export { watchGatewayConfig } from "./config/watch-config.ts";
export type { ConfigWatch, WatchOptions } from "./config/watch-config.ts";
export { serveGateway } from "./node/serve-gateway.ts";
export type { CloseOptions, GatewayServer, ServeOptions } from "./node/serve-gateway.ts";
