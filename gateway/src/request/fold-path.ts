/**
 * A path as the most lenient server could read it, for comparison with the prefixes of routes. The
 * gateway always forwards the path itself.
 *
 * Servers ignore letter case (Express), drop dots and spaces at the end of a segment (Windows), drop path
 * parameters (Tomcat) and invisible characters, normalise full-width letters and slashes (NFKC), decode
 * twice, and merge slashes. If such a reading belongs to another route, the request must not have this one.
 */
import { BridgeError } from "@breezeway/shared";

const PLAIN = /^(?:\/[A-Za-z0-9_~.-]*[A-Za-z0-9_~-])*\/?$/;
// Slashes that NFKC keeps, and code pages of Windows turn into "/".
const SLASH_LIKE = /[\\\u2044\u2215\u2571\u29f5\u29f8\u2216]/g;
const INVISIBLE = /\p{Default_Ignorable_Code_Point}|[\u0080-\u009f]/gu;
// ";" begins path parameters, "::$" a stream of a file in NTFS.
const SUFFIX = /(?:;|::\$).*$/s;
const LEADING = /^[\s+]+/;
const TRAILING = /[\s+.]/;
const ONLY_PLUS = /^\++$/;
const MAX_DECODINGS = 3;

/**
 * @param path - Normalised.
 * @throws {BridgeError} REQUEST_MALFORMED, when a segment may be read as a dot segment or as empty
 */
export function foldPath(path: string): string {
  if (PLAIN.test(path)) return path.toLowerCase();
  // Full-width letters may spell an escape.
  const text = decodeFully(decodeFully(path).normalize("NFKC"));
  const read = text.replace(INVISIBLE, "").replace(SLASH_LIKE, "/");
  const segments = read.split("/").filter((segment) => segment !== "");
  // Some letters have the same capital as another one: "ı" and "i".
  return `/${segments.map(foldSegment).join("/")}`.toUpperCase().toLowerCase();
}

function foldSegment(segment: string): string {
  const folded = trimmedEnd(segment.replace(SUFFIX, "").replace(LEADING, ""));
  if (folded !== "" || ONLY_PLUS.test(segment)) return folded;
  throw new BridgeError(
    "REQUEST_MALFORMED",
    "Request target: the path has a segment that consists of dots and spaces.",
  );
}

/** A pattern would take quadratic time. */
function trimmedEnd(segment: string): string {
  let end = segment.length;
  while (end > 0 && TRAILING.test(segment.charAt(end - 1))) end -= 1;
  return segment.slice(0, end);
}

function decodeFully(path: string): string {
  let text = path;
  for (let count = 0; count < MAX_DECODINGS && text.includes("%"); count += 1) {
    try {
      text = decodeURIComponent(text);
    } catch {
      // A percent sign that belongs to the text.
      return text;
    }
  }
  return text;
}
