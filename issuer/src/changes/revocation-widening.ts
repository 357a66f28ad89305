/**
 * Widens revocations that arrived too late.
 *
 * A revocation of a user, a tenant or an app ends the tokens up to a second that was chosen before the
 * revocation was committed. A process may have minted a token with a later second before the
 * revocation arrived: the commit took long, the clocks differ, or the process was slow. That process
 * announces the revocation again, up to its newest token. So once every process has received the
 * revocation, all earlier tokens are ended.
 *
 * A pending announcement is kept until the store has taken it.
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

export interface RevocationWideningDeps {
  readonly store: OpenStore;
  readonly clock: Clock;
  /** Tells this process about a change that was just written; never rejects. */
  readonly changed: () => Promise<void>;
  readonly signal: AbortSignal;
}

export function createRevocationWidening(deps: RevocationWideningDeps): RevocationWidening {
  const { store, clock, changed, signal } = deps;
  let waiting: Change[] = [];
  let isRunning = false;

  const write = (batch: readonly Change[]): Promise<void> =>
    withStore(store, () =>
      store.db
        .transaction()
        .execute((transaction) => appendChanges(store, transaction, batch, clock.now())),
    );

  const drain = async (): Promise<void> => {
    isRunning = true;
    while (waiting.length > 0 && !signal.aborted) {
      const batch = waiting;
      waiting = [];
      await untilDone(() => write(batch), signal);
      await changed();
    }
    isRunning = false;
  };

  return {
    widen: ({ kind, id, tenantId }, atSeconds) => {
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
