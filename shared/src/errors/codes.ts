/**
 * All error codes. What only servers and docs need stands elsewhere under the same codes: HTTP statuses and
 * actions in `http-codes.ts`, one hint each in `hints.ts`. A guest loads neither these nor this list.
 */
export const ERROR_CODES = [
  // The bridge and its configuration.
  "CONFIG_HOST_ORIGINS_MISSING",
  "CONFIG_HOST_ORIGINS_INVALID",
  "CONFIG_INVALID",
  "MANIFEST_INVALID",
  "HANDSHAKE_NOT_EMBEDDED",
  "HANDSHAKE_TIMEOUT",
  "HANDSHAKE_PROTOCOL_MISMATCH",
  "HANDSHAKE_REFUSED",
  "CHANNEL_LOST",
  "CHANNEL_CLOSED",
  "CALL_TIMEOUT",
  "CALL_ABORTED",
  "CALL_FAILED",
  "CALL_METHOD_UNKNOWN",
  "CALL_ARGUMENTS_INVALID",
  "CALL_RESULT_INVALID",
  "CALL_LIMIT_EXCEEDED",
  "CAPABILITY_MISSING",
  "SURFACE_REFUSED",
  "ACTIVATION_MISSING",
  "EVENT_TOPIC_INVALID",
  "EVENT_PAYLOAD_INVALID",
  "CONTEXT_INVALID",
  "FRAME_MALFORMED",
  "FRAME_TOO_LARGE",
  "FRAME_RATE_EXCEEDED",
  "VALUE_NOT_CLONEABLE",
  "FETCH_ORIGIN_NOT_ALLOWED",
  "FETCH_FAILED",
  "SIGNED_OUT",
  "OFFLINE",
  "DENIED",
  "HOST_GONE",
  // HTTP endpoints. `http-codes.ts` has their statuses.
  "TOKEN_MISSING",
  "TOKEN_MALFORMED",
  "TOKEN_SIGNATURE",
  "KEY_UNKNOWN",
  "TOKEN_EXPIRED",
  "TOKEN_ALG",
  "ISSUER_MISMATCH",
  "AUDIENCE_MISMATCH",
  "AZP_MISMATCH",
  "TOKEN_NOT_YET",
  "IAT_FUTURE",
  "PROOF_INVALID",
  "SESSION_MISSING",
  "SESSION_EXPIRED",
  "SESSION_REVOKED",
  "REFRESH_REUSED",
  "LOGIN_FAILED",
  "TENANT_MISMATCH",
  "SCOPE_MISSING",
  "CLAIM_REJECTED",
  "APP_NOT_ALLOWED",
  "APP_SUSPENDED",
  "ORIGIN_NOT_ALLOWED",
  "CSRF_REJECTED",
  "TENANT_NOT_ALLOWED",
  "STEP_UP_REQUIRED",
  "DUPLICATE_CREDENTIALS",
  "REQUEST_MALFORMED",
  "APP_UNKNOWN",
  "ROUTE_UNKNOWN",
  "SESSION_UNKNOWN",
  "USER_UNKNOWN",
  "METHOD_NOT_ALLOWED",
  "INSTALLATION_CONFLICT",
  "REVISION_CONFLICT",
  "APP_READ_ONLY",
  "REQUEST_TIMEOUT",
  "BODY_TOO_LARGE",
  "HEADERS_TOO_LARGE",
  "RATE_LIMITED",
  "INTERNAL_ERROR",
  "UPSTREAM_UNREACHABLE",
  "UPSTREAM_INVALID",
  "STORE_UNAVAILABLE",
  "KEYS_UNAVAILABLE",
  "OVERLOADED",
  "UPSTREAM_TIMEOUT",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** The codes after which a retry of the same operation can succeed. Every guest loads them. */
const RETRYABLE: readonly ErrorCode[] = [
  "HANDSHAKE_TIMEOUT",
  "CHANNEL_LOST",
  "CALL_TIMEOUT",
  "CALL_LIMIT_EXCEEDED",
  "FRAME_RATE_EXCEEDED",
  "FETCH_FAILED",
  "OFFLINE",
  "HOST_GONE",
  "TOKEN_MALFORMED",
  "TOKEN_SIGNATURE",
  "KEY_UNKNOWN",
  "TOKEN_EXPIRED",
  "TOKEN_NOT_YET",
  "IAT_FUTURE",
  "PROOF_INVALID",
  "REQUEST_TIMEOUT",
  "RATE_LIMITED",
  "UPSTREAM_UNREACHABLE",
  "UPSTREAM_INVALID",
  "STORE_UNAVAILABLE",
  "KEYS_UNAVAILABLE",
  "OVERLOADED",
  "UPSTREAM_TIMEOUT",
];

/** True for a code of this version. */
export function isErrorCode(code: string): code is ErrorCode {
  return (ERROR_CODES as readonly string[]).includes(code);
}

const CODE = /^[A-Z]+(_[A-Z]+)*$/;
const MAX_CODE_LENGTH = 64;

/** True for a text that may be a code of this version or of a newer one. */
export function hasCodeForm(code: string): code is ErrorCode {
  return code.length <= MAX_CODE_LENGTH && CODE.test(code);
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
  return RETRYABLE.includes(code);
}
