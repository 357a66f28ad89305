/** The one credential of a request (RFC 6750, section 2.1). Any second one is refused. */
import { BridgeError } from "@breezeway/shared";
import type { InspectedHeaders } from "./inspect-headers.ts";

/**
 * WebSocket clients in browsers cannot set `Authorization`, so an upgrade may carry its token as a
 * subprotocol: `new WebSocket(url, ["breezeway", "breezeway.bearer." + token])`. The entry never
 * reaches the upstream, and is not sent back: the server selects another one.
 */
export const WEBSOCKET_TOKEN_PREFIX = "breezeway.bearer.";
/** Selected when the upstream selects none: browsers refuse an upgrade without a selection. */
export const WEBSOCKET_PROTOCOL = "breezeway";

export interface Credential {
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
  if (webSocketProtocols === undefined) return bearer(authorization, NO_PROTOCOLS);
  const offered = webSocketProtocols.split(",").map((entry) => entry.trim());
  const tokens = offered.filter((entry) => entry.startsWith(WEBSOCKET_TOKEN_PREFIX));
  const rest = offered.filter((entry) => !entry.startsWith(WEBSOCKET_TOKEN_PREFIX));
  const [first] = tokens;
  if (first === undefined) return bearer(authorization, rest);
  if (tokens.length > 1 || authorization !== undefined) throw duplicate();
  if (headers.upgrade === undefined) throw new BridgeError("TOKEN_MISSING", "No credential.");
  return { token: first.slice(WEBSOCKET_TOKEN_PREFIX.length), webSocketProtocols: rest };
}

function bearer(
  authorization: string | undefined,
  webSocketProtocols: readonly string[],
): Credential {
  if (authorization === undefined || authorization === "") {
    throw new BridgeError("TOKEN_MISSING", "The request has no Authorization header.");
  }
  // Scheme names have no case (RFC 9110, section 11.1); exactly one space follows (RFC 6750).
  if (authorization.slice(0, 7).toLowerCase() !== "bearer ") {
    throw new BridgeError("TOKEN_MISSING", "The Authorization header has another scheme.");
  }
  const token = authorization.slice(7);
  if (token.includes(",")) throw duplicate();
  return { token, webSocketProtocols };
}

function duplicate(): BridgeError {
  return new BridgeError(
    "DUPLICATE_CREDENTIALS",
    "Exactly one token is allowed, in the Authorization header.",
  );
}
