/** The options of an issuer. `issuer-settings.ts` parses them. */
import type { AppRegistry, ManifestInput, RegisteredApp } from "@breezeway/shared/schemas";
import type { AuditSink } from "./audit/audit.ts";
import type { RateLimits } from "./http/rate-limits.ts";
import type { InstallationOptions } from "./installations/installation-options.ts";
import type { KeyVault, SigningAlgorithm } from "./keys/key-vault.ts";
import type { DevLoginOptions } from "./login/dev-login-options.ts";
import type { OidcOptions } from "./login/oidc-options.ts";
import type { DeviceDetail } from "./sessions/session-device.ts";
import type { Store } from "./store/store.ts";
import type { ClaimsHook } from "./tokens/claims-hook.ts";

export interface KeyOptions {
  /**
   * Encrypts private keys at rest; at least 16 characters. Default: keys are not encrypted, and a
   * SQLite file has mode 0600.
   */
  readonly encryptionSecret?: string;
  /** Makes keys and signs elsewhere, such as in a KMS. Default: Node's own cryptography. */
  readonly vault?: KeyVault;
  /** A key is replaced after this many days. 1 to 365, default 30. */
  readonly periodDays?: number;
}

export interface SessionOptions {
  /** A session without activity ends after this many seconds. 1 to 31 536 000, default 7 days. */
  readonly idleSeconds?: number;
  /** Every session ends after this many seconds. 1 to 31 536 000, default 30 days. */
  readonly absoluteSeconds?: number;
  /** A rotated secret still works for this many seconds. 0 to 300, default 30. */
  readonly graceSeconds?: number;
  /**
   * Sessions that this process keeps in memory, so that a token of an active session needs no query. 0 to
   * 10 000 000, default 100 000. Each takes about 1 kB, and what its claims and data take.
   */
  readonly inMemory?: number;
  /**
   * How much a session keeps of its device. `"full"`: browser, system and a coarse network (IPv4 /24,
   * IPv6 /48). `"browser"`: browser and system. `"none"`: nothing. Sessions that exist keep what they have. Default
   * `"full"`.
   */
  readonly device?: DeviceDetail;
}

export interface RevocationOptions {
  /**
   * Bearer secrets; a reader of the feed must present one. Default: anybody may read the feed.
   * Entries name random session handles and, when very many sessions end at once, user and tenant
   * ids.
   */
  readonly secrets?: readonly string[];
  /**
   * Seconds between heartbeats on the feed, 1 to 60. Default 1: readers treat the connection as cut
   * after three missed heartbeats. With more seconds, give all readers a longer `maxSilenceMs`.
   */
  readonly heartbeatSeconds?: number;
}

export interface IssuerOptions {
  /**
   * The issuer's URL with its mount path, as clients see it: `https://shell.example/auth`. It is the
   * `iss` of every token. https, or http on loopback; no trailing slash, no query.
   */
  readonly issuer: string;
  /**
   * Apps that only their files change, besides those that `issuer.apps` keeps in the store. An id may not
   * be in both. Default: none.
   */
  readonly apps?: AppRegistry | readonly (ManifestInput | RegisteredApp)[];
  readonly store: Store;
  /** Sign-in without a password, for development. */
  readonly devLogin?: DevLoginOptions;
  /** Sign-in at an OpenID provider. */
  readonly oidc?: OidcOptions;
  readonly claims?: ClaimsHook;
  /**
   * Life of a session token in seconds, a whole number from 15 to 300, default 60. Each token lives
   * up to a tenth shorter at random, which spreads the refreshes.
   */
  readonly tokenTtlSeconds?: number;
  /** Exact origins, besides the issuer's own, whose pages may use the session endpoints. */
  readonly trustedOrigins?: readonly string[];
  /**
   * Apps whose tokens are signed with ES256, for verifiers without Ed25519. With the option `apps`, each
   * must be one of those. Default: none.
   */
  readonly algorithms?: Readonly<Record<string, SigningAlgorithm>>;
  readonly keys?: KeyOptions;
  readonly sessions?: SessionOptions;
  /**
   * Lets programs without a browser (`@breezeway/client`) present their session in the header
   * `X-Breezeway-Session`. Pages always use the cookie. Default `false`.
   */
  readonly nativeSessions?: boolean;
  /** Limits per session, app, tenant and address; `false` switches them off. */
  readonly rateLimits?: RateLimits | false;
  readonly revocations?: RevocationOptions;
  /**
   * Lets tenants install apps, and calls the apps' backends. Default: apps need no installation, and
   * the endpoints do not exist.
   */
  readonly installations?: InstallationOptions;
  /**
   * `"required"`: a token has only the scopes that the tenant has agreed to, and more scopes in a manifest
   * change nothing until it agrees again. Default: every tenant agrees to what manifests list.
   */
  readonly consent?: "required";
  /**
   * Where security events go. Default: JSON lines on standard output when `NODE_ENV` is
   * `production`, nowhere otherwise.
   */
  readonly audit?: AuditSink;
  /** Receives failures whose cause callers do not see. Default: nobody. */
  readonly onError?: (error: unknown, requestId: string) => void;
}
