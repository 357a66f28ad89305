/**
 * Mints first tokens ahead of their guests, a few at a time: a page of many apps must not keep its own
 * requests waiting behind all of theirs. A guest that has said hello does not wait here; the token source
 * mints for it at once.
 */
export interface PrefetchQueue {
  /** Runs the mint in its turn, unless `cancel` comes first. Work that is queued already is not queued again. */
  add(work: Prefetch): void;
  cancel(work: Prefetch): void;
  clear(): void;
}

/** Never rejects. */
export type Prefetch = () => Promise<void>;

/** Browsers open six connections to an origin over HTTP/1.1. The event stream has one of them. */
const MAX_PREFETCHES = 4;

export function createPrefetchQueue(): PrefetchQueue {
  const waiting = new Set<Prefetch>();
  let running = 0;

  const run = async (work: Prefetch): Promise<void> => {
    running += 1;
    await work();
    running -= 1;
  };

  const next = (): void => {
    for (const work of waiting) {
      if (running >= MAX_PREFETCHES) return;
      waiting.delete(work);
      void run(work).then(next);
    }
  };

  return {
    add(work) {
      waiting.add(work);
      next();
    },
    cancel: (work) => void waiting.delete(work),
    clear: () => waiting.clear(),
  };
}
