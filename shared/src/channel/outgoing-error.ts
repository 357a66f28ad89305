import { BridgeError, type WireError } from "../errors/bridge-error.ts";

/**
 * Whatever was thrown, as it may cross the bridge. Only a `BridgeError` keeps its words: any other
 * message was not written for the other side and may hold a secret.
 */
export function toWireError(error: unknown, correlationId: string): WireError {
  return BridgeError.is(error)
    ? error.toWire(error.correlationId ?? correlationId)
    : { code: "CALL_FAILED", message: "The method failed.", correlationId };
}
