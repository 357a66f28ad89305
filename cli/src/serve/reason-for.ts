import { BridgeError } from "@breezeway/shared";

// As Node, Postgres and HTTP clients spell theirs: a name, and not a text that could quote something.
const CODE = /^[A-Z0-9][A-Z0-9_]{1,63}$/;

/**
 * Why something failed, in words that hold no secret: the message of an error of ours, and of all
 * others the code or the class.
 */
export function reasonFor(error: unknown): string {
  if (!(error instanceof Error)) return "unknown failure";
  if (!BridgeError.is(error)) return codeOf(error) ?? codeOf(error.cause) ?? error.name;
  const code = codeOf(error.cause);
  return code === undefined ? error.message : `${error.message} (${code})`;
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  const { code } = error;
  return typeof code === "string" && CODE.test(code) ? code : undefined;
}
