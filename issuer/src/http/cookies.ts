/** The session cookie (RFC 6265bis): its name, its attributes, and how it is read. */

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
 * `__Host-` makes browsers refuse a cookie of this name from a subdomain or without `Secure`; plain
 * http on loopback cannot have it.
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

// Two cookies of one name: somebody has planted one, and nobody can tell which. Neither counts.
// Only spaces and tabs are taken off (RFC 6265, section 5.4): `trim()` would also take a no-break
// space, and browsers let a subdomain set a cookie whose name is that and then `__Host-`.
function readCookie(header: string | null | undefined, name: string): string | undefined {
  const values = (header ?? "")
    .split(";")
    .map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ""))
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  return values.length === 1 && values[0] !== "" ? values[0] : undefined;
}
