/**
 * Failures that no request reports. Without `onError` they are written to standard error.
 *
 * A line never has credentials of a URL, header values or tokens. Messages of other libraries may quote
 * their input, so a line has the message only of a `BridgeError`, and the code or class of other errors.
 */
import { BridgeError } from "@breezeway/shared";

/** @param what - What failed, such as "cannot fetch the issuer's keys". */
export type FailureLog = (what: string, error: unknown) => void;

// A lasting failure is written again after this time. Retries come every few seconds.
const REPEAT_MS = 60_000;

/** @param onError - Called for every failure instead of writing lines. */
export function createFailureLog(onError: ((error: unknown) => void) | undefined): FailureLog {
  if (onError !== undefined) return (_what, error) => onError(error);
  const said = new Map<string, { readonly why: string; readonly atMs: number }>();
  return (what, error) => {
    const why = reasonFor(error);
    const atMs = performance.now();
    const last = said.get(what);
    if (last?.why === why && atMs - last.atMs < REPEAT_MS) return;
    said.set(what, { why, atMs });
    process.stderr.write(`breezeway gateway: ${what}: ${why}\n`);
  };
}

/** A URL without the parts that may be secret. */
export function publicUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** Why something failed, without secrets. */
export function reasonFor(error: unknown): string {
  if (BridgeError.is(error)) return error.message;
  if (!(error instanceof Error)) return "unknown failure";
  return codeOf(error) ?? codeOf(error.cause) ?? error.constructor.name;
}

// Codes of Node, undici and database clients. Other text could quote secret input.
const CODE = /^[A-Z][A-Z0-9_]{1,63}$/;

function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && CODE.test(code) ? code : undefined;
}
