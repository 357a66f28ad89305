/** Parses the options of an issuer into complete settings: every default is filled in. */
import { BridgeError, TOKEN_LIMITS, isLoopbackHost, isOrigin, isRecord } from "@breezeway/shared";
import {
  createAppRegistry,
  functionOption,
  instanceOption,
  numberOption,
  optionObject,
  parseOptions,
  wholeNumberOption,
  type AppRegistry,
} from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import { createAppCatalog, type AppCatalog } from "./apps/app-catalog.ts";
import { pinoAudit, silentAudit, type AuditSink } from "./audit/audit.ts";
import { rateLimitOptions, type RateLimits } from "./http/rate-limits.ts";
import {
  installationOptions,
  type InstallationOptions,
} from "./installations/installation-options.ts";
import type { KeyVault, SigningAlgorithm } from "./keys/key-vault.ts";
import { encryptionSecretOption } from "./keys/local-vault.ts";
import {
  assertDevLoginAllowed,
  devLoginOptions,
  type DevLoginOptions,
} from "./login/dev-login-options.ts";
import { oidcOptions, type OidcOptions } from "./login/oidc-options.ts";
import type { IssuerOptions, KeyOptions, RevocationOptions, SessionOptions } from "./options.ts";
import type { SessionLifetimes } from "./sessions/lifetime.ts";
import type { DeviceDetail } from "./sessions/session-device.ts";
import type { Store } from "./store/store.ts";
import type { ClaimsHook } from "./tokens/claims-hook.ts";

export interface IssuerSettings {
  /** The `iss` of every token. */
  readonly issuer: string;
  readonly url: URL;
  /** The path of `url`, without a trailing slash. */
  readonly mountPath: string;
  readonly apps: AppCatalog;
  readonly store: Store;
  readonly devLogin: DevLoginOptions | undefined;
  readonly oidc: OidcOptions | undefined;
  readonly claims: ClaimsHook | undefined;
  readonly tokenTtlSeconds: number;
  readonly trustedOrigins: ReadonlySet<string>;
  /** By app id. An app without an entry uses EdDSA. */
  readonly algorithms: Readonly<Record<string, SigningAlgorithm>>;
  readonly keys: KeyOptions & { readonly periodDays: number };
  readonly lifetimes: SessionLifetimes;
  readonly sessionsInMemory: number;
  readonly device: DeviceDetail;
  readonly nativeSessions: boolean;
  readonly rateLimits: RateLimits | false;
  readonly feedSecrets: readonly string[];
  readonly feedHeartbeatMs: number;
  readonly installations: InstallationOptions | undefined;
  readonly needsConsent: boolean;
  readonly audit: AuditSink;
  /** Never throws. */
  readonly onError: (error: unknown, requestId: string) => void;
}

const DAY_SECONDS = 86_400;
/** Sessions: 100 to 200 MB. */
const DEFAULT_IN_MEMORY = 100_000;
const MAX_LIFETIME_SECONDS = 365 * DAY_SECONDS;

type GivenApps = NonNullable<IssuerOptions["apps"]>;

const appsOption = z.custom<GivenApps>((apps) => Array.isArray(apps) || isRegistry(apps), {
  error: ({ input }) =>
    input === undefined ? "is required" : "must be a list of manifests or an app registry",
});

export interface ReloadOptions {
  readonly apps: GivenApps;
}

const reloadOptions = optionObject<ReloadOptions>({ apps: appsOption });

const issuerOptions = optionObject<IssuerOptions>({
  issuer: z.string(),
  apps: z.optional(appsOption),
  store: instanceOption<Store>(
    ["open"],
    "must be a store, such as sqliteStore(…) or postgresStore(…)",
  ),
  devLogin: z.optional(devLoginOptions),
  oidc: z.optional(oidcOptions),
  claims: z.optional(functionOption<ClaimsHook>()),
  tokenTtlSeconds: z.optional(
    wholeNumberOption(TOKEN_LIMITS.minTtlSeconds, TOKEN_LIMITS.maxTtlSeconds),
  ),
  trustedOrigins: z.optional(
    z.array(
      z.string().check(z.refine(isOrigin, "must be an exact origin, such as https://app.example")),
    ),
  ),
  algorithms: z.optional(z.record(z.string(), z.enum(["EdDSA", "ES256"]))),
  keys: z.optional(
    optionObject<KeyOptions>({
      encryptionSecret: z.optional(encryptionSecretOption),
      vault: z.optional(
        instanceOption<KeyVault>(["create", "open"], "must be a key vault with create and open"),
      ),
      periodDays: z.optional(numberOption(1, 365)),
    }),
  ),
  sessions: z.optional(
    optionObject<SessionOptions>({
      idleSeconds: z.optional(numberOption(1, MAX_LIFETIME_SECONDS)),
      absoluteSeconds: z.optional(numberOption(1, MAX_LIFETIME_SECONDS)),
      graceSeconds: z.optional(numberOption(0, 300)),
      inMemory: z.optional(wholeNumberOption(0, 10_000_000)),
      device: z.optional(z.enum(["full", "browser", "none"])),
    }),
  ),
  nativeSessions: z.optional(z.boolean()),
  rateLimits: z.optional(z.union([z.literal(false), rateLimitOptions])),
  revocations: z.optional(
    optionObject<RevocationOptions>({
      secrets: z.optional(z.array(z.string())),
      heartbeatSeconds: z.optional(numberOption(1, 60)),
    }),
  ),
  installations: z.optional(installationOptions),
  consent: z.optional(z.literal("required")),
  audit: z.optional(functionOption<AuditSink>()),
  onError: z.optional(functionOption<NonNullable<IssuerOptions["onError"]>>()),
});

/**
 * @throws {BridgeError} CONFIG_INVALID, when an option is unknown or does not fit; the message names it
 * @throws {BridgeError} MANIFEST_INVALID, when a manifest in `apps` does not fit
 */
export function parseIssuerOptions(given: IssuerOptions): IssuerSettings {
  const options = parseOptions(issuerOptions, given, "createIssuer");
  const url = parseIssuerUrl(options.issuer);
  const environment = process.env["NODE_ENV"];
  if (options.devLogin) assertDevLoginAllowed(environment, url);
  const { algorithms = {}, sessions = {}, revocations = {} } = options;
  const { idleSeconds = 7 * DAY_SECONDS, absoluteSeconds = 30 * DAY_SECONDS } = sessions;
  return {
    issuer: options.issuer,
    url,
    mountPath: url.pathname.replace(/\/$/, ""),
    apps: createAppCatalog(
      options.apps === undefined ? createAppRegistry([]) : registryOf(options.apps, algorithms),
    ),
    store: options.store,
    devLogin: options.devLogin,
    oidc: options.oidc,
    claims: options.claims,
    tokenTtlSeconds: options.tokenTtlSeconds ?? TOKEN_LIMITS.defaultTtlSeconds,
    trustedOrigins: new Set(options.trustedOrigins),
    algorithms,
    keys: { ...options.keys, periodDays: options.keys?.periodDays ?? 30 },
    lifetimes: {
      idleMs: 1_000 * idleSeconds,
      absoluteMs: 1_000 * absoluteSeconds,
      graceMs: 1_000 * (sessions.graceSeconds ?? 30),
    },
    sessionsInMemory: sessions.inMemory ?? DEFAULT_IN_MEMORY,
    device: sessions.device ?? "full",
    nativeSessions: options.nativeSessions ?? false,
    rateLimits: options.rateLimits ?? {},
    feedSecrets: revocations.secrets ?? [],
    feedHeartbeatMs: 1_000 * (revocations.heartbeatSeconds ?? 1),
    installations: options.installations,
    needsConsent: options.consent === "required",
    audit: options.audit ?? (environment === "production" ? pinoAudit() : silentAudit),
    onError: withoutThrowing(options.onError),
  };
}

/**
 * Reports what `createIssuer` would refuse, and opens nothing. Checks a configuration before it is
 * used.
 *
 * @throws {BridgeError} CONFIG_INVALID, MANIFEST_INVALID, as `createIssuer` throws them
 */
export function assertIssuerOptions(options: IssuerOptions): void {
  parseIssuerOptions(options);
}

/**
 * The apps that `Issuer.reload` is given.
 *
 * @throws {BridgeError} CONFIG_INVALID, MANIFEST_INVALID
 */
export function parseReloadOptions(
  given: ReloadOptions,
  algorithms: IssuerSettings["algorithms"],
): AppRegistry {
  const { apps } = parseOptions(reloadOptions, given, "issuer.reload");
  return registryOf(apps, algorithms, "issuer.reload");
}

/** @throws {BridgeError} CONFIG_INVALID, MANIFEST_INVALID */
function registryOf(
  given: GivenApps,
  algorithms: IssuerSettings["algorithms"],
  source = "createIssuer",
): AppRegistry {
  const apps = isRegistry(given) ? given : createAppRegistry(given);
  for (const appId of Object.keys(algorithms)) {
    if (!apps.get(appId)) {
      throw new BridgeError(
        "CONFIG_INVALID",
        `${source}: algorithms: no app ${appId} is registered. Add it to apps, or remove it here.`,
      );
    }
  }
  return apps;
}

function isRegistry(apps: unknown): apps is AppRegistry {
  return isRecord(apps) && "byOrigin" in apps;
}

/** @throws {BridgeError} CONFIG_INVALID */
function parseIssuerUrl(issuer: string): URL {
  const url = URL.parse(issuer);
  if (!url) throw invalidUrl("must be a URL, such as https://shell.example/auth");
  const isSecure =
    url.protocol === "https:" || (url.protocol === "http:" && isLoopbackHost(url.hostname));
  if (!isSecure) throw invalidUrl("must be an https URL (http is allowed on loopback)");
  if (url.search !== "" || url.hash !== "" || url.username !== "" || url.password !== "") {
    throw invalidUrl("must have no query, fragment or credentials");
  }
  // Verifiers compare the issuer byte for byte, so only the canonical spelling is allowed.
  const canonical = (url.pathname === "/" ? url.origin : url.href).replace(/\/$/, "");
  if (issuer === canonical) return url;
  const advice = issuer.endsWith("/") ? ". Remove the slash at the end" : "";
  throw invalidUrl(`must be written ${canonical}${advice}`);
}

function invalidUrl(text: string): BridgeError {
  return new BridgeError("CONFIG_INVALID", `createIssuer: issuer: ${text}.`);
}

/** A logger that throws must not stop background work, which would end the process. */
function withoutThrowing(onError: IssuerOptions["onError"]): IssuerSettings["onError"] {
  return (error, requestId) => {
    try {
      onError?.(error, requestId);
    } catch {
      // The logger is the only place where its failure could be reported.
    }
  };
}
