/**
 * Adds, promotes and ends keys. Several processes run this on one store: a key's ordinal is unique,
 * so one of two processes that add a successor wins, and the other one uses the winner's key.
 */
import { BridgeError } from "@breezeway/shared";
import { calculateJwkThumbprint } from "jose";
import type { AuditSink } from "../audit/audit.ts";
import type { StoreTime } from "../time.ts";
import {
  activeKey,
  announcedKey,
  corrections,
  predecessorOf,
  stateOf,
  type KeyTimes,
} from "./key-schedule.ts";
import type { KeySet } from "./key-set.ts";
import type { KeyStore, StoredKey } from "./key-store.ts";
import type { KeyVault, SigningAlgorithm } from "./key-vault.ts";

export interface KeySuccession {
  /** Adds a key that signs at once, unless the algorithm has a key that can sign. */
  readonly ensureFirst: (alg: SigningAlgorithm) => Promise<void>;
  /** The announced key of an algorithm; announces one when there is none. */
  /** Records which key signs. */
  readonly record: (alg: SigningAlgorithm) => Promise<void>;
  /** Corrects what a wrong clock wrote. */
  readonly correct: (nowMs: number) => Promise<void>;
  readonly succeed: (alg: SigningAlgorithm) => Promise<StoredKey>;
  readonly retire: (kid: string) => Promise<void>;
  readonly remove: (kid: string) => Promise<void>;
}

export interface KeySuccessionDeps {
  readonly keySet: KeySet;
  readonly store: KeyStore;
  readonly vault: KeyVault;
  readonly times: KeyTimes;
  readonly storeTime: StoreTime;
  readonly audit: AuditSink;
  /** Tells this process about a change that was just written; never rejects. */
  readonly changed: () => Promise<void>;
}

export function createKeySuccession(deps: KeySuccessionDeps): KeySuccession {
  const { keySet, store, times, storeTime, audit, changed } = deps;

  const succeed = async (alg: SigningAlgorithm): Promise<StoredKey> => {
    const nowMs = await storeTime();
    const announced = announcedKey(keySet.all, alg, nowMs);
    if (announced) return announced;
    // Without an active key, verifiers hold no key set that lacks the new key's id.
    const aheadMs = activeKey(keySet.all, alg, nowMs) ? times.publishAheadMs : 0;
    return addKey(deps, alg, aheadMs);
  };

  const promote = async (alg: SigningAlgorithm, nowMs: number): Promise<void> => {
    const waiting = announcedKey(keySet.all, alg, nowMs);
    const begins = { activatesAtMs: nowMs, activatedAtMs: nowMs };
    if (waiting) await store.setTimes(waiting.kid, begins, nowMs);
    else await addKey(deps, alg, 0);
  };

  /** Removes a key. When it was the announced successor, the active key has no planned end again. */
  const drop = async (key: StoredKey, nowMs: number): Promise<void> => {
    const active = activeKey(keySet.all, key.alg, nowMs);
    if (active && stateOf(key, keySet.all, nowMs) === "announced") {
      await store.setTimes(active.kid, { retiresAtMs: null }, nowMs);
    }
    await store.setTimes(key.kid, { removedAtMs: nowMs }, nowMs);
  };

  /** A key that this process saw begin by a wrong clock counts, since it has signed. */
  const record = async (alg: SigningAlgorithm): Promise<void> => {
    const nowMs = await storeTime();
    const active = activeKey(keySet.all, alg, nowMs);
    if (!active || keySet.stored.find(({ kid }) => kid === active.kid)?.activatedAtMs) return;
    if (active.activatedAtMs === undefined && active.activatesAtMs > nowMs) return;
    const before = predecessorOf(keySet.stored, active)?.kid;
    await store.begin({ kid: active.kid, before }, nowMs);
    await keySet.reload();
    await changed();
  };

  const correct = async (nowMs: number): Promise<void> => {
    const changes = corrections(keySet.stored, nowMs, times);
    if (changes.size === 0) return;
    for (const [kid, change] of changes) await store.setTimes(kid, change, nowMs);
    await keySet.reload();
    await changed();
  };

  return {
    ensureFirst: async (alg) => {
      if (!activeKey(keySet.all, alg, await storeTime())) await addKey(deps, alg, 0);
    },
    record,
    correct,
    succeed,
    retire: async (kid) => {
      await keySet.reload();
      const key = keySet.find(kid);
      if (key.retiresAtMs !== undefined) return;
      const nowMs = await storeTime();
      if (activeKey(keySet.all, key.alg, nowMs)?.kid === kid) await succeed(key.alg);
      // An announced key has signed nothing, so it can go at once.
      else await drop(key, nowMs);
      await keySet.reload();
      audit({ event: "key.retired", kid });
      await changed();
    },
    remove: async (kid) => {
      await keySet.reload();
      const key = keySet.find(kid);
      const nowMs = await storeTime();
      const wasActive = activeKey(keySet.all, key.alg, nowMs)?.kid === kid;
      // The successor comes first, so that there is always a key to sign with.
      if (wasActive) await promote(key.alg, nowMs);
      await drop(key, nowMs);
      await keySet.reload();
      audit({ event: "key.removed", kid });
      await changed();
    },
  };
}

/**
 * Adds the next key of an algorithm, or finds the key that another process just added.
 *
 * @param aheadMs Time between publication and first use, not counting how long the key takes to make.
 */
async function addKey(
  { keySet, store, vault, storeTime, audit, changed }: KeySuccessionDeps,
  alg: SigningAlgorithm,
  aheadMs: number,
): Promise<StoredKey> {
  // Read before the first await: the caller decided on the keys as they are now.
  const siblings = keySet.all.filter((key) => key.alg === alg);
  const keys = keySet.all;
  const current = activeKey(keys, alg, await storeTime());
  const made = await vault.create(alg);
  const kid = await calculateJwkThumbprint(made.publicJwk);
  const nowMs = await storeTime();
  const activatesAtMs = nowMs + aheadMs;
  const key: StoredKey = {
    kid,
    alg,
    ordinal: Math.max(0, ...siblings.map(({ ordinal }) => ordinal)) + 1,
    publicJwk: made.publicJwk,
    reference: made.reference,
    createdAtMs: nowMs,
    activatesAtMs,
    activatedAtMs: aheadMs > 0 ? undefined : nowMs,
    retiresAtMs: undefined,
    removedAtMs: undefined,
  };
  const added = await store.add(key, nowMs, current && { kid: current.kid, atMs: activatesAtMs });
  await keySet.reload();
  if (added) {
    audit({ event: "key.created", kid });
    await changed();
    return key;
  }
  const winner = keySet.all.find((other) => other.alg === alg && other.ordinal === key.ordinal);
  if (!winner) throw new BridgeError("KEYS_UNAVAILABLE", "The new signing key was not stored.");
  return winner;
}
