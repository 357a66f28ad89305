/** Sign-ins that wait for the provider's answer. Each can be taken once. */
import type { OpenStore } from "../store/store.ts";
import { withStore } from "../store/unavailable.ts";
import type { LoginChecks } from "./oidc-client.ts";

/** Time to enter a password and a second factor. */
export const ATTEMPT_SECONDS = 600;
/** The clock of the process that began an attempt may be ahead by this much. */
const MAX_AHEAD_MS = 60_000;

export interface LoginAttempt extends LoginChecks {
  readonly returnTo: string;
}

export interface LoginAttempts {
  readonly add: (
    attempt: LoginAttempt & { readonly idHash: string; readonly expiresAtMs: number },
  ) => Promise<void>;
  /** `undefined` when the attempt is unknown, was taken, or has expired. */
  readonly take: (idHash: string, nowMs: number) => Promise<LoginAttempt | undefined>;
}

export function createLoginAttempts(store: OpenStore): LoginAttempts {
  const { db } = store;
  return {
    add: async ({ idHash, expiresAtMs, state, nonce, codeVerifier, returnTo }) => {
      await withStore(store, () =>
        db
          .insertInto("breezeway_login_attempt")
          .values({
            id_hash: idHash,
            state,
            nonce,
            code_verifier: codeVerifier,
            return_to: returnTo,
            expires_at_ms: expiresAtMs,
          })
          .execute(),
      );
    },
    take: async (idHash, nowMs) => {
      const row = await withStore(store, () =>
        db
          .deleteFrom("breezeway_login_attempt")
          .where("id_hash", "=", idHash)
          .returningAll()
          .executeTakeFirst(),
      );
      if (!row || nowMs >= row.expires_at_ms || row.expires_at_ms > latestEnd(nowMs)) {
        return undefined;
      }
      return {
        state: row.state,
        nonce: row.nonce,
        codeVerifier: row.code_verifier,
        returnTo: row.return_to,
      };
    },
  };
}

/** An attempt that ends later was begun while a clock was ahead. */
function latestEnd(nowMs: number): number {
  return nowMs + ATTEMPT_SECONDS * 1_000 + MAX_AHEAD_MS;
}

/**
 * Deletes at most `limit` attempts that have expired.
 *
 * @returns how many it deleted
 */
export async function purgeLoginAttempts(
  { db }: OpenStore,
  nowMs: number,
  limit: number,
): Promise<number> {
  const expired = db
    .selectFrom("breezeway_login_attempt")
    .select("id_hash")
    .where("expires_at_ms", "<", nowMs)
    .orderBy("expires_at_ms")
    .limit(limit);
  const { numDeletedRows } = await db
    .deleteFrom("breezeway_login_attempt")
    .where("id_hash", "in", expired)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/**
 * Ends at most `limit` attempts that a clock far ahead began.
 *
 * @returns how many
 */
export async function endFutureAttempts(
  { db }: OpenStore,
  nowMs: number,
  limit: number,
): Promise<number> {
  const future = db
    .selectFrom("breezeway_login_attempt")
    .select("id_hash")
    .where("expires_at_ms", ">", latestEnd(nowMs))
    .orderBy("expires_at_ms", "desc")
    .limit(limit);
  const { numUpdatedRows } = await db
    .updateTable("breezeway_login_attempt")
    .set({ expires_at_ms: nowMs })
    .where("id_hash", "in", future)
    .executeTakeFirst();
  return Number(numUpdatedRows);
}
