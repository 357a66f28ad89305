/** The one place where penpal's failures become ours. */
import { BridgeError } from "@breezeway/shared";
import { PenpalError } from "penpal";

export function fromPenpal(error: unknown): BridgeError {
  if (BridgeError.is(error)) return error;
  // What the host threw comes back as a plain Error with the host's words: keep none of them.
  if (!(error instanceof PenpalError)) return refused();
  switch (error.code) {
    case "CONNECTION_DESTROYED":
    case "TRANSMISSION_FAILED":
      return new BridgeError("CHANNEL_LOST", "The host went away during the handshake.", {
        cause: error,
      });
    case "METHOD_NOT_FOUND":
    case "INVALID_ARGUMENT":
    // penpal is given no time limit: ours covers all of its steps.
    case "CONNECTION_TIMEOUT":
    case "METHOD_CALL_TIMEOUT":
      return refused(error);
  }
}

export function noAnswer(timeoutMs: number): BridgeError {
  return new BridgeError(
    "HANDSHAKE_TIMEOUT",
    `No host answered within ${timeoutMs} ms. Is its origin in hostOrigins, and this page's origin in its registry?`,
  );
}

function refused(cause?: PenpalError): BridgeError {
  return new BridgeError("HANDSHAKE_REFUSED", "The host refused this guest.", cause && { cause });
}
