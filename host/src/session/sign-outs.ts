/**
 * Ends sessions at the issuer after the user has signed out, until the issuer confirms it. The issuer may
 * be away, or its disk full: its cookie would then sign the user in again when the page is opened next.
 *
 * - A session that the user has ended is not shown again, in any tab, and after a reload of the page.
 * - A retry asks who is signed in first, so that it does not end the session of a later sign-in.
 */
import { BridgeError } from "@breezeway/shared";
import type { Clock } from "@breezeway/shared/channel";
import type { IssuerClient } from "./issuer-client.ts";
import type { SignOutMemory } from "./sign-out-memory.ts";

export interface SignOuts {
  /** Whether the issuer has not confirmed the last sign-out yet. */
  readonly isPending: boolean;
  /** Whether the user has ended this session. The issuer may not know yet. */
  isEnded(handle: string): boolean;
  /**
   * Ends the session of the cookie.
   *
   * @param handle `undefined` before the issuer has named the session.
   * @throws {BridgeError} OFFLINE: the retries go on; DENIED
   */
  end(handle: string | undefined): Promise<void>;
  /** Somebody signs in: a session whose handle is unknown is not searched for any more. */
  forgetUnknown(): void;
  stop(): void;
}

export interface SignOutsDeps {
  readonly client: Pick<IssuerClient, "session" | "signOut">;
  readonly clock: Clock;
  readonly memory: SignOutMemory;
}

const FIRST_PAUSE_MS = 2_000;
const MAX_PAUSE_MS = 30_000;

function nextPauseMs(ms: number): number {
  return Math.min(Math.max(2 * ms, FIRST_PAUSE_MS), MAX_PAUSE_MS);
}

interface RetriesDeps {
  readonly clock: Clock;
  readonly isWanted: () => boolean;
  readonly attempt: () => Promise<void>;
}

/** Attempts again, after pauses that grow, for as long as that is wanted. */
function createRetries({ clock, isWanted, attempt }: RetriesDeps): {
  /** Single flight: callers while attempts go on share them. */
  readonly start: (firstPauseMs: number) => void;
  readonly stop: () => void;
} {
  let isRunning = false;
  let timer: unknown;
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      timer = clock.setTimer(resolve, ms);
    });
  const run = async (firstPauseMs: number): Promise<void> => {
    for (let ms = firstPauseMs; isWanted(); ms = nextPauseMs(ms)) {
      if (ms > 0) await pause(ms);
      if (isWanted()) await attempt().catch(() => undefined);
    }
    isRunning = false;
  };
  return {
    start(firstPauseMs) {
      if (isRunning) return;
      isRunning = true;
      void run(firstPauseMs);
    },
    stop() {
      clock.clearTimer(timer);
    },
  };
}

/** Takes up the sign-out of an earlier page that the issuer has not confirmed. */
export function createSignOuts({ client, clock, memory }: SignOutsDeps): SignOuts {
  const state = {
    /** A sign-out without a handle, made before the issuer had named the session. */
    isUnknown: false,
    isStopped: false,
  };

  const confirm = (): void => {
    state.isUnknown = false;
    memory.write(undefined);
  };

  /** @throws {BridgeError} OFFLINE, DENIED */
  const signOut = async (): Promise<void> => {
    try {
      await client.signOut();
    } catch (error) {
      const isAway = BridgeError.is(error) && error.code === "OFFLINE";
      if (!isAway) confirm();
      // The session had ended already, which is the wanted result.
      if (BridgeError.is(error) && error.code === "SIGNED_OUT") return;
      throw error;
    }
    confirm();
  };

  const isPending = (): boolean => state.isUnknown || memory.read() !== undefined;
  const isWanted = (): boolean => !state.isStopped && isPending();

  const attempt = async (): Promise<void> => {
    const session = await client.session();
    if (!isWanted()) return;
    if (session === null || (!state.isUnknown && session.handle !== memory.read())) confirm();
    else await signOut();
  };

  const retries = createRetries({ clock, isWanted, attempt });
  retries.start(0);
  return {
    get isPending() {
      return isPending();
    },
    isEnded: (handle) => memory.read() === handle,
    async end(handle) {
      // Before the request: the user may close the page while it is on its way.
      if (handle !== undefined) memory.write(handle);
      else state.isUnknown = memory.read() === undefined;
      try {
        await signOut();
      } catch (cause) {
        if (!isWanted()) throw cause;
        retries.start(FIRST_PAUSE_MS);
        const message =
          "The user is signed out here, but the issuer could not end the session. The host retries.";
        throw new BridgeError("OFFLINE", message, { cause });
      }
    },
    forgetUnknown() {
      state.isUnknown = false;
    },
    stop() {
      state.isStopped = true;
      retries.stop();
    },
  };
}
