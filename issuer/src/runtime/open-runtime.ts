/**
 * Opens the store of an issuer and starts the issuer on it, again and again until that succeeds: a
 * database may start later than the processes that use it.
 *
 * - One attempt at a time, and the next one a second after the last one failed.
 * - Calls wait for the first attempt. Later they get the reason of the last failure at once, since an
 *   attempt at a server that hangs takes seconds.
 */
import { BridgeError, systemClock, type Clock } from "@breezeway/shared";
import type { IssuerSettings } from "../issuer-settings.ts";
import { withStore } from "../store/unavailable.ts";
import { startRuntime, type Runtime } from "./runtime.ts";

export interface RuntimeHandle {
  /** The latest attempt. Its rejection needs no handler. */
  readonly ready: Promise<void>;
  /** @throws {BridgeError} STORE_UNAVAILABLE, KEYS_UNAVAILABLE, while there is no runtime */
  readonly running: () => Promise<Runtime>;
  readonly close: () => Promise<void>;
}

const RETRY_MS = 1_000;

interface Started {
  readonly runtime: Runtime;
  readonly stop: () => Promise<void>;
}

export function openRuntime(settings: IssuerSettings, testClock: Clock | undefined): RuntimeHandle {
  let closing: Promise<void> | undefined;
  let retry: NodeJS.Timeout | undefined;
  let attempt: Promise<Started>;
  /** What calls get: the first attempt, then the last one that ended. */
  let answer: Promise<Started>;
  let ready: Promise<void>;

  const begin = (): Promise<Started> => {
    attempt = start(settings, testClock);
    ready = attempt.then(() => undefined);
    // An application that does not await `ready` gets the failure from its calls.
    ready.catch(() => undefined);
    return attempt;
  };

  const tryAgain = (failure: unknown): void => {
    if (closing) return;
    retry = setTimeout(() => {
      const next = begin();
      next.then(
        () => {
          answer = next;
        },
        (error: unknown) => {
          answer = next;
          // Nobody awaits this attempt. The same reason once a second would fill the log.
          if (messageOf(error) !== messageOf(failure)) settings.onError(error, "none");
          tryAgain(error);
        },
      );
    }, RETRY_MS);
    retry.unref();
  };

  answer = begin();
  answer.catch(tryAgain);

  return {
    get ready() {
      return ready;
    },
    running: async () => {
      if (closing) throw new BridgeError("STORE_UNAVAILABLE", "The issuer is closed.");
      return (await answer).runtime;
    },
    close: () => {
      clearTimeout(retry);
      closing ??= attempt.then(
        ({ stop }) => stop(),
        () => undefined,
      );
      return closing;
    },
  };
}

async function start(settings: IssuerSettings, testClock: Clock | undefined): Promise<Started> {
  const store = await settings.store.open();
  try {
    const runtime = await startRuntime({
      store,
      settings,
      clock: testClock ?? systemClock(),
      storeTime: testClock
        ? () => Promise.resolve(testClock.now())
        : () => withStore(store, () => store.nowMs()),
    });
    const stop = async (): Promise<void> => {
      await runtime.close();
      await store.close();
    };
    return { runtime, stop };
  } catch (error) {
    await store.close();
    throw error;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "";
}
