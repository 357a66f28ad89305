/**
 * Whether a request comes from a page that may make it.
 *
 * [CSRF-1] The header `X-Breezeway-Request: 1` is required: a form cannot send it, and a script of
 *          another origin only after a preflight that we do not grant.
 * [CSRF-2] `Origin`, when present, is the issuer's or a trusted one. `null` is neither.
 * [CSRF-3] `Sec-Fetch-Site`, when present, is `same-origin`, unless the origin is a trusted other.
 * [CSRF-4] What only tells of a session asks for less: `Sec-Fetch-Site`, when present, names no other
 *          page. Such a page cannot read the answer, but one of a sibling host sends the cookie with
 *          it: it could tell by status and time who is signed in, keep a session from running idle,
 *          and use up its event streams.
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

/** @throws {BridgeError} CSRF_REJECTED */
export function assertNoOtherPage(headers: Headers, policy: OriginPolicy): void {
  const site = headers.get("sec-fetch-site");
  // `none`: somebody typed the address.
  if (site === null || site === "same-origin" || site === "none") return;
  if (policy.trustedOrigins.has(headers.get("origin") ?? "")) return;
  throw rejected("comes from another site");
}

function rejected(why: string): BridgeError {
  return new BridgeError("CSRF_REJECTED", `The request ${why}.`);
}
