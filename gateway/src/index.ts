export { createGateway } from "./gateway.ts";
export type { Gateway } from "./gateway.ts";
export type {
  CorsOptions,
  GatewayOptions,
  LimitOptions,
  PolicyOptions,
  RevocationOptions,
} from "./config/options.ts";
export type { RateLimitOptions, RouteOptions, RouteScopes } from "./config/route-schema.ts";
export type { RateLimitStore } from "./limits/rate-limits.ts";
export type { AuditDestination } from "./observe/audit.ts";
export type { MetricsOptions } from "./observe/metrics.ts";
