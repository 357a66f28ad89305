/**
 * Which fields may stand behind a body, in either direction (RFC 9110, section 6.5.1), by the same
 * policy as headers and then some: whoever merges trailers into headers must not be told anything by
 * them that the gateway decided, or that decides how the message is read.
 */
import { BridgeError } from "@breezeway/shared";
import { headerKind } from "../request/header-kinds.ts";
import { connectionTokens, valuesOf } from "../request/header-list.ts";
import { MAX_HEADER_FIELDS } from "../request/inspect-headers.ts";

// Framing, routing, identity and hop-by-hop fields are no "forward" ones to begin with.
const HEAD_ONLY: ReadonlySet<string> = new Set([
  // How the content is to be read.
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-location",
  "content-range",
  "content-security-policy",
  "content-type",
  "trailer",
  // Controls and conditions of the request.
  "cache-control",
  "max-forwards",
  "pragma",
  "prefer",
  "priority",
  "range",
  // Who asks, and from where.
  "api-key",
  "dpop",
  "referer",
  "user-agent",
  "x-api-key",
  "x-csrf-token",
  "x-xsrf-token",
  // Controls of the answer.
  "age",
  "date",
  "expires",
  "location",
  "retry-after",
  "set-cookie",
  "strict-transport-security",
  "vary",
  "warning",
  "www-authenticate",
]);
const HEAD_ONLY_PREFIXES = ["accept", "access-control-", "if-", "sec-"] as const;

/** @param name - In any case, and in any spelling that CGI would read as another one. */
export function mayBeTrailer(name: string): boolean {
  if (headerKind(name) !== "forward") return false;
  const asCgiReadsIt = name.toLowerCase().replace(/[^a-z0-9]/g, "-");
  if (HEAD_ONLY.has(asCgiReadsIt)) return false;
  return !HEAD_ONLY_PREFIXES.some((prefix) => asCgiReadsIt.startsWith(prefix));
}

/** What of a `Trailer` header goes on; `undefined` for nothing. */
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
 * Name, value, name, value.
 *
 * @param rawHeaders - Of the request: what its `Connection` names was for the gateway alone.
 * @throws {BridgeError} HEADERS_TOO_LARGE for more than {@link MAX_HEADER_FIELDS} fields
 */
export function requestTrailers(
  rawTrailers: readonly string[],
  rawHeaders: readonly string[],
): readonly string[] {
  if (rawTrailers.length === 0) return rawTrailers;
  if (rawTrailers.length > MAX_HEADER_FIELDS * 2) {
    throw new BridgeError("HEADERS_TOO_LARGE", "The request has too many trailers.");
  }
  const named = namedByConnection(rawHeaders);
  const list: string[] = [];
  for (let index = 0; index < rawTrailers.length; index += 2) {
    const name = (rawTrailers[index] as string).toLowerCase();
    if (mayBeTrailer(name) && !named.has(name)) list.push(name, rawTrailers[index + 1] as string);
  }
  return list;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

function namedByConnection(rawHeaders: readonly string[]): ReadonlySet<string> {
  return connectionTokens(valuesOf(rawHeaders, "connection").join(","));
}
