import type { IncomingMessage } from "node:http";

/**
 * What is still read of a body whose request was answered already. Closing at once would make the
 * client's system throw the answer away; reading on for ever would be an upload without a limit.
 */
export const DISCARD_LIMITS = { maxBytes: 1_048_576, timeoutMs: 5_000 } as const;

/** Reads and forgets the rest of the body within {@link DISCARD_LIMITS}, then ends the connection. */
export function discardBody(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  let left: number = DISCARD_LIMITS.maxBytes;
  const giveUp = (): void => {
    request.destroy();
  };
  const timer = setTimeout(giveUp, DISCARD_LIMITS.timeoutMs);
  request.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) giveUp();
  });
  request.once("close", () => clearTimeout(timer));
  request.once("end", () => clearTimeout(timer));
  request.resume();
}
