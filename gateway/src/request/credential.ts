/** The credential of a request (RFC 6750, section 2.1; RFC 9449, section 7.1). Two are refused. */
import { BridgeError, type AuthScheme } from "@breezeway/shared";
import { parseAuthorization } from "@breezeway/verify";
import type { InspectedHeaders } from "./inspect-headers.ts";

/**
 * Browsers cannot set `Authorization` for a WebSocket, so an upgrade may carry its token as a
 * subprotocol: `new WebSocket(url, ["breezeway", "breezeway.bearer." + token])`. The gateway removes the
 * entry from the request and never selects it. A token that is bound to a key cannot use this way, which
 * has no place for a proof.
 */
export const WEBSOCKET_TOKEN_PREFIX = "breezeway.bearer.";
/** Selected when the upstream selects no protocol: browsers reject an upgrade without one. */
export const WEBSOCKET_PROTOCOL = "breezeway";

export interface Credential {
  readonly scheme: AuthScheme;
  readonly token: string;
  /** The other entries of `Sec-WebSocket-Protocol`, for the upstream. */
  readonly webSocketProtocols: readonly string[];
}

const NO_PROTOCOLS: readonly string[] = [];

/** @throws {BridgeError} TOKEN_MISSING, also for an unknown scheme; TOKEN_MALFORMED; DUPLICATE_CREDENTIALS */
export function readCredential(headers: InspectedHeaders): Credential {
  if (headers.duplicateCredentials) throw duplicate();
  const { authorization, webSocketProtocols } = headers;
  if (webSocketProtocols === undefined) return fromHeader(authorization, NO_PROTOCOLS);
  const offered = webSocketProtocols.split(",").map((entry) => entry.trim());
  const tokens = offered.filter((entry) => entry.startsWith(WEBSOCKET_TOKEN_PREFIX));
  const rest = offered.filter((entry) => !entry.startsWith(WEBSOCKET_TOKEN_PREFIX));
  const [first] = tokens;
  if (first === undefined) return fromHeader(authorization, rest);
  if (tokens.length > 1 || authorization !== undefined) throw duplicate();
  if (headers.upgrade === undefined)
    throw new BridgeError("TOKEN_MISSING", "A token as subprotocol requires a WebSocket upgrade.");
  const token = first.slice(WEBSOCKET_TOKEN_PREFIX.length);
  return { scheme: "Bearer", token, webSocketProtocols: rest };
}

function fromHeader(
  authorization: string | undefined,
  webSocketProtocols: readonly string[],
): Credential {
  if (authorization === undefined || authorization === "") {
    throw new BridgeError("TOKEN_MISSING", "The request has no Authorization header.");
  }
  const credential = parseAuthorization(authorization);
  if (credential === undefined) {
    throw new BridgeError(
      "TOKEN_MISSING",
      "The Authorization header has no Bearer token: send the scheme Bearer and one token.",
    );
  }
  return { ...credential, webSocketProtocols };
}

/** Whether an `Authorization` header has the scheme DPoP (RFC 9449). */
export function isProofScheme(authorization: string | undefined): boolean {
  return authorization?.slice(0, 5).toLowerCase() === "dpop ";
}

function duplicate(): BridgeError {
  return new BridgeError(
    "DUPLICATE_CREDENTIALS",
    "The request has more than one credential. Send exactly one token, in the Authorization header.",
  );
}
