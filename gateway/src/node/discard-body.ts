import type { IncomingMessage } from "node:http";

/**
 * Limits for reading a body whose request was answered early. Closing at once would make the client's
 * system discard the answer; reading without a limit would accept an endless upload.
 */
export const DISCARD_LIMITS = { maxBytes: 1_048_576, timeoutMs: 5_000 } as const;

/** Reads and discards the rest of the body within {@link DISCARD_LIMITS}, then ends the connection. */
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
