import { BridgeError, type AuthScheme } from "@breezeway/shared";
import type { RequestParts } from "./request-parts.ts";

export interface RequestCredential {
  readonly scheme: AuthScheme;
  readonly token: string;
}

// The credential is a token68 (RFC 6750, section 2.1; RFC 9449, section 7.1). The name of the scheme is
// case-insensitive (RFC 9110, section 11.1).
const CREDENTIAL = /^(?<scheme>bearer|dpop)(?: +(?<token>[A-Za-z0-9._~+/-]+=*))?$/i;

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
  const credentials = request.header("authorization");
  if (credentials === undefined) return undefined;
  // A Bearer or DPoP credential never contains a comma, so a comma means two joined headers.
  if (credentials.includes(",")) {
    throw new BridgeError("DUPLICATE_CREDENTIALS", "The request carries more than one credential.");
  }
  const isProven = /^dpop\b/i.test(credentials);
  if (isProven ? !takesProofs : !/^bearer\b/i.test(credentials)) return undefined;
  const match = CREDENTIAL.exec(credentials);
  if (match === null) {
    throw new BridgeError(
      "TOKEN_MALFORMED",
      "The Authorization header must hold a scheme and one token.",
    );
  }
  const token = match.groups?.["token"];
  return token === undefined ? undefined : { scheme: isProven ? "DPoP" : "Bearer", token };
}

/** Whether a browser asks for permission to send the real request (Fetch standard, section 4.8). */
export function isPreflight(request: RequestParts): boolean {
  return (
    request.method === "OPTIONS" &&
    request.header("origin") !== undefined &&
    request.header("access-control-request-method") !== undefined
  );
}
