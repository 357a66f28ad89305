/** The names of an issuer's options: one that is not among them is a misspelling, or of another version. */
import { BridgeError, isRecord } from "@breezeway/shared";
import type { InstallationOptions } from "./installations/installation-options.ts";
import { DEFAULT_RATE_LIMITS } from "./http/rate-limits.ts";
import type { DevLoginOptions } from "./login/dev-login.ts";
import type { OidcOptions } from "./login/oidc-options.ts";
import type { IssuerOptions, KeyOptions, RevocationOptions, SessionOptions } from "./options.ts";

// Records and not lists, so that the compiler finds a name that is missing.
export type Names<Options> = Readonly<Record<keyof Options, unknown>>;

const NAMES: Names<IssuerOptions> = {
  issuer: 1,
  apps: 1,
  store: 1,
  devLogin: 1,
  oidc: 1,
  claims: 1,
  tokenTtlSeconds: 1,
  trustedOrigins: 1,
  algorithms: 1,
  keys: 1,
  sessions: 1,
  rateLimits: 1,
  revocations: 1,
  installations: 1,
  audit: 1,
  onError: 1,
  clock: 1,
};

const KEYS: Names<KeyOptions> = { encryptionSecret: 1, vault: 1, periodDays: 1 };
const SESSIONS: Names<SessionOptions> = { idleSeconds: 1, absoluteSeconds: 1, graceSeconds: 1 };
const REVOCATIONS: Names<RevocationOptions> = { secrets: 1, heartbeatSeconds: 1 };
const INSTALLATIONS: Names<InstallationOptions> = {
  mayManage: 1,
  required: 1,
  timeoutMs: 1,
  maxAttempts: 1,
  allowPrivateAddresses: 1,
  fetch: 1,
};
const DEV_LOGIN: Names<DevLoginOptions> = { users: 1 };
const OIDC: Names<OidcOptions> = {
  provider: 1,
  clientId: 1,
  clientSecret: 1,
  scope: 1,
  userInfo: 1,
  mapUser: 1,
  failurePath: 1,
};

const GROUPS: Readonly<Record<string, object>> = {
  keys: KEYS,
  sessions: SESSIONS,
  revocations: REVOCATIONS,
  installations: INSTALLATIONS,
  devLogin: DEV_LOGIN,
  oidc: OIDC,
  rateLimits: DEFAULT_RATE_LIMITS,
};

/** @throws {BridgeError} CONFIG_INVALID, naming the option */
export function checkOptionNames(options: unknown): void {
  if (!isRecord(options)) throw invalid("options: must be an object");
  refuseUnknown(options, NAMES);
  for (const [group, names] of Object.entries(GROUPS)) {
    const value = options[group];
    if (value === undefined || value === false) continue;
    if (!isRecord(value)) throw invalid(`${group}: must be an object`);
    refuseUnknown(value, names, `${group}.`);
  }
}

/** @throws {BridgeError} CONFIG_INVALID for a member that `names` does not have */
export function refuseUnknown(value: object, names: object, prefix = ""): void {
  const unknown = Object.keys(value).find((name) => !Object.hasOwn(names, name));
  if (unknown !== undefined) throw invalid(`${prefix}${unknown}: is not an option`);
}

function invalid(message: string): BridgeError {
  return new BridgeError("CONFIG_INVALID", `${message}.`);
}
