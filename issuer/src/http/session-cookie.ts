/** The session cookie (RFC 6265bis): its name, its attributes, and how it is read. */
import type { Clock } from "@breezeway/shared";
import { endOf, type SessionLifetimes } from "../sessions/lifetime.ts";
import type { OpenedSession } from "../sessions/session-service-deps.ts";

export interface SessionCookie {
  readonly name: string;
  /** The value in a `Cookie` header, or `undefined`. */
  read(cookieHeader: string | null | undefined): string | undefined;
  /** A `Set-Cookie` value that keeps the session for at most this long. */
  set(value: string, maxAgeSeconds: number): string;
  /** A `Set-Cookie` value that makes the browser forget the session. */
  readonly clear: string;
}

/**
 * The prefix `__Host-` makes browsers refuse the cookie from a subdomain or without `Secure`. Plain
 * http on loopback cannot use the prefix.
 */
export function createSessionCookie(issuer: URL, baseName = "breezeway"): SessionCookie {
  const isSecure = issuer.protocol === "https:";
  const name = isSecure ? `__Host-${baseName}` : baseName;
  const attributes = `Path=/; HttpOnly; SameSite=Lax${isSecure ? "; Secure" : ""}`;
  return {
    name,
    read: (header) => readCookie(header, name),
    set: (value, maxAgeSeconds) => `${name}=${value}; ${attributes}; Max-Age=${maxAgeSeconds}`,
    clear: `${name}=; ${attributes}; Max-Age=0`,
  };
}

export interface CookieForDeps {
  readonly cookie: SessionCookie;
  readonly clock: Clock;
  readonly lifetimes: SessionLifetimes;
}

/** The `Set-Cookie` value of a session that was just opened or rotated. */
export function cookieFor(
  { cookie, clock, lifetimes }: CookieForDeps,
  { record, cookieValue }: OpenedSession,
): string {
  const leftMs = endOf(record, lifetimes) - clock.now();
  return cookie.set(cookieValue, Math.max(1, Math.ceil(leftMs / 1_000)));
}

// Two cookies of one name mean that an attacker planted one of them. Neither is used, since the
// issuer cannot tell which one is its own. Only spaces and tabs are removed (RFC 6265, section 5.4):
// `trim()` also removes a no-break space, and browsers let a subdomain set a cookie whose name is a
// no-break space followed by `__Host-`.
function readCookie(header: string | null | undefined, name: string): string | undefined {
  const values = (header ?? "")
    .split(";")
    .map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ""))
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  return values.length === 1 && values[0] !== "" ? values[0] : undefined;
}
