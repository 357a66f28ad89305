/**
 * Adds, promotes and ends keys. Several processes run this on one store: a key's ordinal is unique,
 * so one of two processes that add a successor wins, and the other one uses the winner's key.
 */
import { BridgeError, type Clock } from "@breezeway/shared";
import { calculateJwkThumbprint } from "jose";
import type { AuditSink } from "../audit/audit.ts";
import { activeKey, announcedKey, type KeyTimes } from "./key-schedule.ts";
import type { KeySet } from "./key-set.ts";
import type { KeyStore, StoredKey } from "./key-store.ts";
import type { KeyVault, SigningAlgorithm } from "./key-vault.ts";

export interface KeySuccession {
  /** Adds a key that signs at once, unless the algorithm has a key that can sign. */
  readonly ensureFirst: (alg: SigningAlgorithm) => Promise<void>;
  /** The announced key of an algorithm; announces one when there is none. */
  readonly succeed: (alg: SigningAlgorithm) => Promise<StoredKey>;
  readonly retire: (kid: string) => Promise<void>;
  readonly remove: (kid: string) => Promise<void>;
}

export interface KeySuccessionDeps {
  readonly keySet: KeySet;
  readonly store: KeyStore;
  readonly vault: KeyVault;
  readonly times: KeyTimes;
  readonly clock: Clock;
  readonly audit: AuditSink;
  /** Tells this process about a change that was just written; never rejects. */
  readonly changed: () => Promise<void>;
}

export function createKeySuccession(deps: KeySuccessionDeps): KeySuccession {
  const { keySet, store, times, clock, audit, changed } = deps;

  const succeed = async (alg: SigningAlgorithm): Promise<StoredKey> => {
    const nowMs = clock.now();
    const announced = announcedKey(keySet.all, alg, nowMs);
    if (announced) return announced;
    // Without an active key, verifiers hold no key set that lacks the new key's id.
    const aheadMs = activeKey(keySet.all, alg, nowMs) ? times.publishAheadMs : 0;
    return addKey(deps, alg, aheadMs);
  };

  const promote = async (alg: SigningAlgorithm, nowMs: number): Promise<void> => {
    const waiting = announcedKey(keySet.all, alg, nowMs);
    if (waiting) await store.setTimes(waiting.kid, { activatesAtMs: nowMs }, nowMs);
    else await addKey(deps, alg, 0);
  };

  /** Removes a key. When it was the announced successor, the active key has no planned end again. */
  const drop = async (key: StoredKey, nowMs: number): Promise<void> => {
    const active = activeKey(keySet.all, key.alg, nowMs);
    if (key.activatesAtMs > nowMs && active && active.kid !== key.kid) {
      await store.setTimes(active.kid, { retiresAtMs: null }, nowMs);
    }
    await store.setTimes(key.kid, { removedAtMs: nowMs }, nowMs);
  };

  return {
    ensureFirst: async (alg) => {
      if (!activeKey(keySet.all, alg, clock.now())) await addKey(deps, alg, 0);
    },
    succeed,
    retire: async (kid) => {
      await keySet.reload();
      const key = keySet.find(kid);
      if (key.retiresAtMs !== undefined) return;
      const nowMs = clock.now();
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
      const nowMs = clock.now();
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
  { keySet, store, vault, clock, audit, changed }: KeySuccessionDeps,
  alg: SigningAlgorithm,
  aheadMs: number,
): Promise<StoredKey> {
  // Read before the first await: the caller decided on the keys as they are now.
  const siblings = keySet.all.filter((key) => key.alg === alg);
  const current = activeKey(keySet.all, alg, clock.now());
  const made = await vault.create(alg);
  const kid = await calculateJwkThumbprint(made.publicJwk);
  const nowMs = clock.now();
  const activatesAtMs = nowMs + aheadMs;
  const key: StoredKey = {
    kid,
    alg,
    ordinal: Math.max(0, ...siblings.map(({ ordinal }) => ordinal)) + 1,
    publicJwk: made.publicJwk,
    reference: made.reference,
    createdAtMs: nowMs,
    activatesAtMs,
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
