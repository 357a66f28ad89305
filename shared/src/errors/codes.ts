/**
 * The one vocabulary of failures. Each code stands here once; everything else about an error
 * (its kebab-case reason, its HTTP status, whether to retry, what the docs say) is derived.
 *
 * This file has no prose in it on purpose: it is bundled into every guest. Hints are in `hints.ts`.
 */

/** What a caller should do about an HTTP error. Part of every problem+json body. */
export type ErrorAction = "refresh" | "login" | "step-up" | "wait" | "none";

/**
 * Codes that arise on the bridge or while configuring it; the value says whether the same call can
 * succeed when it is simply tried again.
 */
export const BRIDGE_CODES = {
  CONFIG_HOST_ORIGINS_MISSING: false,
  CONFIG_HOST_ORIGINS_INVALID: false,
  CONFIG_INVALID: false,
  MANIFEST_INVALID: false,
  HANDSHAKE_NOT_EMBEDDED: false,
  HANDSHAKE_TIMEOUT: true,
  HANDSHAKE_PROTOCOL_MISMATCH: false,
  HANDSHAKE_REFUSED: false,
  CHANNEL_LOST: true,
  CHANNEL_CLOSED: false,
  CALL_TIMEOUT: true,
  CALL_ABORTED: false,
  CALL_FAILED: false,
  CALL_METHOD_UNKNOWN: false,
  CALL_ARGUMENTS_INVALID: false,
  CALL_RESULT_INVALID: false,
  CALL_LIMIT_EXCEEDED: true,
  CAPABILITY_MISSING: false,
  EVENT_TOPIC_INVALID: false,
  EVENT_PAYLOAD_INVALID: false,
  CONTEXT_INVALID: false,
  FRAME_MALFORMED: false,
  FRAME_TOO_LARGE: false,
  FRAME_RATE_EXCEEDED: true,
  VALUE_NOT_CLONEABLE: false,
  FETCH_ORIGIN_NOT_ALLOWED: false,
  FETCH_FAILED: true,
  SIGNED_OUT: false,
  OFFLINE: true,
  DENIED: false,
  HOST_GONE: true,
} as const;

/** Codes that an HTTP endpoint answers with: status, then the action of the caller. */
export const HTTP_CODES = {
  TOKEN_MISSING: [401, "login"],
  TOKEN_MALFORMED: [401, "refresh"],
  TOKEN_SIGNATURE: [401, "refresh"],
  KEY_UNKNOWN: [401, "refresh"],
  TOKEN_EXPIRED: [401, "refresh"],
  TOKEN_ALG: [401, "none"],
  ISSUER_MISMATCH: [401, "none"],
  AUDIENCE_MISMATCH: [401, "none"],
  AZP_MISMATCH: [401, "none"],
  TOKEN_NOT_YET: [401, "wait"],
  IAT_FUTURE: [401, "wait"],
  SESSION_MISSING: [401, "login"],
  SESSION_EXPIRED: [401, "login"],
  SESSION_REVOKED: [401, "login"],
  REFRESH_REUSED: [401, "login"],
  LOGIN_FAILED: [401, "login"],
  TENANT_MISMATCH: [403, "none"],
  SCOPE_MISSING: [403, "none"],
  CLAIM_REJECTED: [403, "none"],
  APP_NOT_ALLOWED: [403, "none"],
  ORIGIN_NOT_ALLOWED: [403, "none"],
  CSRF_REJECTED: [403, "none"],
  TENANT_NOT_ALLOWED: [403, "none"],
  STEP_UP_REQUIRED: [403, "step-up"],
  DUPLICATE_CREDENTIALS: [400, "none"],
  REQUEST_MALFORMED: [400, "none"],
  APP_UNKNOWN: [404, "none"],
  ROUTE_UNKNOWN: [404, "none"],
  SESSION_UNKNOWN: [404, "none"],
  USER_UNKNOWN: [404, "none"],
  METHOD_NOT_ALLOWED: [405, "none"],
  REQUEST_TIMEOUT: [408, "wait"],
  BODY_TOO_LARGE: [413, "none"],
  HEADERS_TOO_LARGE: [431, "none"],
  RATE_LIMITED: [429, "wait"],
  INTERNAL_ERROR: [500, "none"],
  UPSTREAM_UNREACHABLE: [502, "wait"],
  UPSTREAM_INVALID: [502, "wait"],
  STORE_UNAVAILABLE: [503, "wait"],
  KEYS_UNAVAILABLE: [503, "wait"],
  OVERLOADED: [503, "wait"],
  UPSTREAM_TIMEOUT: [504, "wait"],
} as const;

export type BridgeCode = keyof typeof BRIDGE_CODES;
export type HttpCode = keyof typeof HTTP_CODES;
export type ErrorCode = BridgeCode | HttpCode;

type Kebab<Code extends string> = Code extends `${infer Head}_${infer Tail}`
  ? `${Lowercase<Head>}-${Kebab<Tail>}`
  : Lowercase<Code>;

/** The kebab-case spelling of an HTTP code, as it stands in problem+json and in log lines. */
export type ErrorReason = Kebab<HttpCode>;

export function isHttpCode(code: string): code is HttpCode {
  return Object.hasOwn(HTTP_CODES, code);
}

export function isErrorCode(code: string): code is ErrorCode {
  return isHttpCode(code) || Object.hasOwn(BRIDGE_CODES, code);
}

/** `TOKEN_EXPIRED` → `token-expired`. */
export function reasonOf(code: HttpCode): ErrorReason;
export function reasonOf(code: ErrorCode): string;
export function reasonOf(code: ErrorCode): string {
  return code.toLowerCase().replaceAll("_", "-");
}

/** `token-expired` → `TOKEN_EXPIRED`; `undefined` for a reason that this version does not know. */
export function codeOfReason(reason: string): HttpCode | undefined {
  const code = reason.toUpperCase().replaceAll("-", "_");
  return isHttpCode(code) && reasonOf(code) === reason ? code : undefined;
}

/**
 * Whether the same operation can succeed without anybody changing anything: after a fresh token
 * (`refresh`), after a while (`wait`), or at once on a channel that has come back.
 */
export function isRetryable(code: ErrorCode): boolean {
  if (!isHttpCode(code)) return BRIDGE_CODES[code];
  const action: ErrorAction = HTTP_CODES[code][1];
  return action === "refresh" || action === "wait";
}
