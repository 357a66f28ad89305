/**
 * Tells many listeners, some in each turn of the event loop, so that other work is not held up.
 *
 * Invariants:
 * - each listener receives everything once and in order;
 * - what concerns few listeners does not wait for what concerns many: a listener that is still due for
 *   something earlier receives that first.
 */

export interface ToldInSlices<L> {
  /**
   * Tells the listeners at once when they are few, and in slices otherwise.
   *
   * @param replaces An earlier message of this name is outdated for those who have not received it yet.
   */
  readonly tell: (
    listeners: ReadonlySet<L>,
    message: (listener: L) => void,
    replaces?: string,
  ) => void;
  /** Forgets a listener that has left. */
  readonly drop: (listener: L) => void;
  /** Forgets everything that nobody has received yet. */
  readonly clear: () => void;
}

interface Job<L> {
  readonly due: Set<L>;
  readonly message: (listener: L) => void;
  readonly name: string | undefined;
}

/** Listeners per turn: each costs some microseconds, so a turn stays around a millisecond. */
export const SLICE = 100;

export function createToldInSlices<L>(): ToldInSlices<L> {
  let jobs: Job<L>[] = [];
  let isScheduled = false;

  const catchUp = (listener: L): void => {
    for (const { due, message } of jobs) if (due.delete(listener)) message(listener);
  };

  const slice = (): void => {
    let left = SLICE;
    for (let [job] = jobs; job && left > 0; [job] = jobs) {
      for (const listener of job.due) {
        if (left === 0) break;
        left -= 1;
        job.due.delete(listener);
        job.message(listener);
      }
      // A message may have cleared the jobs.
      if (job.due.size === 0 && jobs[0] === job) jobs.shift();
    }
  };

  const schedule = (): void => {
    if (isScheduled || jobs.length === 0) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      slice();
      schedule();
    });
  };

  return {
    tell: (listeners, message, name) => {
      if (listeners.size > SLICE) {
        if (name !== undefined) jobs = jobs.filter((job) => job.name !== name);
        jobs.push({ due: new Set(listeners), message, name });
        schedule();
        return;
      }
      // A copy, since a message may make its listener leave.
      for (const listener of [...listeners]) {
        catchUp(listener);
        message(listener);
      }
    },
    drop: (listener) => {
      for (const { due } of jobs) due.delete(listener);
    },
    clear: () => {
      jobs = [];
    },
  };
}
