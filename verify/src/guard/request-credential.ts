import { BridgeError, type AuthScheme } from "@breezeway/shared";
import type { RequestParts } from "./request-parts.ts";

export interface RequestCredential {
  readonly scheme: AuthScheme;
  readonly token: string;
}

// The credential is a token68 (RFC 6750, section 2.1; RFC 9449, section 7.1). The name of the scheme is
// case-insensitive, and one or more spaces follow it (RFC 9110, section 11.4).
const CREDENTIAL = /^(?:bearer|dpop) +([A-Za-z0-9._~+/-]+=*)$/i;
const SCHEME = /^(bearer|dpop)\b/i;

/**
 * Parses the value of `Authorization`. Gateway and verifiers share it, so no request is good for one and
 * bad for the other. It does not look at the token.
 *
 * @returns `undefined` for another scheme, and for a scheme without a token
 * @throws {BridgeError} DUPLICATE_CREDENTIALS, TOKEN_MALFORMED
 */
export function parseAuthorization(value: string): RequestCredential | undefined {
  // A Bearer or DPoP credential never contains a comma, so a comma means two joined headers.
  if (value.includes(",")) {
    throw new BridgeError("DUPLICATE_CREDENTIALS", "The request carries more than one credential.");
  }
  const scheme = SCHEME.exec(value)?.[1];
  if (scheme === undefined || scheme.length === value.length) return undefined;
  const token = CREDENTIAL.exec(value)?.[1];
  if (token === undefined) {
    throw new BridgeError(
      "TOKEN_MALFORMED",
      "The Authorization header must hold a scheme and one token.",
    );
  }
  return { scheme: scheme.toLowerCase() === "dpop" ? "DPoP" : "Bearer", token };
}

/**
 * The credential of a request: `Authorization: Bearer`, or `DPoP` where proofs are accepted. `undefined`
 * when the header is absent or has another scheme. Query parameters and cookies are never read.
 *
 * @throws {BridgeError} DUPLICATE_CREDENTIALS, TOKEN_MALFORMED
 */
export function requestCredential(
  request: RequestParts,
  takesProofs: boolean,
): RequestCredential | undefined {
  const value = request.header("authorization");
  if (value === undefined || (!takesProofs && /^dpop\b/i.test(value) && !value.includes(","))) {
    return undefined;
  }
  return parseAuthorization(value);
}

/** Whether a browser asks for permission to send the real request (Fetch standard, section 4.8). */
export function isPreflight(request: RequestParts): boolean {
  return (
    request.method === "OPTIONS" &&
    request.header("origin") !== undefined &&
    request.header("access-control-request-method") !== undefined
  );
}
