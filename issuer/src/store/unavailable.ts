import { BridgeError } from "@breezeway/shared";
import type { OpenStore } from "./store.ts";

/**
 * Runs a store operation and turns its outages into one error code, whose message names the cause.
 * Other failures are bugs and pass through.
 *
 * @throws {BridgeError} STORE_UNAVAILABLE
 */
export async function withStore<T>(
  store: Pick<OpenStore, "faultOf">,
  operation: () => Promise<T>,
): Promise<T> {
  try {
    return await operation();
  } catch (cause) {
    const fault = BridgeError.is(cause) ? undefined : store.faultOf(cause);
    if (fault === undefined) throw cause;
    throw new BridgeError("STORE_UNAVAILABLE", `The session store cannot be used: ${fault}.`, {
      cause,
    });
  }
}
