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
export type { RefusalLimitOptions } from "./limits/refusal-limit.ts";
export type { RateLimitStore, StoreFailure } from "./limits/rate-limit-store.ts";
export type { AuditDestination } from "./observe/audit.ts";
export type { MetricsOptions } from "./observe/metrics.ts";
