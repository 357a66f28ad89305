/**
 * The path of a request, in the one spelling that routing, authorisation and the upstream all see.
 *
 * A path that some server reads differently from another is refused rather than interpreted: whoever
 * finds two readings has found a way past the route's scopes. What is left is normalised as RFC 3986,
 * section 6.2.2 says (unreserved characters are never percent-encoded), and only then matched.
 */
import { BridgeError } from "@breezeway/shared";

export interface RequestTarget {
  /** Starts with one slash; no dot segments, empty segments, encoded slashes or path parameters. */
  readonly path: string;
  /** `?` and what follows, or empty. Passed on as it came. */
  readonly query: string;
}

const PLAIN_PATH = /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9_~.-]*)+\/?$/;
// RFC 3986, section 3.3, less ";": path parameters are invisible to some servers.
const PATH_CHARACTERS = /^[A-Za-z0-9\-._~!$&'()*+,=:@%/]*$/;
const QUERY_CHARACTERS = /^[!-~]*$/;
// "/", "\", ";" and control characters, encoded once or more often.
const HIDDEN_DELIMITER = /%(?:25)*(?:2f|5c|3b|[01][0-9a-f]|7f)/i;
// A dot, letter or digit that only a server which decodes twice would see: it could find in it a
// path that has other scopes than the one we authorise.
const TWICE_ENCODED = /%(?:25)+(?:2[de]|3\d|4[1-9a-f]|5[\daf]|6[1-9a-f]|7[\dae])/i;
const DOT_SEGMENT = /\/\.{1,2}(?:\/|$)/;
const UNRESERVED = /^[A-Za-z0-9\-._~]$/;

/**
 * @param target - As on the request line: origin form only (RFC 9112, section 3.2.1).
 * @throws {BridgeError} REQUEST_MALFORMED; DUPLICATE_CREDENTIALS for a token in the query.
 */
export function parseRequestTarget(target: string): RequestTarget {
  const queryAt = target.indexOf("?");
  const path = queryAt === -1 ? target : target.slice(0, queryAt);
  const query = queryAt === -1 ? "" : target.slice(queryAt);
  if (query !== "") checkQuery(query);
  return { path: path === "/" || PLAIN_PATH.test(path) ? path : normalisePath(path), query };
}

function normalisePath(path: string): string {
  if (!path.startsWith("/")) throw malformed("the request target must be a path");
  if (!PATH_CHARACTERS.test(path)) throw malformed("the path has a character that is not allowed");
  if (path.includes("//")) throw malformed("the path has an empty segment");
  const normalised = path.includes("%") ? decodeUnreserved(path) : path;
  // Not before: "%25%32f" has become "%252f" only now.
  if (HIDDEN_DELIMITER.test(normalised)) throw malformed("the path has an encoded delimiter");
  if (TWICE_ENCODED.test(normalised)) throw malformed("the path has a character encoded twice");
  if (DOT_SEGMENT.test(normalised)) throw malformed("the path has a dot segment");
  return normalised;
}

function decodeUnreserved(path: string): string {
  try {
    // Refuses broken escapes and UTF-8 that is not the shortest form.
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
  // RFC 6750, section 2.3: a token in a URL ends in logs and histories.
  if (/token|%/i.test(query) && query.slice(1).split(/[&;]/).some(isAccessToken)) {
    throw new BridgeError("DUPLICATE_CREDENTIALS", "A token belongs in the Authorization header.");
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

function malformed(what: string): BridgeError {
  return new BridgeError("REQUEST_MALFORMED", `Request target: ${what}.`);
}
