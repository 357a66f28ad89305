/**
 * The schema of `breezeway serve`'s configuration file. Issuer and gateway check the ranges of their own
 * options, and the gateway parses its own section.
 */
import type { InstallationOptions, IssuerOptions, OidcOptions } from "@breezeway/issuer";
import type { SqliteStoreOptions } from "@breezeway/issuer/sqlite";
import type { PostgresStoreOptions } from "@breezeway/issuer/postgres";
import { parseJsonWith } from "@breezeway/shared/schemas";
import * as z from "zod/mini";

/** The place of a secret: an environment variable, or a file relative to the configuration. */
export type SecretPlace = { readonly env: string } | { readonly file: string };

export type StoreSection =
  | ({ readonly kind: "sqlite" } & Pick<SqliteStoreOptions, "file" | "durability">)
  | ({ readonly kind: "postgres"; readonly url: SecretPlace } & Omit<
      PostgresStoreOptions,
      "connectionString"
    >);

/** Fields without a description are those of `IssuerOptions`. */
export interface IssuerSection extends Pick<
  IssuerOptions,
  "devLogin" | "tokenTtlSeconds" | "trustedOrigins" | "algorithms" | "sessions" | "rateLimits"
> {
  /** The issuer's URL as browsers see it: the option `issuer`. */
  readonly url: string;
  /** Default 4000. 0 chooses a free port. */
  readonly port: number;
  /** Default `127.0.0.1`. */
  readonly host: string;
  /** As in `serveIssuer`. */
  readonly keepAliveTimeoutMs?: number;
  /** Default: SQLite in `data/issuer.sqlite`, relative to the configuration. */
  readonly store: StoreSection;
  /** Path of the module that `hooks.ts` loads. */
  readonly hooks?: string;
  /** Time limit for one call of a hook, 1 to 60 000 ms. Default 5 000. */
  readonly hookTimeoutMs: number;
  readonly oidc?: Omit<OidcOptions, "mapUser" | "clientSecret"> & {
    readonly clientSecret?: SecretPlace;
  };
  readonly keys?: { readonly encryptionSecret?: SecretPlace; readonly periodDays?: number };
  readonly revocations?: {
    readonly secrets?: readonly SecretPlace[];
    readonly heartbeatSeconds?: number;
  };
  readonly installations?: Omit<InstallationOptions, "mayManage" | "fetch">;
  /** Where security events are written. Default `stdout`. */
  readonly audit: "stdout" | false;
}

/** The listeners, and the fields of `parseGatewaySection`. */
export interface GatewaySection {
  /** Default 4001. 0 chooses a free port. */
  readonly port: number;
  /** Default `127.0.0.1`. */
  readonly host: string;
  /** As in `serveGateway`. */
  readonly keepAliveTimeoutMs?: number;
  readonly operationsPort?: number;
  readonly operationsHost?: string;
  readonly [field: string]: unknown;
}

export interface ServeConfig {
  readonly $schema?: string;
  readonly issuer: IssuerSection;
  readonly gateway: GatewaySection;
  /** Manifests, or paths of manifest files relative to the configuration. */
  readonly apps: readonly (string | Readonly<Record<string, unknown>>)[];
  /** Addresses and CIDR ranges of the reverse proxies in front of both. Default none. */
  readonly trustedProxies?: readonly string[];
  /** Each 0 to 600 000 ms. Default 5 000 and 10 000. */
  readonly shutdown: { readonly drainDelayMs: number; readonly graceMs: number };
}

const SECRET_FORM =
  'must be { "env": "NAME" } or { "file": "path" }: this file must not hold secrets';

const secret = z.union(
  [
    z.strictObject({ env: z.string().check(z.minLength(1)) }),
    z.strictObject({ file: z.string().check(z.minLength(1)) }),
  ],
  SECRET_FORM,
);

const port = z.int().check(z.gte(0), z.lte(65_535));
// Node would listen on all addresses of the machine for an empty host.
const host = z.string().check(z.minLength(1));
const keepAliveTimeoutMs = z.exactOptional(z.int().check(z.gte(1), z.lte(3_600_000)));
const strings = z.array(z.string());
const maybe = z.exactOptional;

const store = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("sqlite"),
    file: z.string().check(z.minLength(1)),
    durability: maybe(z.enum(["full", "normal"])),
  }),
  z.strictObject({
    kind: z.literal("postgres"),
    url: secret,
    maxConnections: maybe(z.int().check(z.gte(1), z.lte(100))),
    connectTimeoutMs: maybe(z.int().check(z.gte(1))),
    statementTimeoutMs: maybe(z.int().check(z.gte(1))),
  }),
]);

const devUser = z.strictObject({
  id: z.string().check(z.minLength(1)),
  name: z.string(),
  tenants: z.record(z.string(), z.strictObject({ scopes: strings })),
  claims: maybe(z.record(z.string(), z.unknown())),
});

const issuer = z.strictObject({
  url: z.string(),
  port: z._default(port, 4_000),
  host: z._default(host, "127.0.0.1"),
  keepAliveTimeoutMs,
  store: z._default(store, { kind: "sqlite", file: "data/issuer.sqlite" }),
  hooks: maybe(z.string().check(z.minLength(1))),
  hookTimeoutMs: z._default(z.int().check(z.gte(1), z.lte(60_000)), 5_000),
  oidc: maybe(
    z.strictObject({
      provider: z.string(),
      clientId: z.string(),
      clientSecret: maybe(secret),
      scope: maybe(z.string()),
      userInfo: maybe(z.boolean()),
      failurePath: maybe(z.string()),
    }),
  ),
  devLogin: maybe(z.strictObject({ users: z.array(devUser) })),
  keys: maybe(z.strictObject({ encryptionSecret: maybe(secret), periodDays: maybe(z.number()) })),
  tokenTtlSeconds: maybe(z.number()),
  trustedOrigins: maybe(strings),
  algorithms: maybe(z.record(z.string(), z.enum(["EdDSA", "ES256"]))),
  sessions: maybe(
    z.strictObject({
      idleSeconds: maybe(z.number()),
      absoluteSeconds: maybe(z.number()),
      graceSeconds: maybe(z.number()),
      device: maybe(z.enum(["full", "browser", "none"])),
    }),
  ),
  nativeSessions: maybe(z.boolean()),
  rateLimits: maybe(
    z.union([z.literal(false), z.record(z.string(), z.int().check(z.gte(1), z.lte(10_000_000)))]),
  ),
  revocations: maybe(
    z.strictObject({
      secrets: maybe(z.array(secret)),
      heartbeatSeconds: maybe(z.number()),
    }),
  ),
  installations: maybe(
    z.strictObject({
      required: maybe(z.boolean()),
      timeoutMs: maybe(z.number()),
      maxAttempts: maybe(z.number()),
      allowPrivateAddresses: maybe(z.boolean()),
    }),
  ),
  audit: z._default(z.union([z.literal("stdout"), z.literal(false)]), "stdout"),
});

const gateway = z.looseObject({
  port: z._default(port, 4_001),
  host: z._default(host, "127.0.0.1"),
  keepAliveTimeoutMs,
  operationsPort: maybe(port),
  operationsHost: maybe(host),
});

const MAX_SHUTDOWN_MS = 600_000;
/** HAProxy's health checks, every 2 s, notice within it; Kubernetes and Docker's `stop` wait longer. */
const DRAIN_DELAY_MS = 5_000;
const GRACE_MS = 10_000;
const shutdownMs = z.int().check(z.gte(0), z.lte(MAX_SHUTDOWN_MS));

const serveConfigSchema: z.ZodMiniType<ServeConfig> = z.strictObject({
  $schema: maybe(z.string()),
  issuer,
  gateway,
  apps: z.array(z.union([z.string(), z.record(z.string(), z.unknown())])),
  trustedProxies: maybe(strings),
  shutdown: z._default(
    z.strictObject({
      drainDelayMs: z._default(shutdownMs, DRAIN_DELAY_MS),
      graceMs: z._default(shutdownMs, GRACE_MS),
    }),
    { drainDelayMs: DRAIN_DELAY_MS, graceMs: GRACE_MS },
  ),
});

/** @throws {BridgeError} CONFIG_INVALID, naming the file and each malformed field */
export function parseServeConfig(text: string, file: string): ServeConfig {
  return parseJsonWith(serveConfigSchema, text, { code: "CONFIG_INVALID", source: file });
}
