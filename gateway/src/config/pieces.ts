/**
 * Long synchronous work in pieces, so that one implementation serves a program that starts, which may block,
 * and one that serves requests, which may not.
 */
import { setImmediate as nextTurn } from "node:timers/promises";

/** Work that may pause at each `yield`. */
export type Pieces<T> = Generator<undefined, T, undefined>;

/** Other work waits for one turn, besides the piece that exceeds it. */
const TURN_MS = 5;

/** Does all pieces in this turn of the event loop. */
export function atOnce<T>(pieces: Pieces<T>): T {
  for (;;) {
    const step = pieces.next();
    if (step.done === true) return step.value;
  }
}

/** Does the pieces in as many turns of the event loop as they need, each about 5 ms long. */
export async function inTurns<T>(pieces: Pieces<T>): Promise<T> {
  for (;;) {
    const endsAt = performance.now() + TURN_MS;
    do {
      const step = pieces.next();
      if (step.done === true) return step.value;
    } while (performance.now() < endsAt);
    await nextTurn();
  }
}
