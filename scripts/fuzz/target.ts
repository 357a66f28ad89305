/**
 * What the fuzzer runs on: one function of ours that reads bytes from a stranger. A target throws when an
 * invariant is broken, and returns for input that was accepted or refused as it should be.
 */
import { BridgeError } from "@breezeway/shared";

/** @param data Any bytes. */
export type Target = (data: Buffer) => void;

/**
 * Runs a reader that may refuse its input with a `BridgeError`, and with nothing else.
 *
 * @returns what the reader returned; `undefined` when it refused the input
 */
export function acceptedBy<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    // Messages reach logs and other people's pages.
    // oxlint-disable-next-line no-control-regex -- it looks for control characters
    if (error.message.length > 10_000 || /[\0-\x08\x0B-\x1F\x7F]/u.test(error.message)) {
      throw new Error(`A message is too long or has control characters: ${error.code}`, {
        cause: error,
      });
    }
    return undefined;
  }
}

export function invariant(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`Invariant broken: ${what}`);
}
