import { BridgeError } from "../errors/bridge-error.ts";
import { isRecord } from "../protocol/guards.ts";

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
  throw new BridgeError("TOKEN_MALFORMED", "The session token is not a compact JWT.");
}

function decodePart(part: string): Record<string, unknown> {
  const binary = atob(part.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  if (!isRecord(value)) throw new TypeError("not an object");
  return value;
}
