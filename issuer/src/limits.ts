/** Bounds on what clients, providers and apps can make an issuer do, each with the reason for its number. */

export type StreamKind = "revocations" | "session";
/** The accounts on which an event stream can be. */
export type StreamShare = "session" | "user" | "address";

interface StreamBound {
  /** Open streams of one holder. */
  readonly most: number;
  /** A holder of fewer streams may take a reserved place. */
  readonly few: number;
}

interface StreamLimits {
  /** Open streams of all holders in one process. */
  readonly total: number;
  /** The last of these places, for holders of few streams. */
  readonly reserve: number;
  readonly per: Readonly<Partial<Record<StreamShare, StreamBound>>>;
}

/** Event streams of one process. */
export const STREAM_LIMITS: Readonly<Record<StreamKind, StreamLimits>> = {
  // There are few gateways and services. Readers of a data centre may share an address.
  revocations: { total: 4_096, reserve: 512, per: { address: { most: 256, few: 8 } } },
  // There are many pages. A user has several tabs on several devices, and an office one address.
  session: {
    total: 20_000,
    reserve: 2_000,
    per: {
      session: { most: 32, few: 4 },
      user: { most: 256, few: 4 },
      address: { most: 10_000, few: 64 },
    },
  },
};

export const REQUEST_LIMITS = {
  /** All header fields together. Common servers accept no more. */
  maxHeaderBytes: 16_384,
  /** Far above the largest legitimate body, which has two ids of 256 characters. */
  maxBodyBytes: 16_384,
} as const;

export const SESSION_LIMITS = {
  /** A whole token has at most 8 kB, so custom claims get half of it. */
  maxClaimsBytes: 4_096,
  maxDataBytes: 65_536,
  maxTenants: 1_000,
} as const;

/** Requests per minute, unless the option `rateLimits` says otherwise. */
export const DEFAULT_RATE_LIMITS = {
  loginsPerAddress: 300,
  // A million users within two hours, through one process.
  logins: 20_000,
  mintsPerSession: 1_200,
  mintsPerSessionAndApp: 300,
  mintsPerApp: 600_000,
  installationChangesPerTenant: 120,
  requestsPerAddress: 12_000,
} as const;

/** Answers of an OpenID provider. */
export const PROVIDER_LIMITS = {
  /** One answer, after decompression. A discovery document has some kilobytes, an ID token with many groups some dozen. */
  maxAnswerBytes: 262_144,
  timeoutSeconds: 10,
  /** An ID token may be this far ahead of the issuer's clock. */
  maxSkewSeconds: 60,
} as const;
