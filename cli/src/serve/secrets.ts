import { resolve, dirname } from "node:path";
import { BridgeError } from "@breezeway/shared";
import type { CliIo } from "../io.ts";
import type { SecretPlace } from "./config-schema.ts";
import { readTrustedText } from "./read-text.ts";

/**
 * Returns the value of a secret.
 *
 * @param field The field of the configuration, such as `issuer.store.url`.
 */
export type ReadSecret = (place: SecretPlace, field: string) => string;

/**
 * @param file The configuration. Paths of secret files are relative to it.
 * @returns a function that throws CONFIG_INVALID, naming file and field, for a missing secret
 */
export function createSecretReader(file: string, env: CliIo["env"]): ReadSecret {
  return (place, field) => {
    const source = `${file}: ${field}`;
    if ("env" in place) {
      const value = env[place.env];
      if (value !== undefined && value !== "") return value;
      // The name is not quoted, because an operator may have put the secret there by mistake.
      throw invalid(`${source}.env: must name an environment variable that is set.`);
    }
    const path = resolve(dirname(file), place.file);
    // Editors and `echo` add a newline that is not part of the secret.
    const value = readTrustedText(path, source).replace(/\r?\n$/, "");
    if (value !== "") return value;
    throw invalid(`${source}: ${path} must hold the secret, but is empty.`);
  };
}

function invalid(message: string): BridgeError {
  return new BridgeError("CONFIG_INVALID", message);
}
