/**
 * Rewrites what an upstream says about its own address: the client knows the gateway's addresses only, and
 * must not learn internal ones (docs/adr/0075).
 *
 * A reference to the upstream itself becomes an absolute path of the gateway, with the route's prefix put
 * back and the upstream's base path removed. References to other hosts and relative ones stay as they are.
 */
import type { Route } from "../decision/route-table.ts";
import { isUnder } from "../decision/is-under.ts";

const REWRITTEN: ReadonlySet<string> = new Set([
  "location",
  "content-location",
  "refresh",
  "link",
  "set-cookie",
]);

// `5; url=/x`, with or without `url=` and quotes (https://html.spec.whatwg.org/#shared-declarative-refresh-steps).
const REFRESH = /^([\d.\s]*[;,]\s*(?:url\s*=\s*)?["']?)([^"']*)/i;
// RFC 8288, section 3. A quoted parameter may have "<" in it.
const LINK_TARGET = /"(?:[^"\\]|\\.)*"|<([^>]*)>/g;
// Browsers drop tabs, and read "\\" as "/".
const OTHER_HOST = /^\/\t*[/\\]/;
const ABSOLUTE = /^(?:(?:https?|wss?):)?\/\/([^/?#\\]*)(.*)$/is;

type Addresses = Pick<Route, "upstreamUrl" | "strippedPrefix">;

/** Whether {@link rewriteAddresses} may change this response header. Takes lower case. */
export function namesAddresses(name: string): boolean {
  return REWRITTEN.has(name);
}

/** @param name - One of those for which {@link namesAddresses} is true. */
export function rewriteAddresses(name: string, value: string, route: Addresses): string {
  if (route.upstreamUrl === undefined) return value;
  const rewrite = (reference: string): string => rewriteReference(reference, route);
  switch (name) {
    case "refresh":
      return value.replace(REFRESH, (_, start: string, url: string) => start + rewrite(url));
    case "link":
      return value.replace(LINK_TARGET, (text, url: string | undefined) =>
        url === undefined ? text : `<${rewrite(url)}>`,
      );
    case "set-cookie":
      return rewriteCookie(value, route);
    default:
      return rewrite(value);
  }
}

function rewriteReference(reference: string, route: Addresses): string {
  if (/^\/(?![/\\])/.test(reference)) return toGatewayPath(reference, route);
  const [, authority, rest = ""] = ABSOLUTE.exec(reference) ?? [];
  if (authority === undefined || !isUpstream(authority, route)) return reference;
  return toGatewayPath(rest.startsWith("/") ? rest : `/${rest}`, route);
}

function isUpstream(authority: string, { upstreamUrl }: Addresses): boolean {
  const url = `${upstreamUrl?.protocol}//${authority}`;
  // A service behind TLS may call itself https, so schemes are not compared.
  return URL.canParse(url) && new URL(url).host === upstreamUrl?.host;
}

/** @param target - A path of the upstream, with query and fragment. */
function toGatewayPath(target: string, { upstreamUrl, strippedPrefix }: Addresses): string {
  const base = basePathOf(upstreamUrl);
  const [path = ""] = target.split(/[?#]/, 1);
  // Outside of its base the upstream has no path at the gateway.
  if (!isUnder(path, base === "" ? "/" : base)) return target;
  const rest = target.slice(base.length);
  const mapped = strippedPrefix + rest;
  const whole = mapped.startsWith("/") ? mapped : `/${mapped}`;
  // With two slashes at the start a browser would take the path for another host.
  return OTHER_HOST.test(whole) ? `/.${whole}` : whole;
}

function basePathOf(url: URL | undefined): string {
  return url === undefined || url.pathname === "/" ? "" : url.pathname;
}

function rewriteCookie(cookie: string, route: Addresses): string {
  const [pair = "", ...attributes] = cookie.split(";");
  // Browsers accept this prefix only with `Path=/` (RFC 6265bis, section 4.1.3.2).
  const isHostCookie = /^\s*__host-/i.test(pair);
  const kept = attributes.flatMap((attribute) => {
    const [name = "", value = ""] = attribute.trim().split("=", 2);
    if (/^domain$/i.test(name) && isOwnDomain(value, route)) return [];
    if (!/^path$/i.test(name) || isHostCookie || !value.startsWith("/")) return [attribute];
    return [` ${name}=${toCookiePath(value, route)}`];
  });
  return [pair, ...kept].join(";");
}

function isOwnDomain(domain: string, { upstreamUrl }: Addresses): boolean {
  return domain.trim().replace(/^\./, "").toLowerCase() === upstreamUrl?.hostname;
}

function toCookiePath(path: string, route: Addresses): string {
  const base = basePathOf(route.upstreamUrl);
  // The whole upstream, as seen from the client, is the stripped prefix.
  if (path === "/" || isUnder(base, path.replace(/\/$/, ""))) return route.strippedPrefix || "/";
  return toGatewayPath(path, route);
}
