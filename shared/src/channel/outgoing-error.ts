import { WORDS } from "@breezeway/shared/words";
import { BridgeError, type WireError } from "../errors/bridge-error.ts";

/**
 * Turns any thrown value into an error that may cross the bridge. Only a `BridgeError` keeps its
 * message: any other message was not written for the other side and may contain a secret.
 */
export function toWireError(error: unknown, correlationId: string): WireError {
  return BridgeError.is(error)
    ? error.toWire(error.correlationId ?? correlationId)
    : new BridgeError("CALL_FAILED", WORDS && "The method failed.").toWire(correlationId);
}
