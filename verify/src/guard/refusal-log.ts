/**
 * Refusals of a guard. Without `onRefused` they are written to standard error, at most one line per reason
 * and minute: a misspelt audience must not look like a service that is merely never called.
 *
 * A line never holds a token, a claim or a header. Errors of other libraries may quote their input, so a
 * line names only their class.
 */
import { BridgeError } from "@breezeway/shared";

export type RefusalLog = (error: unknown, requestId: string) => void;

const REPEAT_MS = 60_000;

export function createRefusalLog(onRefused: RefusalLog | undefined): RefusalLog {
  const log = onRefused ?? createLines();
  return (error, requestId) => {
    try {
      log(error, requestId);
    } catch {
      // A log that fails must not leave the request without an answer.
    }
  };
}

function createLines(): RefusalLog {
  // There are as many reasons as codes and classes of errors, so the map stays small.
  const writtenAtMs = new Map<string, number>();
  return (error, requestId) => {
    const [reason, text] = describe(error);
    const nowMs = performance.now();
    const last = writtenAtMs.get(reason);
    if (last !== undefined && nowMs - last < REPEAT_MS) return;
    writtenAtMs.set(reason, nowMs);
    write(`breezeway verify: refused a request: ${reason}: ${text} (request ${requestId})`);
  };
}

function describe(error: unknown): readonly [reason: string, text: string] {
  if (BridgeError.is(error)) return [error.reason, error.message];
  return ["internal-error", error instanceof Error ? error.constructor.name : "unknown failure"];
}

/** A runtime without standard error, such as a Worker, needs `onRefused` for its logs. */
function write(line: string): void {
  if (typeof process === "object" && typeof process.stderr?.write === "function") {
    process.stderr.write(`${line}\n`);
  }
}
