import type { Readable } from "./store.ts";

/**
 * Returns the values of a readable as an async iterable: the current value, then each change. A slow
 * reader gets the latest value only. The iterable ends when `signal` fires.
 */
export function streamOf<T>(readable: Readable<T>, signal: AbortSignal): AsyncGenerator<T> {
  let wake = (): void => undefined;
  let isChanged = false;
  const over = new AbortController();

  const rouse = (): void => {
    isChanged = true;
    wake();
  };

  async function* generate(): AsyncGenerator<T> {
    if (signal.aborted) return;
    const unsubscribe = readable.subscribe(rouse);
    signal.addEventListener("abort", rouse);
    try {
      while (!signal.aborted && !over.signal.aborted) {
        if (isChanged) {
          isChanged = false;
          yield readable.current;
        } else {
          // Hermes has no `Promise.withResolvers`.
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      unsubscribe();
      signal.removeEventListener("abort", rouse);
    }
  }

  const values = generate();
  const end = values.return.bind(values);
  // Without this, a generator that waits for a value would end only after the next one.
  values.return = (value) => {
    over.abort();
    rouse();
    return end(value);
  };
  return values;
}
