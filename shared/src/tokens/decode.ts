import { BridgeError } from "../errors/bridge-error.ts";
import { isRecord } from "../protocol/guards.ts";

/** What a token says about itself. Nothing in it was checked: never decide anything by it. */
export interface DecodedToken {
  readonly untrusted: true;
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * Reads a compact JWT for display or debugging. Does not check the signature, the expiry, the
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
      // What failed quotes the token; the error below does not.
    }
  }
  throw new BridgeError("TOKEN_MALFORMED", "This is not a compact JWT.");
}

function decodePart(part: string): Record<string, unknown> {
  const binary = atob(part.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  if (!isRecord(value)) throw new TypeError("not an object");
  return value;
}
