/**
 * Widens revocations that were heard of too late.
 *
 * A revocation of a user, a tenant or an app ends the tokens made up to a second that was chosen
 * before it was committed. A process that had made a token of a later second when it heard of it
 * (the commit took long, the clocks differ, the process was slow) announces the revocation again, up
 * to the newest token that it has made. So after every process has heard, and whatever took long,
 * all tokens from before that moment are ended.
 *
 * What is due is kept until the store has taken it.
 */
import type { Revocation } from "@breezeway/shared/schemas";
import type { Clock } from "@breezeway/shared";
import type { OpenStore } from "../store/store.ts";
import { withStore } from "../store/unavailable.ts";
import { untilDone } from "../until-done.ts";
import { appendChanges, WIDENED, type Change } from "./change-log.ts";

export interface RevocationWidening {
  /** Announces the revocation again, up to a later second, in the background. */
  readonly widen: (revocation: Revocation, atSeconds: number) => void;
}

export interface RevocationWideningOptions {
  readonly store: OpenStore;
  readonly clock: Clock;
  /** Tells this process about what was just written; never rejects. */
  readonly changed: () => Promise<void>;
  readonly signal: AbortSignal;
}

export function createRevocationWidening(options: RevocationWideningOptions): RevocationWidening {
  const { store, clock, changed, signal } = options;
  let waiting: Change[] = [];
  let isRunning = false;

  async function drain(): Promise<void> {
    isRunning = true;
    while (waiting.length > 0 && !signal.aborted) {
      const batch = waiting;
      waiting = [];
      await untilDone(() => write(batch), signal);
      await changed();
    }
    isRunning = false;
  }

  async function write(batch: readonly Change[]): Promise<void> {
    await withStore(store, () =>
      store.db
        .transaction()
        .execute((transaction) => appendChanges(store, transaction, batch, clock.now())),
    );
  }

  return {
    widen({ kind, id, tenantId }, atSeconds) {
      waiting.push({
        kind,
        subject: id,
        ...(tenantId === undefined ? {} : { tenantId }),
        detail: WIDENED,
        atSeconds,
      });
      if (!isRunning) void drain();
    },
  };
}
