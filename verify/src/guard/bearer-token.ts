import { BridgeError } from "@breezeway/shared";
import type { RequestParts } from "./request-parts.ts";

// RFC 6750, section 2.1: b64token. The scheme's name is case-insensitive (RFC 9110, section 11.1).
const BEARER = /^bearer(?: +(?<token>[A-Za-z0-9._~+/-]+=*))?$/i;

/**
 * The one credential of a request: `Authorization: Bearer`. `undefined` when there is none, or one
 * of another scheme. Query parameters and cookies are never looked at.
 *
 * @throws {BridgeError} DUPLICATE_CREDENTIALS, TOKEN_MALFORMED
 */
export function bearerToken(request: RequestParts): string | undefined {
  const credentials = request.header("authorization");
  if (credentials === undefined) return undefined;
  // No credential of a scheme that we take has a comma in it: two headers were joined here.
  if (credentials.includes(",")) {
    throw new BridgeError("DUPLICATE_CREDENTIALS", "The request carries more than one credential.");
  }
  const match = BEARER.exec(credentials);
  if (match === null && /^bearer\b/i.test(credentials)) {
    throw new BridgeError("TOKEN_MALFORMED", "The Authorization header is not one Bearer token.");
  }
  return match?.groups?.["token"];
}

/** A browser's question whether it may send the real request (Fetch standard, section 4.8). */
export function isPreflight(request: RequestParts): boolean {
  return (
    request.method === "OPTIONS" &&
    request.header("origin") !== undefined &&
    request.header("access-control-request-method") !== undefined
  );
}
