export { createGateway } from "./gateway.ts";
export type { Gateway } from "./gateway.ts";
export type { CorsOptions, GatewayOptions, PolicyOptions } from "./config/options.ts";
export type { RateLimitOptions, RouteOptions, RouteScopes } from "./config/route-schema.ts";
