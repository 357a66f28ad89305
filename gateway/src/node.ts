export { readGatewayConfig } from "./config/read-config.ts";
export { serveGateway } from "./node/serve-gateway.ts";
export type { GatewayServer, ServeOptions } from "./node/serve-gateway.ts";
