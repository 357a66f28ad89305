/**
 * Origins as browsers serialise them (RFC 6454, section 6.1): scheme, host, and the port unless it is
 * the default of the scheme. Origins are compared as strings, byte for byte.
 */

/** True for an exact http(s) origin: no path, no trailing slash, no wildcard, no credentials. */
export function isOrigin(value: string): boolean {
  // The URL parser accepts an asterisk in a host name.
  return !value.includes("*") && originOf(value) === value;
}

/** Returns the origin of an http(s) URL; `undefined` for any other text. */
export function originOf(url: string): string | undefined {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isHttp = parsed?.protocol === "https:" || parsed?.protocol === "http:";
  return parsed && isHttp ? parsed.origin : undefined;
}

/** True for a host name of this machine, where plain http is a secure context. */
export function isLoopbackHost(hostname: string): boolean {
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname === "[::1]" ||
    /^127(?:\.\d{1,3}){3}$/.test(hostname)
  );
}
