/**
 * All error codes, with what every guest needs to know of each: its name, and whether a retry can
 * succeed. What only servers and docs need stands elsewhere under the same codes: HTTP statuses and
 * actions in `http-codes.ts`, one hint each in `hints.ts`.
 */

/** All codes. The value says whether a retry of the same operation can succeed. */
export const ERROR_CODES = {
  // The bridge and its configuration.
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
  SURFACE_REFUSED: false,
  ACTIVATION_MISSING: false,
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
  // HTTP endpoints. `http-codes.ts` has their statuses.
  TOKEN_MISSING: false,
  TOKEN_MALFORMED: true,
  TOKEN_SIGNATURE: true,
  KEY_UNKNOWN: true,
  TOKEN_EXPIRED: true,
  TOKEN_ALG: false,
  ISSUER_MISMATCH: false,
  AUDIENCE_MISMATCH: false,
  AZP_MISMATCH: false,
  TOKEN_NOT_YET: true,
  IAT_FUTURE: true,
  PROOF_INVALID: true,
  SESSION_MISSING: false,
  SESSION_EXPIRED: false,
  SESSION_REVOKED: false,
  REFRESH_REUSED: false,
  LOGIN_FAILED: false,
  TENANT_MISMATCH: false,
  SCOPE_MISSING: false,
  CLAIM_REJECTED: false,
  APP_NOT_ALLOWED: false,
  ORIGIN_NOT_ALLOWED: false,
  CSRF_REJECTED: false,
  TENANT_NOT_ALLOWED: false,
  STEP_UP_REQUIRED: false,
  DUPLICATE_CREDENTIALS: false,
  REQUEST_MALFORMED: false,
  APP_UNKNOWN: false,
  ROUTE_UNKNOWN: false,
  SESSION_UNKNOWN: false,
  USER_UNKNOWN: false,
  METHOD_NOT_ALLOWED: false,
  INSTALLATION_CONFLICT: false,
  REQUEST_TIMEOUT: true,
  BODY_TOO_LARGE: false,
  HEADERS_TOO_LARGE: false,
  RATE_LIMITED: true,
  INTERNAL_ERROR: false,
  UPSTREAM_UNREACHABLE: true,
  UPSTREAM_INVALID: true,
  STORE_UNAVAILABLE: true,
  KEYS_UNAVAILABLE: true,
  OVERLOADED: true,
  UPSTREAM_TIMEOUT: true,
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code);
}

/** `TOKEN_EXPIRED` → `token-expired`. */
export type Reason<Code extends string> = Code extends `${infer Head}_${infer Tail}`
  ? `${Lowercase<Head>}-${Reason<Tail>}`
  : Lowercase<Code>;

/** The code in kebab case: `TOKEN_EXPIRED` → `token-expired`. */
export function reasonOf<Code extends ErrorCode>(code: Code): Reason<Code> {
  return code.toLowerCase().replaceAll("_", "-") as Reason<Code>;
}

/**
 * Whether the same operation can succeed without any change: with a fresh token, after a while, or
 * at once on a restored channel.
 */
export function isRetryable(code: ErrorCode): boolean {
  return ERROR_CODES[code];
}
