/**
 * The signing keys of this process: what is published, what signs, and their succession. The store
 * is the truth; several processes run the same schedule on it, and the unique ordinal of a key lets
 * one of them win.
 */
import { BridgeError } from "@breezeway/shared";
import { calculateJwkThumbprint, type JWK } from "jose";
import type { AuditSink } from "../audit/audit.ts";
import type { Clock } from "@breezeway/shared";
import {
  activeKey,
  announcedKey,
  isPublished,
  needsSuccessor,
  stateOf,
  type KeyState,
  type KeyTimes,
} from "./key-schedule.ts";
import type { KeyStore, StoredKey } from "./key-store.ts";
import type { KeyVault, Signer, SigningAlgorithm } from "./key-vault.ts";

/** A key as it is shown to operators: no private part. */
export interface KeyInfo {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly state: KeyState;
  readonly createdAtSeconds: number;
  /** First signature. */
  readonly activatesAtSeconds: number;
  /** No signature from here on; absent while no end is planned. */
  readonly retiresAtSeconds?: number;
}

export interface ActiveSigner {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly signer: Signer;
}

/** The programmatic API of keys. */
export interface IssuerKeys {
  list(): Promise<readonly KeyInfo[]>;
  /** The public keys as they are served now (RFC 7517, section 5). */
  jwks(): Promise<{ readonly keys: readonly JWK[] }>;
  /**
   * Announces a successor for the active key of an algorithm; it signs after two JWKS max-ages. When
   * one is announced already, that one is returned.
   */
  rotate(alg?: SigningAlgorithm): Promise<KeyInfo>;
  /**
   * Ends a key in order: it stops signing when its successor starts, and stays published until its
   * last token is dead. @throws {BridgeError} KEY_UNKNOWN
   */
  retire(kid: string): Promise<KeyInfo>;
  /**
   * Emergency: out of the JWKS at once, and another key signs from now on. Verifiers that follow the
   * revocation feed refuse it as soon as they hear; others until their copy of the JWKS is renewed.
   *
   * @throws {BridgeError} KEY_UNKNOWN
   */
  remove(kid: string): Promise<KeyInfo>;
}

export interface KeyRing extends IssuerKeys {
  /** Makes the first keys if there are none. @throws {BridgeError} STORE_UNAVAILABLE, KEYS_UNAVAILABLE */
  start(): Promise<void>;
  reload(): Promise<void>;
  /** Announces successors that are due. */
  maintain(): Promise<void>;
  /** Deletes keys that ended more than a day ago, private parts included. */
  purge(): Promise<void>;
  /** @throws {BridgeError} KEYS_UNAVAILABLE */
  active(alg: SigningAlgorithm): ActiveSigner;
  published(): readonly JWK[];
}

export interface KeyRingOptions {
  readonly store: KeyStore;
  readonly vault: KeyVault;
  readonly times: KeyTimes;
  /** Every algorithm that some app needs. */
  readonly algorithms: readonly SigningAlgorithm[];
  readonly clock: Clock;
  readonly audit: AuditSink;
  readonly changed: () => Promise<void>;
}

const FORGET_AFTER_MS = 24 * 3_600_000;

export function createKeyRing(options: KeyRingOptions): KeyRing {
  const { store, vault, times, algorithms, clock, audit, changed } = options;
  const signers = new Map<string, Signer>();
  let keys: readonly StoredKey[] = [];
  let queue: Promise<unknown> = Promise.resolve();

  async function reload(): Promise<void> {
    const loaded = await store.list();
    const nowMs = clock.now();
    for (const key of loaded) {
      const signs = key.removedAtMs === undefined && (key.retiresAtMs ?? Infinity) > nowMs;
      if (!signs || signers.has(key.kid)) continue;
      try {
        signers.set(key.kid, await open(key));
      } catch (error) {
        forgetRemoved(loaded);
        throw error;
      }
    }
    keys = loaded;
    const known = new Set(
      loaded.filter((key) => key.removedAtMs === undefined).map(({ kid }) => kid),
    );
    for (const kid of signers.keys()) if (!known.has(kid)) signers.delete(kid);
  }

  /** A vault that refuses the new key must not keep the one that was removed in use. */
  function forgetRemoved(loaded: readonly StoredKey[]): void {
    const removed = new Set(
      loaded.filter((key) => key.removedAtMs !== undefined).map(({ kid }) => kid),
    );
    keys = keys.filter(({ kid }) => !removed.has(kid));
    for (const kid of removed) signers.delete(kid);
  }

  async function open(key: StoredKey): Promise<Signer> {
    try {
      return await vault.open(key, key.alg);
    } catch (cause) {
      throw new BridgeError(
        "KEYS_UNAVAILABLE",
        `Signing key ${key.kid}: ${BridgeError.is(cause) ? cause.message : "the key vault refused it."}`,
        { cause },
      );
    }
  }

  /**
   * Adds the next key of an algorithm, or finds the one that another process added just now.
   *
   * @param aheadMs - Between its publication and its first use, however long its making takes.
   */
  async function add(alg: SigningAlgorithm, aheadMs: number): Promise<StoredKey> {
    // Before anything is awaited: the place in the succession belongs to what the caller decided on.
    const siblings = keys.filter((key) => key.alg === alg);
    const current = activeKey(keys, alg, clock.now());
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
    await reload();
    if (added) {
      audit({ event: "key.created", kid });
      await changed();
      return key;
    }
    const other = keys.find(
      (candidate) => candidate.alg === alg && candidate.ordinal === key.ordinal,
    );
    if (!other) throw new BridgeError("KEYS_UNAVAILABLE", "The new signing key was not stored.");
    return other;
  }

  async function ensureFirst(): Promise<void> {
    for (const alg of algorithms) {
      if (!activeKey(keys, alg, clock.now())) await add(alg, 0);
    }
  }

  function find(kid: string): StoredKey {
    const key = keys.find(
      (candidate) => candidate.kid === kid && candidate.removedAtMs === undefined,
    );
    if (!key) throw new BridgeError("KEY_UNKNOWN", "There is no signing key of this id.");
    return key;
  }

  function info(key: StoredKey): KeyInfo {
    return {
      kid: key.kid,
      alg: key.alg,
      state: stateOf(key, keys, clock.now()),
      createdAtSeconds: seconds(key.createdAtMs),
      activatesAtSeconds: seconds(key.activatesAtMs),
      ...(key.retiresAtMs === undefined ? {} : { retiresAtSeconds: seconds(key.retiresAtMs) }),
    };
  }

  function infoOf(kid: string): KeyInfo {
    const key = keys.find((candidate) => candidate.kid === kid);
    if (!key) throw new BridgeError("KEY_UNKNOWN", "There is no signing key of this id.");
    return info(key);
  }

  function published(): readonly JWK[] {
    const nowMs = clock.now();
    return keys
      .filter((key) => isPublished(key, nowMs))
      .map(({ publicJwk, kid, alg }) => ({ ...publicJwk, kid, alg, use: "sig" }));
  }

  async function succeed(alg: SigningAlgorithm): Promise<StoredKey> {
    const nowMs = clock.now();
    const announced = announcedKey(keys, alg, nowMs);
    if (announced) return announced;
    // Without any key there is no token that a verifier could meet too early.
    const aheadMs = activeKey(keys, alg, nowMs) ? times.publishAheadMs : 0;
    return add(alg, aheadMs);
  }

  return {
    reload,
    published,
    start: () => alone(maintain),
    maintain: () => alone(maintain),
    purge: () => store.purge(clock.now() - FORGET_AFTER_MS),
    active(alg) {
      const key = activeKey(keys, alg, clock.now());
      const signer = key && signers.get(key.kid);
      if (!signer) throw new BridgeError("KEYS_UNAVAILABLE", `No usable ${alg} signing key.`);
      return { kid: key.kid, alg, signer };
    },
    async list() {
      await reload();
      return keys.map(info);
    },
    jwks: () => Promise.resolve({ keys: published() }),
    rotate: (alg = "EdDSA") =>
      alone(async () => {
        await reload();
        return infoOf((await succeed(alg)).kid);
      }),
    retire: (kid) => alone(() => retire(kid)),
    remove: (kid) => alone(() => remove(kid)),
  };

  /** One change of the succession at a time; between processes the ordinal decides. */
  function alone<T>(change: () => Promise<T>): Promise<T> {
    const done = queue.then(change);
    queue = done.catch(() => undefined);
    return done;
  }

  async function maintain(): Promise<void> {
    await reload();
    await ensureFirst();
    for (const alg of algorithms) {
      if (needsSuccessor(keys, alg, clock.now(), times)) await succeed(alg);
    }
  }

  async function retire(kid: string): Promise<KeyInfo> {
    await reload();
    const key = find(kid);
    const nowMs = clock.now();
    if (key.retiresAtMs === undefined) {
      if (activeKey(keys, key.alg, nowMs)?.kid === kid) await succeed(key.alg);
      // Announced and never used: nothing to wait for.
      else await drop(key, nowMs);
      await reload();
      audit({ event: "key.retired", kid });
      await changed();
    }
    return infoOf(kid);
  }

  async function remove(kid: string): Promise<KeyInfo> {
    await reload();
    const key = find(kid);
    const nowMs = clock.now();
    const wasActive = activeKey(keys, key.alg, nowMs)?.kid === kid;
    // The successor first: at no moment is there no key to sign with.
    if (wasActive) await promote(key.alg, nowMs);
    await drop(key, nowMs);
    await reload();
    audit({ event: "key.removed", kid });
    await changed();
    return infoOf(kid);
  }

  /** Without its successor, the active key has no end any more. */
  async function drop(key: StoredKey, nowMs: number): Promise<void> {
    const active = activeKey(keys, key.alg, nowMs);
    if (key.activatesAtMs > nowMs && active && active.kid !== key.kid) {
      await store.setTimes(active.kid, { retiresAtMs: null }, nowMs);
    }
    await store.setTimes(key.kid, { removedAtMs: nowMs }, nowMs);
  }

  async function promote(alg: SigningAlgorithm, nowMs: number): Promise<void> {
    const waiting = announcedKey(keys, alg, nowMs);
    if (waiting) await store.setTimes(waiting.kid, { activatesAtMs: nowMs }, nowMs);
    else await add(alg, 0);
  }
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
