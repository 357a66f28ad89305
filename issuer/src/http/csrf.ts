/**
 * Refuses requests from pages that may not make them.
 *
 * [CSRF-1] The header `X-Breezeway-Request: 1` is required. A form cannot send it, and a script of
 *          another origin needs a preflight, which the issuer refuses.
 * [CSRF-2] `Origin`, when present, must be the issuer's or a trusted one. `null` is neither.
 * [CSRF-3] `Sec-Fetch-Site`, when present, must be `same-origin`, unless the origin is trusted.
 * [CSRF-4] An endpoint that only reads a session needs less: `Sec-Fetch-Site`, when present, must not
 *          name another site. A page of a sibling host cannot read the answer, but it sends the cookie:
 *          it could see by status and time who is signed in, keep a session from becoming idle, and
 *          use up its event streams.
 *
 * A client outside a browser sends neither header, and has only the cookies that it was given.
 */
import { BridgeError } from "@breezeway/shared";

export interface OriginPolicy {
  readonly ownOrigin: string;
  readonly trustedOrigins: ReadonlySet<string>;
}

/** @throws {BridgeError} CSRF_REJECTED */
export function assertSameOrigin(headers: Headers, policy: OriginPolicy): void {
  if (headers.get("x-breezeway-request") !== "1")
    throw rejected("lacks the header X-Breezeway-Request: 1");
  const origin = headers.get("origin");
  const isTrusted = origin !== null && policy.trustedOrigins.has(origin);
  if (origin !== null && origin !== policy.ownOrigin && !isTrusted) {
    throw rejected("comes from another origin (Origin)");
  }
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && !isTrusted) {
    throw rejected("comes from another site (Sec-Fetch-Site)");
  }
}

/** @throws {BridgeError} CSRF_REJECTED */
export function assertNoOtherPage(headers: Headers, policy: OriginPolicy): void {
  const site = headers.get("sec-fetch-site");
  // `none`: the user entered the address.
  if (site === null || site === "same-origin" || site === "none") return;
  if (policy.trustedOrigins.has(headers.get("origin") ?? "")) return;
  throw rejected("comes from another site (Sec-Fetch-Site)");
}

function rejected(why: string): BridgeError {
  return new BridgeError("CSRF_REJECTED", `The request ${why}.`);
}
