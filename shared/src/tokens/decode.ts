import { WORDS } from "@breezeway/shared/words";
import { BridgeError } from "../errors/bridge-error.ts";
import { isRecord } from "../protocol/guards.ts";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The content of a token. Nothing in it was verified: never base a decision on it. */
export interface DecodedToken {
  readonly untrusted: true;
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * Decodes a compact JWT for display or debugging. It does not check the signature, the expiry, the
 * audience or anything else; `@breezeway/verify` does.
 *
 * @throws {BridgeError} TOKEN_MALFORMED
 */
export function decodeSessionToken(token: string): DecodedToken {
  const [header, claims, signature, ...rest] = token.split(".");
  if (header && claims && signature && rest.length === 0) {
    try {
      return { untrusted: true, header: decodePart(header), claims: decodePart(claims) };
    } catch {
      // The caught error may quote the token; the error below does not.
    }
  }
  throw new BridgeError("TOKEN_MALFORMED", WORDS && "The session token is not a compact JWT.");
}

/**
 * Canonical base64url (RFC 4648, section 5) of a JSON object in UTF-8. Written out, because Hermes has
 * neither `atob` (before React Native 0.74) nor a `TextDecoder` that rejects malformed UTF-8.
 */
function decodePart(part: string): Record<string, unknown> {
  let bits = 0;
  let count = 0;
  let escapes = "";
  for (const letter of part) {
    const value = LETTERS.indexOf(letter);
    if (value < 0) throw new TypeError();
    bits = (bits << 6) | value;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    escapes += `%${((bits >> count) | 256).toString(16).slice(1)}`;
    bits &= (1 << count) - 1;
  }
  // A letter too many, or a second spelling of the same bytes.
  if (count > 4 || bits > 0) throw new TypeError();
  const value: unknown = JSON.parse(decodeURIComponent(escapes));
  if (!isRecord(value)) throw new TypeError();
  return value;
}
