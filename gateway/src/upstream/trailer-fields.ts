/**
 * Which trailers are forwarded, in either direction (RFC 9110, section 6.5.1). The rules are stricter than
 * for headers: a server that merges trailers into headers must not get from them what the gateway decided,
 * or what decides how the message is read.
 */
import { BridgeError } from "@breezeway/shared";
import { headerKind } from "../request/header-kinds.ts";
import { connectionTokens, valuesOf } from "../request/header-list.ts";
import { MAX_HEADER_FIELDS } from "../request/inspect-headers.ts";

// `headerKind` already excludes framing, routing, identity and hop-by-hop fields.
const HEAD_ONLY: ReadonlySet<string> = new Set([
  // How to read the content.
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-location",
  "content-range",
  "content-security-policy",
  "content-type",
  "trailer",
  // Controls of the request.
  "cache-control",
  "max-forwards",
  "pragma",
  "prefer",
  "priority",
  "range",
  // The caller.
  "api-key",
  "dpop",
  "referer",
  "user-agent",
  "x-api-key",
  "x-csrf-token",
  "x-xsrf-token",
  // Controls of the response.
  "age",
  "date",
  "expires",
  "link",
  "location",
  "refresh",
  "retry-after",
  "set-cookie",
  "strict-transport-security",
  "vary",
  "warning",
  "www-authenticate",
]);
const HEAD_ONLY_PREFIXES = ["accept", "access-control-", "if-", "sec-"] as const;
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

/** @param name - In any case, and in any spelling that CGI maps to another name. */
export function mayBeTrailer(name: string): boolean {
  if (headerKind(name) !== "forward") return false;
  const asCgiReadsIt = name.toLowerCase().replace(/[^a-z0-9]/g, "-");
  if (HEAD_ONLY.has(asCgiReadsIt)) return false;
  return !HEAD_ONLY_PREFIXES.some((prefix) => asCgiReadsIt.startsWith(prefix));
}

/** The forwarded part of a `Trailer` header; `undefined` when it is empty. */
export function announcedTrailers(
  trailer: string | undefined,
  rawHeaders: readonly string[],
): string | undefined {
  if (trailer === undefined) return undefined;
  const named = namedByConnection(rawHeaders);
  const names = trailer
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => TOKEN.test(name) && mayBeTrailer(name) && !named.has(name));
  return names.length === 0 ? undefined : names.join(", ");
}

/**
 * The forwarded trailers of a request. Name, value, name, value.
 *
 * @param rawHeaders - Headers of the request. The fields that its `Connection` names are not forwarded.
 * @throws {BridgeError} HEADERS_TOO_LARGE, when there are more than {@link MAX_HEADER_FIELDS} fields
 */
export function requestTrailers(
  rawTrailers: readonly string[],
  rawHeaders: readonly string[],
): readonly string[] {
  if (rawTrailers.length === 0) return rawTrailers;
  if (rawTrailers.length > MAX_HEADER_FIELDS * 2) {
    throw new BridgeError(
      "HEADERS_TOO_LARGE",
      `The request has more than ${MAX_HEADER_FIELDS} trailers.`,
    );
  }
  const named = namedByConnection(rawHeaders);
  const list: string[] = [];
  for (let index = 0; index < rawTrailers.length; index += 2) {
    const name = (rawTrailers[index] as string).toLowerCase();
    if (mayBeTrailer(name) && !named.has(name)) list.push(name, rawTrailers[index + 1] as string);
  }
  return list;
}

function namedByConnection(rawHeaders: readonly string[]): ReadonlySet<string> {
  return connectionTokens(valuesOf(rawHeaders, "connection").join(","));
}
