import { BridgeError } from "@breezeway/shared";
import type { OpenStore } from "./store.ts";

/**
 * Runs a store operation and gives its outages the one name that callers act on. Everything else
 * that fails is a fault of ours and passes through.
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
      throw new BridgeError("STORE_UNAVAILABLE", "The session store cannot be reached.", {
        cause: error,
      });
    }
    throw error;
  }
}
