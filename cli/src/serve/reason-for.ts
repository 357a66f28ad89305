import { BridgeError } from "@breezeway/shared";

// Codes of Node, Postgres and HTTP clients look like this. A longer text could quote a secret.
const CODE = /^[A-Z0-9][A-Z0-9_]{1,63}$/;

/**
 * The reason of a failure without secrets: the message of a `BridgeError`, and the code or class name of
 * any other error.
 */
export function reasonFor(error: unknown): string {
  if (!(error instanceof Error)) return "unknown failure";
  if (!BridgeError.is(error)) return codeOf(error) ?? codeOf(error.cause) ?? error.name;
  const code = codeOf(error.cause);
  const isSaid = code === undefined || error.message.includes(code);
  return isSaid ? error.message : `${error.message} (${code})`;
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  const { code } = error;
  return typeof code === "string" && CODE.test(code) ? code : undefined;
}
