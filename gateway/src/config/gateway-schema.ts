/** The strict schemas of {@link GatewayOptions} and of its groups. */
import { isOrigin, isRecord } from "@breezeway/shared";
import {
  functionOption,
  numberOption,
  optionObject,
  wholeNumberOption,
  type OptionShape,
} from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import { headerKind } from "../request/header-kinds.ts";
import type { RefusalLimitOptions } from "../limits/refusal-limit.ts";
import type {
  CorsOptions,
  GatewayOptions,
  LimitOptions,
  PolicyOptions,
  RevocationOptions,
} from "./options.ts";
import { routeSchema } from "./route-schema.ts";

const corsSchema = optionObject<CorsOptions>({
  maxAgeSeconds: z.optional(wholeNumberOption(0, 86_400)),
  exposedHeaders: z.optional(
    z.array(z.string().check(z.regex(/^[A-Za-z0-9-]+$/, "must be a header name"))),
  ),
});

const removedHeader = z.string().check(
  z.regex(/^[A-Za-z0-9-]+\*?$/, "must be a header name, or a prefix followed by *"),
  // Headers that the gateway handles itself cannot be overridden here.
  z.refine(
    (name) => name.endsWith("*") || headerKind(name) === "forward",
    "must be a header that the gateway would forward",
  ),
);

const POLICY_SHAPE: OptionShape<PolicyOptions> = {
  apps: z.custom<GatewayOptions["apps"]>(
    (value) =>
      value === "issuer" ||
      Array.isArray(value) ||
      (isRecord(value) && typeof value["get"] === "function"),
    'must be manifests, a registry or "issuer"',
  ),
  routes: z.array(routeSchema).check(z.minLength(1, "must have at least one route")),
  cors: z.optional(corsSchema),
  hostOrigins: z.optional(
    z.array(
      z.string().check(z.refine(isOrigin, "must be an origin such as https://shell.example")),
    ),
  ),
  trustedProxies: z.optional(z.array(z.string())),
  removeHeaders: z.optional(z.array(removedHeader)),
};

const limit = z.optional(wholeNumberOption(1, 1_000_000));

const limitsSchema = optionObject<LimitOptions>({
  connectTimeoutMs: limit,
  maxConcurrentRequests: limit,
  maxConcurrentStreams: limit,
  maxConcurrentPerSession: limit,
  maxConcurrentPerUser: limit,
  maxConcurrentPerApp: limit,
  maxConcurrentPerAddress: limit,
  circuitFailures: limit,
  circuitOpenMs: limit,
});

const revocationsSchema = optionObject<RevocationOptions>({
  url: z.optional(z.url()),
  headers: z.optional(z.record(z.string(), z.string())),
  maxSilenceMs: z.optional(numberOption(100, 300_000)),
  maxRetryMs: z.optional(numberOption(10, 60_000)),
});

const refusalLimitSchema = optionObject<RefusalLimitOptions>({
  requests: wholeNumberOption(1, Number.MAX_SAFE_INTEGER),
  windowSeconds: numberOption(1, 86_400),
});

const proofSchema = optionObject<NonNullable<GatewayOptions["proof"]>>({
  publicUrls: z.union([z.string(), z.array(z.string())]),
  maxRememberedProofs: z.optional(z.number()),
});

const GATEWAY_SHAPE: OptionShape<GatewayOptions> = {
  ...POLICY_SHAPE,
  issuer: z.custom<string>((value) => typeof value === "string", "must be an http or https URL"),
  jwks: z.optional(
    z.custom<NonNullable<GatewayOptions["jwks"]>>(
      (value) => typeof value === "string" || isRecord(value),
      "must be a URL or a key set",
    ),
  ),
  algorithms: z.optional(z.array(z.enum(["EdDSA", "ES256"])).check(z.minLength(1))),
  revocations: z.optional(z.union([z.literal(false), revocationsSchema])),
  isRevoked: z.optional(functionOption<NonNullable<GatewayOptions["isRevoked"]>>()),
  proof: z.optional(proofSchema),
  limits: z.optional(limitsSchema),
  // `parseRateLimitStore` has a schema for each kind of store.
  rateLimitStore: z.optional(z.custom<NonNullable<GatewayOptions["rateLimitStore"]>>(isRecord)),
  refusalLimit: z.optional(z.union([z.literal(false), refusalLimitSchema])),
  audit: z.optional(
    z.custom<NonNullable<GatewayOptions["audit"]>>(
      isAuditDestination,
      'must be "stdout", { file } or an object with a write method',
    ),
  ),
  metrics: z.optional(
    optionObject<NonNullable<GatewayOptions["metrics"]>>({
      process: z.optional(z.boolean()),
      access: z.optional(z.enum(["local", "public", "none"])),
    }),
  ),
  tracing: z.optional(z.boolean()),
  onError: z.optional(functionOption<NonNullable<GatewayOptions["onError"]>>()),
  fetch: z.optional(functionOption<NonNullable<GatewayOptions["fetch"]>>()),
};

export interface PolicySchemas<T extends PolicyOptions> {
  readonly whole: z.ZodMiniType<T>;
  /** Takes routes as they are, for a caller that has checked them one by one. */
  readonly withCheckedRoutes: z.ZodMiniType<T>;
}

const CHECKED_ROUTES = { routes: z.custom<PolicyOptions["routes"]>(Array.isArray) };

export const gatewaySchemas: PolicySchemas<GatewayOptions> = {
  whole: optionObject(GATEWAY_SHAPE),
  withCheckedRoutes: optionObject({ ...GATEWAY_SHAPE, ...CHECKED_ROUTES }),
};

// A reload also gets the options that it cannot replace, and ignores them.
const RELOAD_SHAPE: OptionShape<PolicyOptions> = {
  ...Object.fromEntries(Object.keys(GATEWAY_SHAPE).map((name) => [name, z.optional(z.unknown())])),
  ...POLICY_SHAPE,
};

export const reloadSchemas: PolicySchemas<PolicyOptions> = {
  whole: optionObject<PolicyOptions>(RELOAD_SHAPE),
  withCheckedRoutes: optionObject({ ...RELOAD_SHAPE, ...CHECKED_ROUTES }),
};

function isAuditDestination(value: unknown): boolean {
  if (value === "stdout") return true;
  return (
    isRecord(value) && (typeof value["file"] === "string" || typeof value["write"] === "function")
  );
}
