/**
 * The path of a request, in the one spelling that routing, authorisation and the upstream use.
 *
 * A path that two servers could read differently is refused, not interpreted: a second reading would be a
 * way past the scopes of the route. Other paths are normalised by RFC 3986, section 6.2.2 (unreserved
 * characters are never percent-encoded), and then matched.
 */
import { BridgeError } from "@breezeway/shared";

export interface RequestTarget {
  /**
   * Starts with one slash. Has no dot segments, empty segments or path parameters, and encoded slashes only
   * where a route passes them.
   */
  readonly path: string;
  /** `?` and the query, or empty. Forwarded unchanged. */
  readonly query: string;
}

const PLAIN_PATH = /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9_~.-]*)+\/?$/;
// RFC 3986, section 3.3, without ";": some servers ignore path parameters. Browsers send the last four
// unencoded (https://url.spec.whatwg.org/#path-percent-encode-set; "^" in older versions).
const PATH_CHARACTERS = /^[A-Za-z0-9\-._~!$&'()*+,=:@%/[\]|^]*$/;
const UNENCODED = /[[\]|^]/g;
const QUERY_CHARACTERS = /^[!-~]*$/;
// "/", "\", ";" and control characters, encoded at least once.
const HIDDEN_DELIMITER = /%(?:25)*(?:2f|5c|3b|[01][0-9a-f]|7f)/i;
// A dot, letter or digit that only a server that decodes twice would see. It could read a path with
// other scopes than those that the gateway checks.
const TWICE_ENCODED = /%(?:25)+(?:2[de]|3\d|4[1-9a-f]|5[\daf]|6[1-9a-f]|7[\dae])/i;
const DOT_SEGMENT = /\/\.{1,2}(?:\/|$)/;
const ENCODED_SLASH = "%2F";
const UNRESERVED = /^[A-Za-z0-9\-._~]$/;

/**
 * @param target - As on the request line, in origin form (RFC 9112, section 3.2.1).
 * @param passesSlashes - Whether this path may have encoded slashes. Default: none may.
 * @throws {BridgeError} REQUEST_MALFORMED; DUPLICATE_CREDENTIALS, when the query has a token
 */
export function parseRequestTarget(
  target: string,
  passesSlashes: (path: string) => boolean = () => false,
): RequestTarget {
  const queryAt = target.indexOf("?");
  const path = queryAt === -1 ? target : target.slice(0, queryAt);
  const query = queryAt === -1 ? "" : target.slice(queryAt);
  if (query !== "") checkQuery(query);
  if (path === "/" || PLAIN_PATH.test(path)) return { path, query };
  const normalised = normalisePath(path);
  if (normalised.includes(ENCODED_SLASH) && !passesSlashes(normalised)) throw encodedDelimiter();
  return { path: normalised, query };
}

function normalisePath(path: string): string {
  if (!path.startsWith("/")) throw malformed("must be a path");
  if (!PATH_CHARACTERS.test(path)) throw malformed("the path has a character that is not allowed");
  if (path.includes("//")) throw malformed("the path has an empty segment");
  const encoded = path.replace(UNENCODED, (character) => encodeURIComponent(character));
  const normalised = encoded.includes("%") ? decodeUnreserved(encoded) : encoded;
  // After decoding, since "%25%32f" becomes "%252f" only now.
  if (HIDDEN_DELIMITER.test(normalised.replaceAll(ENCODED_SLASH, "/"))) throw encodedDelimiter();
  if (TWICE_ENCODED.test(normalised)) throw malformed("the path has a character encoded twice");
  if (DOT_SEGMENT.test(normalised)) throw malformed("the path has a dot segment");
  return normalised;
}

function decodeUnreserved(path: string): string {
  try {
    // Throws for broken escapes and for UTF-8 that is not in its shortest form.
    decodeURIComponent(path);
  } catch {
    throw malformed("the path has an invalid percent-encoding");
  }
  return path.replace(/%[0-9A-Fa-f]{2}/g, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return UNRESERVED.test(character) ? character : escape.toUpperCase();
  });
}

function checkQuery(query: string): void {
  if (!QUERY_CHARACTERS.test(query) || query.includes("#")) {
    throw malformed("the query has a character that is not allowed");
  }
  // RFC 6750, section 2.3: URLs, and tokens in them, end up in logs and histories.
  if (/token|%/i.test(query) && query.slice(1).split(/[&;]/).some(isAccessToken)) {
    throw new BridgeError(
      "DUPLICATE_CREDENTIALS",
      "The query must not contain access_token: send the token in the Authorization header.",
    );
  }
}

function isAccessToken(parameter: string): boolean {
  const name = parameter.split("=", 1)[0] ?? "";
  return decodeLeniently(name).trim().toLowerCase() === "access_token";
}

function decodeLeniently(text: string): string {
  return text
    .replaceAll("+", " ")
    .replace(/%[0-9A-Fa-f]{2}/g, (escape) =>
      String.fromCharCode(Number.parseInt(escape.slice(1), 16)),
    );
}

function encodedDelimiter(): BridgeError {
  return malformed("the path has an encoded delimiter");
}

function malformed(what: string): BridgeError {
  return new BridgeError("REQUEST_MALFORMED", `Request target: ${what}.`);
}
