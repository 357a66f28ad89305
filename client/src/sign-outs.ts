/** Ends sessions at the issuer after the user has signed out, until the issuer confirms it. */
import { BridgeError, type Clock } from "@breezeway/shared";
import type { IssuerCalls } from "./issuer-calls.ts";
import type { SessionKeeper } from "./session-keeper.ts";

export interface SignOuts {
  /** Retries the sign-outs of earlier runs. */
  readonly resume: () => void;
  /** Ends a session in the background. Its secret is not stored. */
  readonly add: (secret: string) => void;
  /** @throws {BridgeError} OFFLINE: the issuer was not reached; the retries go on */
  readonly finish: (secret: string) => Promise<void>;
  readonly close: () => void;
}

export interface SignOutsDeps {
  readonly calls: Pick<IssuerCalls, "signOut">;
  readonly keeper: Pick<SessionKeeper, "endings" | "ended">;
  readonly clock: Clock;
}

const RETRY_MS = 30_000;

export function createSignOuts({ calls, keeper, clock }: SignOutsDeps): SignOuts {
  const state = { timer: undefined as unknown, isClosed: false };

  const end = async (secret: string): Promise<void> => {
    try {
      await calls.signOut(secret);
    } catch (error) {
      // Anything but an outage means that this secret opens no session any more.
      if (!BridgeError.is(error) || error.code === "OFFLINE") throw error;
    }
    await keeper.ended(secret);
  };

  const schedule = (retry: () => Promise<void>): void => {
    clock.clearTimer(state.timer);
    if (state.isClosed || keeper.endings.length === 0) return;
    state.timer = clock.setTimer(() => void retry(), RETRY_MS);
  };

  const retry = async (): Promise<void> => {
    for (const secret of keeper.endings) await end(secret).catch(() => undefined);
    schedule(retry);
  };

  return {
    resume: () => void retry(),
    add: (secret) => void end(secret).catch(() => undefined),
    async finish(secret) {
      try {
        await end(secret);
      } catch (cause) {
        schedule(retry);
        throw new BridgeError(
          "OFFLINE",
          "The session is forgotten here, but the issuer could not end it. The client retries.",
          { cause },
        );
      }
    },
    close() {
      state.isClosed = true;
      clock.clearTimer(state.timer);
    },
  };
}
