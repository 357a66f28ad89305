/** The one credential of a request (RFC 6750, section 2.1; RFC 9449, section 7.1). Any second one is refused. */
import { BridgeError, type AuthScheme } from "@breezeway/shared";
import type { InspectedHeaders } from "./inspect-headers.ts";

/**
 * WebSocket clients in browsers cannot set `Authorization`, so an upgrade may carry its token as a
 * subprotocol: `new WebSocket(url, ["breezeway", "breezeway.bearer." + token])`. The entry never
 * reaches the upstream, and is not sent back: the server selects another one. A token that is bound to
 * a key cannot come so: there is no place for its proof.
 */
export const WEBSOCKET_TOKEN_PREFIX = "breezeway.bearer.";
/** Selected when the upstream selects none: browsers refuse an upgrade without a selection. */
export const WEBSOCKET_PROTOCOL = "breezeway";

export interface Credential {
  readonly scheme: AuthScheme;
  readonly token: string;
  /** What is left of `Sec-WebSocket-Protocol` for the upstream. */
  readonly webSocketProtocols: readonly string[];
}

const NO_PROTOCOLS: readonly string[] = [];

/**
 * @throws {BridgeError} TOKEN_MISSING, DUPLICATE_CREDENTIALS; TOKEN_MALFORMED for another scheme.
 */
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
  if (headers.upgrade === undefined) throw new BridgeError("TOKEN_MISSING", "No credential.");
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
  // Scheme names have no case (RFC 9110, section 11.1); exactly one space follows (RFC 6750).
  const isBearer = authorization.slice(0, 7).toLowerCase() === "bearer ";
  if (!isBearer && !isProofScheme(authorization)) {
    throw new BridgeError("TOKEN_MISSING", "The Authorization header has another scheme.");
  }
  const token = authorization.slice(isBearer ? 7 : 5);
  if (token.includes(",")) throw duplicate();
  return { scheme: isBearer ? "Bearer" : "DPoP", token, webSocketProtocols };
}

/** Whether an `Authorization` header is of RFC 9449. */
export function isProofScheme(authorization: string | undefined): boolean {
  return authorization?.slice(0, 5).toLowerCase() === "dpop ";
}

function duplicate(): BridgeError {
  return new BridgeError(
    "DUPLICATE_CREDENTIALS",
    "Exactly one token is allowed, in the Authorization header.",
  );
}
