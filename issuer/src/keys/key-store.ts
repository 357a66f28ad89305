/** The queries on signing keys. */
import type { Updateable } from "kysely";
import type { JWK } from "jose";
import { appendChanges } from "../changes/change-log.ts";
import type { SigningKeyRow, SigningKeyTable } from "../store/schema.ts";
import type { OpenStore } from "../store/store.ts";
import { withStore } from "../store/unavailable.ts";
import type { KeyTimesChange, ScheduledKey } from "./key-schedule.ts";
import type { SigningAlgorithm } from "./key-vault.ts";

export interface StoredKey extends ScheduledKey {
  readonly publicJwk: JWK;
  readonly reference: string;
}

interface Begun {
  readonly kid: string;
  /** The key that signed before. */
  readonly before: string | undefined;
}

export interface KeyStore {
  /** All keys that were not deleted, by algorithm and age. */
  list(): Promise<StoredKey[]>;
  /**
   * Adds a key unless another process has added one with this ordinal, and sets the end of the
   * previous key.
   *
   * @returns false when another process was faster
   */
  add(key: StoredKey, nowMs: number, retires?: { kid: string; atMs: number }): Promise<boolean>;
  setTimes(kid: string, times: KeyTimesChange, nowMs: number): Promise<void>;
  /** Records that a key signs, and that the one before it no longer does, unless that is recorded. */
  begin(key: Begun, nowMs: number): Promise<void>;
  /** Deletes keys, private parts included. */
  purge(kids: readonly string[]): Promise<void>;
}

function columnsOf(times: KeyTimesChange): Updateable<SigningKeyTable> {
  const { activatesAtMs, activatedAtMs, retiresAtMs, removedAtMs } = times;
  return {
    ...(activatesAtMs !== undefined && { activates_at_ms: activatesAtMs }),
    ...(activatedAtMs !== undefined && { activated_at_ms: activatedAtMs }),
    ...(retiresAtMs !== undefined && { retires_at_ms: retiresAtMs }),
    ...(removedAtMs !== undefined && { removed_at_ms: removedAtMs, private_reference: "" }),
  };
}

async function begin(store: OpenStore, { kid, before }: Begun, nowMs: number): Promise<void> {
  await withStore(store, () =>
    store.db.transaction().execute(async (transaction) => {
      const { numUpdatedRows } = await transaction
        .updateTable("breezeway_signing_key")
        .set({ activated_at_ms: nowMs })
        .where("kid", "=", kid)
        .where("activated_at_ms", "is", null)
        .executeTakeFirst();
      if (numUpdatedRows !== 1n) return;
      if (before !== undefined) {
        await transaction
          .updateTable("breezeway_signing_key")
          .set({ retires_at_ms: nowMs })
          .where("kid", "=", before)
          .execute();
      }
      await appendChanges(store, transaction, [{ kind: "keys-changed", subject: kid }], nowMs);
    }),
  );
}

export function createKeyStore(store: OpenStore): KeyStore {
  const { db } = store;
  return {
    list: async () => {
      const rows = await withStore(store, () =>
        db
          .selectFrom("breezeway_signing_key")
          .selectAll()
          .orderBy("alg")
          .orderBy("ordinal")
          .execute(),
      );
      return rows.map(fromRow);
    },
    add: async (key, nowMs, retires) => {
      return withStore(store, () =>
        db.transaction().execute(async (transaction) => {
          const { numInsertedOrUpdatedRows } = await transaction
            .insertInto("breezeway_signing_key")
            .values(toRow(key))
            .onConflict((conflict) => conflict.doNothing())
            .executeTakeFirst();
          if (numInsertedOrUpdatedRows !== 1n) return false;
          if (retires) {
            await transaction
              .updateTable("breezeway_signing_key")
              .set({ retires_at_ms: retires.atMs })
              .where("kid", "=", retires.kid)
              .where("retires_at_ms", "is", null)
              .execute();
          }
          await appendChanges(
            store,
            transaction,
            [{ kind: "keys-changed", subject: key.kid }],
            nowMs,
          );
          return true;
        }),
      );
    },
    setTimes: async (kid, times, nowMs) => {
      await withStore(store, () =>
        db.transaction().execute(async (transaction) => {
          await transaction
            .updateTable("breezeway_signing_key")
            .set(columnsOf(times))
            .where("kid", "=", kid)
            .execute();
          // Kind "key" is on the revocation feed: verifiers must learn of a removal.
          const kind = times.removedAtMs === undefined ? "keys-changed" : "key";
          await appendChanges(store, transaction, [{ kind, subject: kid }], nowMs);
        }),
      );
    },
    begin: (key, nowMs) => begin(store, key, nowMs),
    purge: async (kids) => {
      if (kids.length === 0) return;
      await withStore(store, () =>
        db.deleteFrom("breezeway_signing_key").where("kid", "in", kids).execute(),
      );
    },
  };
}

function fromRow(row: SigningKeyRow): StoredKey {
  return {
    kid: row.kid,
    alg: row.alg as SigningAlgorithm,
    ordinal: row.ordinal,
    publicJwk: JSON.parse(row.public_jwk) as JWK,
    reference: row.private_reference,
    createdAtMs: row.created_at_ms,
    activatesAtMs: row.activates_at_ms,
    activatedAtMs: row.activated_at_ms ?? undefined,
    retiresAtMs: row.retires_at_ms ?? undefined,
    removedAtMs: row.removed_at_ms ?? undefined,
  };
}

function toRow(key: StoredKey): SigningKeyRow {
  return {
    kid: key.kid,
    alg: key.alg,
    ordinal: key.ordinal,
    public_jwk: JSON.stringify(key.publicJwk),
    private_reference: key.reference,
    created_at_ms: key.createdAtMs,
    activates_at_ms: key.activatesAtMs,
    activated_at_ms: key.activatedAtMs ?? null,
    retires_at_ms: key.retiresAtMs ?? null,
    removed_at_ms: key.removedAtMs ?? null,
  };
}
