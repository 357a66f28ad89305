/** Translates errors of penpal into BridgeErrors. */
import { BridgeError } from "@breezeway/shared";
import { WORDS } from "@breezeway/shared/words";
import { PenpalError } from "penpal";

export function fromPenpal(error: unknown): BridgeError {
  if (BridgeError.is(error)) return error;
  // An error that the host threw arrives as a plain Error with the host's text, which is discarded.
  if (!(error instanceof PenpalError)) return refused();
  switch (error.code) {
    case "CONNECTION_DESTROYED":
    case "TRANSMISSION_FAILED":
      return new BridgeError("CHANNEL_LOST", WORDS && "The host left during the handshake.", {
        cause: error,
      });
    case "METHOD_NOT_FOUND":
    case "INVALID_ARGUMENT":
    // penpal has no timeout set: ours covers all of its steps.
    case "CONNECTION_TIMEOUT":
    case "METHOD_CALL_TIMEOUT":
      return refused(error);
  }
}

export function noAnswer(timeoutMs: number): BridgeError {
  return new BridgeError(
    "HANDSHAKE_TIMEOUT",
    WORDS
      ? `No host answered within ${timeoutMs} ms. Check hostOrigins, and that the host has registered this page's origin.`
      : [`${timeoutMs} ms`],
  );
}

function refused(cause?: PenpalError): BridgeError {
  const text = WORDS && "The host refused this guest.";
  return new BridgeError("HANDSHAKE_REFUSED", text, cause && { cause });
}
