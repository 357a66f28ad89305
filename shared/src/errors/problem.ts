/**
 * HTTP errors as `application/problem+json` (RFC 9457) with `WWW-Authenticate: Bearer` (RFC 6750,
 * section 3) or `DPoP` (RFC 9449, section 7.1). Pure: the caller turns the parts into a response of
 * its framework, so every server of Breezeway answers alike.
 */
import { BridgeError, ERRORS_URL } from "./bridge-error.ts";
import { reasonOf } from "./codes.ts";
import { ERROR_HINTS } from "./hints.ts";
import { HTTP_CODES, isHttpCode, type ErrorAction, type ErrorReason } from "./http-codes.ts";
import { PROOF_ALGORITHM } from "../tokens/proof.ts";

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly reason: ErrorReason;
  readonly action: ErrorAction;
  readonly requestId: string;
  /**
   * Names the exact fault of the request, only for errors that the caller can fix with it. For a suspended app, the
   * operator's words about it.
   */
  readonly detail?: string;
}

export interface ProblemResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly problem: Problem;
}

export interface ProblemOptions {
  readonly requestId: string;
  /** Seconds until a retry makes sense, sent as `Retry-After` (RFC 9110, section 10.2.3). */
  readonly retryAfterSeconds?: number;
  /** Scheme of the challenge on 401 and 403. Default `Bearer`. */
  readonly scheme?: AuthScheme;
}

/** How a session token is presented: alone (RFC 6750), or with a proof (RFC 9449). */
export type AuthScheme = "Bearer" | "DPoP";

/**
 * Turns any thrown value into an HTTP answer. A value other than a `BridgeError` with an HTTP code
 * becomes `internal-error`; its message stays on the server.
 */
export function toProblem(error: unknown, options: ProblemOptions): ProblemResponse {
  const known = BridgeError.is(error) && isHttpCode(error.code) ? error : undefined;
  const code = known && isHttpCode(known.code) ? known.code : "INTERNAL_ERROR";
  const [status, action] = HTTP_CODES[code];
  const reason = reasonOf(code);
  const problem: Problem = {
    type: ERRORS_URL + reason,
    title: ERROR_HINTS[code],
    status,
    reason,
    action,
    requestId: options.requestId,
    ...(known && (status === 400 || code === "APP_SUSPENDED") ? { detail: known.message } : {}),
  };
  const headers: Record<string, string> = {
    "content-type": "application/problem+json",
    "cache-control": "no-store",
  };
  const challenge = challengeFor(code, known, options.scheme);
  if (challenge !== undefined) headers["www-authenticate"] = challenge;
  const retryAfterSeconds = options.retryAfterSeconds ?? (status === 503 ? 1 : undefined);
  if (retryAfterSeconds !== undefined)
    headers["retry-after"] = String(Math.ceil(retryAfterSeconds));
  return { status, headers, body: JSON.stringify(problem), problem };
}

/**
 * RFC 6750, section 3.1: a request without a credential gets the bare challenge, any other an `error`
 * attribute. There is no realm, since one gateway is one protection space.
 */
function challengeFor(
  code: keyof typeof HTTP_CODES,
  error: BridgeError | undefined,
  scheme: AuthScheme = "Bearer",
): string | undefined {
  const [status] = HTTP_CODES[code];
  if (status !== 401 && status !== 403) return undefined;
  const attributes = attributesFor(code, error, scheme);
  // RFC 9449, section 7.1.
  if (scheme === "DPoP") attributes.push(`algs="${PROOF_ALGORITHM}"`);
  return attributes.length === 0 ? scheme : `${scheme} ${attributes.join(", ")}`;
}

function attributesFor(
  code: keyof typeof HTTP_CODES,
  error: BridgeError | undefined,
  scheme: AuthScheme,
): string[] {
  if (code === "TOKEN_MISSING" || code === "SESSION_MISSING") return [];
  const description = `error_description="${reasonOf(code)}"`;
  if (code === "PROOF_INVALID" && scheme === "DPoP") {
    return ['error="invalid_dpop_proof"', description];
  }
  if (HTTP_CODES[code][0] === 401) return ['error="invalid_token"', description];
  // RFC 9470, section 3.
  if (code === "STEP_UP_REQUIRED") {
    return ['error="insufficient_user_authentication"', description];
  }
  const scopes = error?.details["scopes"];
  const scope = Array.isArray(scopes) ? [`scope="${scopes.join(" ")}"`] : [];
  return ['error="insufficient_scope"', description, ...scope];
}
