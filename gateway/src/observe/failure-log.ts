/**
 * What a gateway says when nobody listens for its failures: a line on standard error.
 *
 * Never in a line: credentials of a URL, header values, tokens. Messages of other libraries may quote
 * what they were given, so of everything but our own errors the code or the class is told, and no more.
 */
import { BridgeError } from "@breezeway/shared";

/** @param what - What does not work, such as "the issuer's keys cannot be fetched". */
export type FailureLog = (what: string, error: unknown) => void;

// A failure that lasts is told again after this long; retries come every few seconds.
const REPEAT_MS = 60_000;

/** @param onError - Given, it is told of everything, and nothing is written. */
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

/** A URL without what may be secret in it. */
export function publicUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** Why something failed, in words that hold no secret. */
export function reasonFor(error: unknown): string {
  if (BridgeError.is(error)) return error.message;
  if (!(error instanceof Error)) return "unknown failure";
  return codeOf(error) ?? codeOf(error.cause) ?? error.constructor.name;
}

// As Node, undici and database clients spell theirs: a name, and not a text that could quote something.
const CODE = /^[A-Z][A-Z0-9_]{1,63}$/;

function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && CODE.test(code) ? code : undefined;
}
