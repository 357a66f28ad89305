import { BridgeError } from "@breezeway/shared";
import type { OpenStore } from "./store.ts";

/**
 * Runs a store operation and turns its outages into one error code. Other failures are bugs and pass
 * through.
 *
 * @throws {BridgeError} STORE_UNAVAILABLE
 */
export async function withStore<T>(
  store: Pick<OpenStore, "isUnavailable">,
  operation: () => Promise<T>,
): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (!BridgeError.is(error) && store.isUnavailable(error)) {
      throw new BridgeError(
        "STORE_UNAVAILABLE",
        "The session store cannot be reached. Retry later.",
        {
          cause: error,
        },
      );
    }
    throw error;
  }
}
