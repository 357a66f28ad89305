import { WORDS } from "@breezeway/shared/words";
import { BridgeError } from "../errors/bridge-error.ts";

/**
 * Checks that an app has a capability.
 *
 * @param can Whether the app has a capability.
 * @param subject What needs the capability, such as `"deleteCustomer"` in quotes.
 * @param capability `undefined`: no capability is needed.
 * @throws {BridgeError} CAPABILITY_MISSING
 */
export function assertCapability(
  can: (capability: string) => boolean,
  subject: string,
  capability: string | undefined,
): void {
  if (capability === undefined || can(capability)) return;
  throw new BridgeError(
    "CAPABILITY_MISSING",
    WORDS
      ? `${subject} needs the capability "${capability}", which the app's manifest does not list.`
      : [`${subject}, ${capability}`],
    { details: { capability } },
  );
}
