/** The options of `createGateway`. `gateway-schema.ts` checks them. */
import type { AppRegistry, ManifestInput, SessionClaims } from "@breezeway/shared/schemas";
import type {
  Fetch,
  ProofOptions,
  SessionAlgorithm,
  SessionVerifierOptions,
} from "@breezeway/verify";
import type { RateLimitStore } from "../limits/rate-limit-store.ts";
import type { RefusalLimitOptions } from "../limits/refusal-limit.ts";
import type { AuditDestination } from "../observe/audit.ts";
import type { MetricsOptions } from "../observe/metrics.ts";
import type { UpstreamLimits } from "../upstream/upstream-pools.ts";
import type { RouteOptions } from "./route-schema.ts";

export interface CorsOptions {
  /** How long a browser may cache a preflight, 0 to 86 400 seconds. Default 600. */
  readonly maxAgeSeconds?: number | undefined;
  /** Response headers that guests may read, besides the gateway's own. Default none. */
  readonly exposedHeaders?: readonly string[] | undefined;
}

/** Limits of each upstream, 1 to 1 000 000. `UPSTREAM_LIMITS` has the defaults. */
export type LimitOptions = { readonly [Name in keyof UpstreamLimits]?: number | undefined };

export interface RevocationOptions {
  /** Address of the feed. Default `<issuer>/revocations`. The registry is beside it, at `registry`. */
  readonly url?: string | undefined;
  /** Headers of the request, for an issuer that guards its feed. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Time without a heartbeat until the feed counts as lost, 100 to 300 000 milliseconds. Default 3 000. */
  readonly maxSilenceMs?: number | undefined;
  /** Longest backoff between two attempts to connect, 10 to 60 000 milliseconds. Default 1 000. */
  readonly maxRetryMs?: number | undefined;
}

export interface GatewayOptions {
  /**
   * The issuer's URL, compared byte for byte with `iss` of the tokens. It must not end in a slash, unless
   * `jwks` and `revocations` are set as well: an issuer that is not Breezeway's may end in one.
   */
  readonly issuer: string;
  /**
   * Manifests of the apps whose tokens are accepted, or a registry of them. `"issuer"` follows the issuer's
   * registry; it needs `revocations.headers` with one of the issuer's `revocations.secrets`.
   */
  readonly apps: AppRegistry | readonly ManifestInput[] | "issuer";
  /** At least one route. */
  readonly routes: readonly RouteOptions[];
  /** The issuer's keys, or their URL. Default `<issuer>/.well-known/jwks.json`. */
  readonly jwks?: SessionVerifierOptions["jwks"] | undefined;
  /** Signature algorithms that are accepted. Default `["EdDSA"]`. */
  readonly algorithms?: readonly SessionAlgorithm[] | undefined;
  /** How to follow the issuer's revocation feed; `false` to follow none. */
  readonly revocations?: RevocationOptions | false | undefined;
  /** Called for every request, besides the revocation feed. `true` refuses with `session-revoked`. */
  readonly isRevoked?: ((claims: SessionClaims) => boolean) | undefined;
  /**
   * Accepts tokens that are bound to a key, with a proof of that key (RFC 9449). `publicUrls` are the
   * URLs at which clients reach this gateway. Default: the gateway rejects such tokens.
   */
  readonly proof?: ProofOptions | undefined;
  readonly cors?: CorsOptions | undefined;
  /**
   * Origins of hosts that fetch for their guests (`via: "host"`). Their requests may carry the token of
   * any app. Default none.
   */
  readonly hostOrigins?: readonly string[] | undefined;
  /**
   * Addresses and CIDR ranges of proxies in front of the gateway. It trusts and extends their
   * `X-Forwarded-*` headers, and replaces those of everybody else. Default none.
   */
  readonly trustedProxies?: readonly string[] | undefined;
  /**
   * Further client headers to remove: those in which your services tell each other who is calling. A
   * name, or a prefix followed by `*`: `["x-acme-*"]`. Names match in every spelling that CGI maps to
   * them, such as `X_Acme_User`. Default none.
   */
  readonly removeHeaders?: readonly string[] | undefined;
  readonly limits?: LimitOptions | undefined;
  /** The store in which several gateways count rate limits together. Default: this process counts. */
  readonly rateLimitStore?: RateLimitStore | undefined;
  /**
   * Rejected tokens per client address. Beyond the limit the gateway verifies no tokens from the address
   * until the window ends, and answers 429 `rate-limited`. Each process counts alone. The limit applies
   * only to addresses that stand for one client: name load balancers and reverse proxies in
   * `trustedProxies`, or requests through a private network are not limited. Default 1 000 in 60 seconds;
   * `false` for no limit.
   */
  readonly refusalLimit?: RefusalLimitOptions | false | undefined;
  /** Where to write one line of JSON per decision. Default: nowhere. */
  readonly audit?: AuditDestination | undefined;
  readonly metrics?: MetricsOptions | undefined;
  /** Whether to create spans through the OpenTelemetry API; register an SDK first. Default false. */
  readonly tracing?: boolean | undefined;
  /**
   * Called for failures that no request reports: of the key set, the revocation feed, and the store of
   * rate limits. Default: a line on standard error, at most one per minute while a failure lasts.
   */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Fetches the issuer's keys and revocations. Default: the runtime's `fetch`. */
  readonly fetch?: Fetch | undefined;
}

/** The options that a reload replaces. */
export type PolicyOptions = Pick<
  GatewayOptions,
  "apps" | "routes" | "cors" | "hostOrigins" | "trustedProxies" | "removeHeaders"
>;
