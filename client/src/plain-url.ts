/**
 * Reads http(s) URLs without the global `URL`, which React Native has only in part. A token goes to what
 * comes out, so this accepts only URLs that every program reads in one way: ASCII (RFC 3986), no user
 * info, no backslash, no space, an IPv4 address in four decimal parts, and of IPv6 only `[::1]`.
 */

export interface PlainUrl {
  /** The whole URL, with scheme, host and port in normal form. */
  readonly href: string;
  /** As browsers write it: lower case, without the scheme's default port. */
  readonly origin: string;
  readonly scheme: "http" | "https";
  /** Lower case; an IPv6 address has its brackets. */
  readonly host: string;
  /** Path, query and fragment: empty, or beginning with `/`, `?` or `#`. */
  readonly rest: string;
}

const FORM = /^(https?):\/\/([\w.-]+|\[::1\])(?::(\d{1,5}))?([/?#][!#-;=?-[\]_a-z~]*)?$/i;
/** Browsers read such a host as an IPv4 address, `443` as `0.0.1.187` and `127.1` as `127.0.0.1`. */
const IPV4 = /(?:^|\.)(?:\d+|0x[\da-f]*)\.?$/i;
const CANONICAL_IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const SCHEME = /^[a-z][a-z\d+.-]*:/i;
const DEFAULT_PORTS = { http: 80, https: 443 } as const;

/** @returns `undefined` for anything else. */
export function parseUrl(text: string): PlainUrl | undefined {
  const [, schemeText = "", hostText = "", portText, rest = ""] = FORM.exec(text) ?? [];
  if (hostText === "") return undefined;
  const scheme = schemeText.toLowerCase() === "http" ? "http" : "https";
  const host = hostText.toLowerCase();
  if (IPV4.test(host) && !CANONICAL_IPV4.test(host)) return undefined;
  const port = portText === undefined ? DEFAULT_PORTS[scheme] : Number(portText);
  if (port > 65_535) return undefined;
  const origin = `${scheme}://${host}${port === DEFAULT_PORTS[scheme] ? "" : `:${port}`}`;
  return { href: `${origin}${rest}`, origin, scheme, host, rest };
}

/**
 * A URL, or a path below `base`. Letters outside ASCII and other characters that a URL cannot hold are
 * percent-encoded.
 *
 * @returns `undefined` for anything else, such as `//host` and `data:`.
 */
export function resolveUrl(text: string, base: string | undefined): PlainUrl | undefined {
  // Programs disagree on backslashes, tabs and line breaks, so they are refused instead of encoded.
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[\\\u0000-\u001f\u007f]|^\s|\s$/.test(text)) return undefined;
  const isAbsolute = SCHEME.test(text);
  if (!isAbsolute && (base === undefined || text.startsWith("//"))) return undefined;
  const whole = isAbsolute ? text : `${base?.replace(/\/?$/, "/")}${text.replace(/^\//, "")}`;
  return parseUrl(encoded(whole));
}

function encoded(url: string): string {
  try {
    return url.replace(/[^!#-;=?-[\]_a-z~]+/gi, encodeURIComponent);
  } catch {
    // Half of a surrogate pair.
    return "";
  }
}
