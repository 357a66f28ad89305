/** The options of an issuer, and their checks. Everything wrong is said at once, by its name. */
import { BridgeError, TOKEN_LIMITS, isLoopbackHost, isOrigin, isRecord } from "@breezeway/shared";
import {
  createAppRegistry,
  type AppRegistry,
  type ManifestInput,
  type RegisteredApp,
} from "@breezeway/shared/schemas";
import { pinoAudit, silentAudit, type AuditSink } from "./audit/audit.ts";
import { systemClock, type Clock } from "./clock.ts";
import {
  checkInstallations,
  type InstallationOptions,
} from "./installations/installation-options.ts";
import type { RateLimits } from "./http/rate-limits.ts";
import type { KeyVault, SigningAlgorithm } from "./keys/key-vault.ts";
import { assertDevLoginAllowed, type DevLoginOptions } from "./login/dev-login.ts";
import { checkOidcOptions, type OidcOptions } from "./login/oidc-options.ts";
import { checkOptionNames } from "./option-names.ts";
import { createReplaceableRegistry, type ReplaceableRegistry } from "./replaceable-registry.ts";
import type { SessionLifetimes } from "./sessions/lifetime.ts";
import type { Claims, SessionInfo } from "./sessions/session-record.ts";
import type { Store } from "./store/store.ts";

/** What a claims hook decides on. */
export interface ClaimsContext {
  readonly session: SessionInfo;
  readonly app: RegisteredApp;
}

/**
 * Adds claims to a token as it is minted. Reserved names are refused, and so is the token. Runs on
 * every mint: keep what needs a query in the session's own claims.
 */
export type ClaimsHook = (context: ClaimsContext) => Claims | Promise<Claims>;

export interface KeyOptions {
  /** Encrypts private keys at rest; at least 16 characters. Default: none, file mode 0600. */
  readonly encryptionSecret?: string;
  /** Makes keys and signs elsewhere, such as in a KMS. Default: Node's own cryptography. */
  readonly vault?: KeyVault;
  /** A key is replaced after this many days. 1 to 365, default 30. */
  readonly periodDays?: number;
}

export interface SessionOptions {
  /** Seconds without activity after which a session has ended. Default 7 days. */
  readonly idleSeconds?: number;
  /** Seconds after which a session has ended whatever happens. Default 30 days. */
  readonly absoluteSeconds?: number;
  /** Seconds for which a rotated secret still works. 0 to 300, default 30. */
  readonly graceSeconds?: number;
}

export interface RevocationOptions {
  /**
   * Bearer secrets; a reader of the feed must present one. Default: none needed. Entries name random
   * session handles, and, when very many sessions end at once, user and tenant ids.
   */
  readonly secrets?: readonly string[];
  /**
   * Seconds between signs of life on the feed, 1 to 60. Default 1: readers take three missed ones for
   * a cut connection. With more, give all readers a longer `maxSilenceMs`.
   */
  readonly heartbeatSeconds?: number;
}

export interface IssuerOptions {
  /**
   * The issuer's URL with its mount path, as clients see it: `https://shell.example/auth`. It is the
   * `iss` of every token. https, or http on loopback; no slash at the end, no query.
   */
  readonly issuer: string;
  /** The apps that tokens can be made for. */
  readonly apps: AppRegistry | readonly (ManifestInput | RegisteredApp)[];
  readonly store: Store;
  /** Sign-in without a password, for development. */
  readonly devLogin?: DevLoginOptions;
  /** Sign-in at an OpenID provider. */
  readonly oidc?: OidcOptions;
  readonly claims?: ClaimsHook;
  /** Life of a session token in seconds, 15 to 300, default 60; up to a tenth shorter at random. */
  readonly tokenTtlSeconds?: number;
  /** Origins other than the issuer's own whose pages may use the session endpoints. Exact. */
  readonly trustedOrigins?: readonly string[];
  /** Apps whose tokens are signed with ES256, for verifiers without Ed25519. Default: none. */
  readonly algorithms?: Readonly<Record<string, SigningAlgorithm>>;
  readonly keys?: KeyOptions;
  readonly sessions?: SessionOptions;
  /** Limits per session, app and address; `false` for none. See {@link RateLimits}. */
  readonly rateLimits?: RateLimits | false;
  readonly revocations?: RevocationOptions;
  /**
   * Apps are installed in tenants, and their backends told by signed calls. Default: no app needs to
   * be, and there are no such endpoints.
   */
  readonly installations?: InstallationOptions;
  /**
   * Where security events go. Default: JSON lines on standard output when `NODE_ENV` is
   * `production`, nowhere otherwise.
   */
  readonly audit?: AuditSink;
  /** Hears of failures that callers are not told about. Default: nobody. */
  readonly onError?: (error: unknown, requestId: string) => void;
  /**
   * Epoch milliseconds. Default: the system's clock, and the store's for what several processes
   * have to agree on.
   */
  readonly clock?: Clock;
}

export interface CheckedOptions {
  readonly url: URL;
  readonly mountPath: string;
  readonly apps: ReplaceableRegistry;
  readonly ttlSeconds: number;
  readonly trustedOrigins: ReadonlySet<string>;
  readonly lifetimes: SessionLifetimes;
  readonly keyPeriodDays: number;
  readonly feedHeartbeatMs: number;
  readonly audit: AuditSink;
  readonly onError: (error: unknown, requestId: string) => void;
  readonly clock: Clock;
}

const DAY_SECONDS = 86_400;

/** @throws {BridgeError} CONFIG_INVALID, MANIFEST_INVALID, naming the option */
export function checkOptions(options: IssuerOptions): CheckedOptions {
  checkOptionNames(options);
  const url = checkIssuerUrl(options.issuer);
  const production = process.env["NODE_ENV"] === "production";
  if (options.oidc) checkOidcOptions(options.oidc);
  if (options.devLogin) assertDevLoginAllowed(process.env["NODE_ENV"], url);
  for (const origin of options.trustedOrigins ?? []) {
    if (!isOrigin(origin)) throw invalid(`trustedOrigins: ${origin} is not an exact origin`);
  }
  if (!isRecord(options.store) || typeof options.store["open"] !== "function") {
    throw invalid("store: is required: sqliteStore(…) or postgresStore(…)");
  }
  const apps = checkApps(options);
  if (options.installations) checkInstallations(options.installations);
  const { idleSeconds, absoluteSeconds, graceSeconds } = options.sessions ?? {};
  return {
    url,
    mountPath: url.pathname.replace(/\/$/, ""),
    apps: createReplaceableRegistry(apps),
    ttlSeconds: within("tokenTtlSeconds", options.tokenTtlSeconds, {
      min: TOKEN_LIMITS.minTtlSeconds,
      max: TOKEN_LIMITS.maxTtlSeconds,
      otherwise: TOKEN_LIMITS.defaultTtlSeconds,
    }),
    trustedOrigins: new Set(options.trustedOrigins),
    lifetimes: {
      idleMs:
        1_000 *
        within("sessions.idleSeconds", idleSeconds, {
          min: 1,
          max: 365 * DAY_SECONDS,
          otherwise: 7 * DAY_SECONDS,
        }),
      absoluteMs:
        1_000 *
        within("sessions.absoluteSeconds", absoluteSeconds, {
          min: 1,
          max: 365 * DAY_SECONDS,
          otherwise: 30 * DAY_SECONDS,
        }),
      graceMs:
        1_000 * within("sessions.graceSeconds", graceSeconds, { min: 0, max: 300, otherwise: 30 }),
    },
    keyPeriodDays: within("keys.periodDays", options.keys?.periodDays, {
      min: 1,
      max: 365,
      otherwise: 30,
    }),
    feedHeartbeatMs:
      1_000 *
      within("revocations.heartbeatSeconds", options.revocations?.heartbeatSeconds, {
        min: 1,
        max: 60,
        otherwise: 1,
      }),
    audit: options.audit ?? (production ? pinoAudit() : silentAudit),
    onError(error, requestId) {
      try {
        options.onError?.(error, requestId);
      } catch {
        // A log that fails must not end work that nobody waits for, and the process with it.
      }
    },
    clock: options.clock ?? systemClock,
  };
}

/**
 * Finds what `createIssuer` would refuse, and opens nothing. For a configuration that is checked
 * before it is used.
 *
 * @throws {BridgeError} CONFIG_INVALID, MANIFEST_INVALID, naming the option
 */
export function assertIssuerOptions(options: IssuerOptions): void {
  checkOptions(options);
}

/** @throws {BridgeError} CONFIG_INVALID, MANIFEST_INVALID */
export function checkApps({
  apps: given,
  algorithms = {},
}: Pick<IssuerOptions, "apps" | "algorithms">): AppRegistry {
  if (!Array.isArray(given) && !isRecord(given)) {
    throw invalid("apps: is required: a list of manifests, or a registry");
  }
  const apps = isRegistry(given) ? given : createAppRegistry(given);
  for (const appId of Object.keys(algorithms)) {
    if (!apps.get(appId)) throw invalid(`algorithms: no app ${appId} is registered`);
  }
  return apps;
}

function checkIssuerUrl(issuer: string): URL {
  if (!URL.canParse(issuer)) throw invalid("issuer: must be a URL");
  const url = new URL(issuer);
  const isSecure =
    url.protocol === "https:" || (url.protocol === "http:" && isLoopbackHost(url.hostname));
  if (!isSecure) throw invalid("issuer: must be an https URL (http on loopback)");
  if (url.search !== "" || url.hash !== "" || url.username !== "" || url.password !== "") {
    throw invalid("issuer: must have no query, fragment or credentials");
  }
  // Compared byte for byte by every verifier, so there is one spelling.
  const canonical = url.pathname === "/" ? url.origin : url.href;
  if (issuer !== canonical || issuer.endsWith("/"))
    throw invalid(`issuer: must be spelt ${canonical.replace(/\/$/, "")}`);
  return url;
}

function isRegistry(apps: IssuerOptions["apps"]): apps is AppRegistry {
  return "byOrigin" in apps;
}

function within(
  name: string,
  value: number | undefined,
  { min, max, otherwise }: { min: number; max: number; otherwise: number },
): number {
  if (value === undefined) return otherwise;
  if (!Number.isFinite(value) || value < min || value > max) {
    throw invalid(`${name}: must be ${min} to ${max}`);
  }
  return value;
}

function invalid(message: string): BridgeError {
  return new BridgeError("CONFIG_INVALID", `${message}.`);
}
