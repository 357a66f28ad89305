/**
 * What a gateway says when nobody listens for its failures: a line on standard error.
 *
 * Never in a line: credentials of a URL, header values, tokens. Messages of other libraries may quote
 * what they were given, so of their errors the code or the name is told, and no more.
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
    const why = reasonOf(error);
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

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown failure";
  const code = codeOf(error) ?? codeOf(error.cause);
  if (code !== undefined && !BridgeError.is(error)) return code;
  // What the verifier says of keys and feed is a plain error; clients of databases have classes.
  const isOurs = BridgeError.is(error) || error.constructor === Error;
  return isOurs ? error.message : error.constructor.name;
}

function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}
