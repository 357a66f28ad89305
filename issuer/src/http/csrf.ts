/**
 * Whether a state-changing request comes from a page that may make it.
 *
 * [CSRF-1] The header `X-Breezeway-Request: 1` is required: a form cannot send it, and a script of
 *          another origin only after a preflight that we do not grant.
 * [CSRF-2] `Origin`, when present, is the issuer's or a trusted one. `null` is neither.
 * [CSRF-3] `Sec-Fetch-Site`, when present, is `same-origin`, unless the origin is a trusted other.
 * A client that is no browser sends neither header, and has no cookie that it was not given.
 */
import { BridgeError } from "@breezeway/shared";

export interface OriginPolicy {
  readonly ownOrigin: string;
  readonly trustedOrigins: ReadonlySet<string>;
}

/** @throws {BridgeError} CSRF_REJECTED */
export function assertSameOrigin(headers: Headers, policy: OriginPolicy): void {
  if (headers.get("x-breezeway-request") !== "1") throw rejected("lacks X-Breezeway-Request: 1");
  const origin = headers.get("origin");
  const isTrusted = origin !== null && policy.trustedOrigins.has(origin);
  if (origin !== null && origin !== policy.ownOrigin && !isTrusted) {
    throw rejected("comes from another origin");
  }
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && !isTrusted) {
    throw rejected("comes from another site");
  }
}

function rejected(why: string): BridgeError {
  return new BridgeError("CSRF_REJECTED", `The request ${why}.`);
}
