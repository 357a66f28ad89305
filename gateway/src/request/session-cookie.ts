/**
 * Breezeway's own session cookie. Where host, issuer and gateway share a domain, browsers send it to the
 * gateway as well. No upstream may receive it or set it.
 */

// Browsers send a cookie with an empty name, `=breezeway=x`, back as `breezeway=x`.
const SESSION_COOKIE = /^(?:=|(?:__Host-|__Secure-)?breezeway)/i;

/** @param cookie - `name=value`, as in `Cookie` or `Set-Cookie`. */
export function isSessionCookie(cookie: string): boolean {
  return SESSION_COOKIE.test(cookie.trim());
}

/** A `Cookie` header without the session cookie; `undefined` when no cookie is left. */
export function withoutSessionCookie(cookie: string | undefined): string | undefined {
  const kept = cookie
    ?.split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair !== "" && !isSessionCookie(pair));
  return kept === undefined || kept.length === 0 ? undefined : kept.join("; ");
}
