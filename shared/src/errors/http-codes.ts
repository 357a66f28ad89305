/** HTTP status and action of each failure of an HTTP endpoint. Never bundled into a guest. */
import { reasonOf, type ErrorCode, type Reason } from "./codes.ts";

/** What a caller should do about an HTTP error. Every problem+json body has it. */
export type ErrorAction = "refresh" | "login" | "step-up" | "wait" | "none";

/** Codes of HTTP endpoints: status, then the action for the caller. */
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
  PROOF_INVALID: [401, "refresh"],
  SESSION_MISSING: [401, "login"],
  SESSION_EXPIRED: [401, "login"],
  SESSION_REVOKED: [401, "login"],
  REFRESH_REUSED: [401, "login"],
  LOGIN_FAILED: [401, "login"],
  TENANT_MISMATCH: [403, "none"],
  SCOPE_MISSING: [403, "none"],
  CLAIM_REJECTED: [403, "none"],
  APP_NOT_ALLOWED: [403, "none"],
  APP_SUSPENDED: [403, "none"],
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
  INSTALLATION_CONFLICT: [409, "none"],
  REVISION_CONFLICT: [409, "none"],
  APP_READ_ONLY: [409, "none"],
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

export type HttpCode = keyof typeof HTTP_CODES;
export type BridgeCode = Exclude<ErrorCode, HttpCode>;

/** An HTTP code in kebab case, as problem+json bodies and log lines have it. */
export type ErrorReason = Reason<HttpCode>;

export function isHttpCode(code: string): code is HttpCode {
  return Object.hasOwn(HTTP_CODES, code);
}

/** `token-expired` → `TOKEN_EXPIRED`. `undefined` for a reason that this version does not know. */
export function codeOfReason(reason: string): HttpCode | undefined {
  const code = reason.toUpperCase().replaceAll("-", "_");
  return isHttpCode(code) && reasonOf(code) === reason ? code : undefined;
}
