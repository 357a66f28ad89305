/**
 * An origin as browsers serialise it (RFC 6454, section 6.1): scheme, host, and the port only when
 * it is not the scheme's own. Compared as a string, byte for byte.
 */

/** True for an exact http(s) origin: no path, no trailing slash, no wildcard, no credentials. */
export function isOrigin(value: string): boolean {
  // The URL parser lets an asterisk through as a host's letter.
  return !value.includes("*") && originOf(value) === value;
}

/** The origin of an http(s) URL, or `undefined` when the text is not one. */
export function originOf(url: string): string | undefined {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isHttp = parsed?.protocol === "https:" || parsed?.protocol === "http:";
  return parsed && isHttp ? parsed.origin : undefined;
}

/** True when the host part can only be this machine, where plain http is a secure context. */
export function isLoopbackHost(hostname: string): boolean {
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname === "[::1]" ||
    /^127(?:\.\d{1,3}){3}$/.test(hostname)
  );
}
