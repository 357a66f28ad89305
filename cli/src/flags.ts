/** Parsers of flag values that several commands share. */
import { BridgeError } from "@breezeway/shared";

/**
 * A list in one argument, separated by commas or spaces. A repeated flag adds to the list. Commander's
 * own `<names...>` would also take the command's argument when that comes last.
 */
export function listed(text: string, before: readonly string[] = []): string[] {
  return [...before, ...text.split(/[ ,]+/).filter(Boolean)];
}

/** @throws {BridgeError} CONFIG_INVALID, naming the flag */
export function algorithmOf(name: string): "EdDSA" | "ES256" {
  if (name === "EdDSA" || name === "ES256") return name;
  throw new BridgeError("CONFIG_INVALID", "--alg: must be EdDSA or ES256.");
}
