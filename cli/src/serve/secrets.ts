import { resolve, dirname } from "node:path";
import { BridgeError } from "@breezeway/shared";
import type { CliIo } from "../io.ts";
import type { SecretPlace } from "./config-schema.ts";
import { readTrustedText } from "./read-text.ts";

/** The value of a secret. @param field - Where the configuration names it, such as `issuer.store.url`. */
export type ReadSecret = (place: SecretPlace, field: string) => string;

/**
 * @param file - The configuration; paths of secret files are relative to it.
 * @returns a function that throws CONFIG_INVALID, naming file and field, for a secret that is not there
 */
export function createSecretReader(file: string, env: CliIo["env"]): ReadSecret {
  return (place, field) => {
    const source = `${file}: ${field}`;
    if ("env" in place) {
      const value = env[place.env];
      if (value !== undefined && value !== "") return value;
      // Not its name: somebody may have written the secret there.
      throw invalid(`${source}.env: the environment has no variable of this name.`);
    }
    const path = resolve(dirname(file), place.file);
    // Editors and `echo` end a file with a newline that is no part of the secret.
    const value = readTrustedText(path, source).replace(/\r?\n$/, "");
    if (value !== "") return value;
    throw invalid(`${source}: ${path} is empty.`);
  };
}

function invalid(message: string): BridgeError {
  return new BridgeError("CONFIG_INVALID", message);
}
