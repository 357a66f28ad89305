/**
 * Fetches in progress, shared among requests where the runtime allows it.
 *
 * Cloudflare Workers end the I/O of a request together with the request. A promise that waits for it
 * then never settles, and objects such as an `AbortSignal` cannot be used by another request. There each
 * request fetches for itself, and requests share only the result.
 */
import { endsWorkWithRequest } from "../options/runtime.ts";

export interface Flights {
  /** False where a fetch ends with the request that started it. */
  readonly areShared: boolean;
  readonly isClosed: boolean;
  /** Starts `task`, or waits for the one in progress. The signal aborts when the flights are closed. */
  run(task: (signal: AbortSignal) => Promise<void>): Promise<void>;
  /** Aborts every task in progress. */
  close(): void;
}

export function createFlights(): Flights {
  const areShared = !endsWorkWithRequest();
  const inProgress = new Map<AbortController, Promise<void>>();
  let isClosed = false;

  async function fly(
    controller: AbortController,
    task: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    try {
      await task(controller.signal);
    } finally {
      inProgress.delete(controller);
    }
  }

  return {
    areShared,
    get isClosed() {
      return isClosed;
    },
    run: (task) => {
      const [shared] = areShared ? inProgress.values() : [];
      if (shared !== undefined) return shared;
      const controller = new AbortController();
      if (isClosed) controller.abort();
      const flight = fly(controller, task);
      inProgress.set(controller, flight);
      return flight;
    },
    close: () => {
      isClosed = true;
      for (const controller of inProgress.keys()) controller.abort();
    },
  };
}
