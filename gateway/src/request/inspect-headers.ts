/**
 * One pass over the raw headers of a request: which to forward, and which values the decision needs.
 *
 * Reads the raw list, because Node's `headers` object joins, drops and overwrites duplicates. Attacks with
 * two headers of one name use that difference.
 */
import { BridgeError } from "@breezeway/shared";
import { headerEntry } from "./header-kinds.ts";
import { connectionTokens, removeFields } from "./header-list.ts";

/** More fields than browsers and services send. Each field costs the upstream work. */
export const MAX_HEADER_FIELDS = 200;

export interface InspectedHeaders {
  /** The headers of kind `forward`. Name, value, name, value. */
  readonly forward: string[];
  /** The headers of kind `proxy-claim`. Name, value, name, value. */
  readonly proxyClaims: string[];
  authorization: string | undefined;
  /** The proof of possession. Several are joined, which makes them invalid. */
  proof: string | undefined;
  /** Whether the request has more than one credential. */
  duplicateCredentials: boolean;
  origin: string | undefined;
  host: string | undefined;
  /** Each value of `X-Tenant-ID`, usually at most one. */
  tenantIds: readonly string[];
  contentLength: string | undefined;
  chunked: boolean;
  upgrade: string | undefined;
  expectsContinue: boolean;
  cookie: string | undefined;
  webSocketProtocols: string | undefined;
  preflightMethod: string | undefined;
  preflightHeaders: string | undefined;
  te: string | undefined;
  trailer: string | undefined;
  via: string | undefined;
  forwardedFor: string | undefined;
  forwardedProto: string | undefined;
  forwardedHost: string | undefined;
}

const NO_TENANTS: readonly string[] = [];

/**
 * @throws {BridgeError} REQUEST_MALFORMED, when two servers could read the message differently;
 *   HEADERS_TOO_LARGE, when it has more than {@link MAX_HEADER_FIELDS} fields
 */
export function inspectHeaders(rawHeaders: readonly string[]): InspectedHeaders {
  if (rawHeaders.length > MAX_HEADER_FIELDS * 2) {
    throw new BridgeError(
      "HEADERS_TOO_LARGE",
      `The request has more than ${MAX_HEADER_FIELDS} header fields.`,
    );
  }
  const found = emptyFindings();
  let connection: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const { kind, name } = headerEntry(rawHeaders[index] as string);
    const value = rawHeaders[index + 1] as string;
    if (kind === "forward") found.forward.push(name, value);
    else if (kind === "proxy-claim") found.proxyClaims.push(name, value);
    else if (kind === "connection") connection = joined(connection, value);
    else if (kind !== "drop") record(found, kind, value);
  }
  if (found.chunked && found.contentLength !== undefined) {
    throw malformed("Content-Length and Transfer-Encoding must not be sent together");
  }
  // `Upgrade` counts only when `Connection` names it (RFC 9110, section 7.8).
  if (connection === undefined) found.upgrade = undefined;
  else applyConnection(found, connection);
  return found;
}

function record(
  found: InspectedHeaders,
  kind: Exclude<
    ReturnType<typeof headerEntry>["kind"],
    "forward" | "proxy-claim" | "drop" | "connection"
  >,
  value: string,
): void {
  switch (kind) {
    case "authorization":
      if (found.authorization === undefined) found.authorization = value;
      else found.duplicateCredentials = true;
      return;
    case "proxy-authorization":
      // The gateway is not a forward proxy, so a token in this header is in the wrong place.
      found.duplicateCredentials = true;
      return;
    case "dpop":
      found.proof = joined(found.proof, value);
      return;
    case "tenant":
      found.tenantIds = [...found.tenantIds, value];
      return;
    case "origin":
      found.origin = once(found.origin, value, "Origin");
      return;
    case "host":
      found.host = once(found.host, hostOf(value), "Host");
      return;
    case "content-length":
      found.contentLength = once(found.contentLength, digits(value), "Content-Length");
      return;
    case "transfer-encoding":
      if (found.chunked || value.toLowerCase() !== "chunked") {
        throw malformed("Transfer-Encoding must be chunked");
      }
      found.chunked = true;
      return;
    case "upgrade":
      found.upgrade = once(found.upgrade, value, "Upgrade");
      return;
    case "expect":
      if (value.toLowerCase() !== "100-continue") throw malformed("Expect must be 100-continue");
      found.expectsContinue = true;
      return;
    case "cookie":
      // HTTP/2 splits cookies over several headers (RFC 9113, section 8.2.3).
      found.cookie = found.cookie === undefined ? value : `${found.cookie}; ${value}`;
      return;
    case "websocket-protocol":
      found.webSocketProtocols = joined(found.webSocketProtocols, value);
      return;
    case "preflight-method":
      found.preflightMethod = once(found.preflightMethod, value, "Access-Control-Request-Method");
      return;
    case "preflight-headers":
      found.preflightHeaders = joined(found.preflightHeaders, value);
      return;
    case "te":
      found.te = joined(found.te, value);
      return;
    case "trailer":
      found.trailer = joined(found.trailer, value);
      return;
    case "via":
      found.via = joined(found.via, value);
      return;
    case "x-forwarded-for":
      found.forwardedFor = joined(found.forwardedFor, value);
      return;
    case "x-forwarded-proto":
      found.forwardedProto = joined(found.forwardedProto, value);
      return;
    case "x-forwarded-host":
      found.forwardedHost = joined(found.forwardedHost, value);
      return;
  }
}

/** Removes the fields that `Connection` names, which are for the gateway (RFC 9110, section 7.6.1). */
function applyConnection(found: InspectedHeaders, connection: string): void {
  if (/^(?:keep-alive|close)$/i.test(connection)) {
    found.upgrade = undefined;
    return;
  }
  const named = connectionTokens(connection);
  if (!named.has("upgrade")) found.upgrade = undefined;
  removeFields(found.forward, (name) => named.has(name));
  removeFields(found.proxyClaims, (name) => named.has(name));
}

function once(previous: string | undefined, value: string, name: string): string {
  if (previous !== undefined) throw malformed(`${name} must not appear twice`);
  return value;
}

function digits(value: string): string {
  if (!/^\d{1,15}$/.test(value))
    throw malformed("Content-Length must be a number of at most 15 digits");
  // One spelling: some servers read "010" as eight.
  return value.length > 1 && value.startsWith("0") ? String(Number(value)) : value;
}

/**
 * RFC 9112, section 3.2: a name (RFC 3986), an IPv4 address, or an IPv6 address in brackets, and a port.
 * A comma would make two hosts in `X-Forwarded-Host`, and an http URL has no empty host.
 */
const HOST = /^(?:(?:[\w.~!$&'()*+;=-]|%[\da-f]{2})+|\[[\da-f:.]+\])(?::\d{0,5})?$/i;

function hostOf(value: string): string {
  if (!HOST.test(value)) throw malformed("Host must be a host name or address");
  return value;
}

function joined(previous: string | undefined, value: string): string {
  return previous === undefined ? value : `${previous}, ${value}`;
}

function malformed(what: string): BridgeError {
  return new BridgeError("REQUEST_MALFORMED", `Request headers: ${what}.`);
}

function emptyFindings(): InspectedHeaders {
  return {
    forward: [],
    proxyClaims: [],
    authorization: undefined,
    proof: undefined,
    duplicateCredentials: false,
    origin: undefined,
    host: undefined,
    tenantIds: NO_TENANTS,
    contentLength: undefined,
    chunked: false,
    upgrade: undefined,
    expectsContinue: false,
    cookie: undefined,
    webSocketProtocols: undefined,
    preflightMethod: undefined,
    preflightHeaders: undefined,
    te: undefined,
    trailer: undefined,
    via: undefined,
    forwardedFor: undefined,
    forwardedProto: undefined,
    forwardedHost: undefined,
  };
}
