/** The signing keys of an issuer: what is published, what signs, and their succession. */
import type { Clock } from "@breezeway/shared";
import type { JWK } from "jose";
import type { AuditSink } from "../audit/audit.ts";
import type { StoreTime } from "../time.ts";
import { endedBefore, needsSuccessor, type KeyTimes } from "./key-schedule.ts";
import { createKeySet, type ActiveSigner, type KeyInfo } from "./key-set.ts";
import type { KeyStore } from "./key-store.ts";
import { createKeySuccession } from "./key-succession.ts";
import type { KeyVault, SigningAlgorithm } from "./key-vault.ts";

/** The programmatic API of keys. */
export interface IssuerKeys {
  readonly list: () => Promise<readonly KeyInfo[]>;
  /** The public keys as they are served now (RFC 7517, section 5). */
  readonly jwks: () => Promise<{ readonly keys: readonly JWK[] }>;
  /**
   * Announces a successor for the active key of an algorithm. The successor signs after two JWKS
   * max-ages (600 s). A successor that is already announced is returned.
   */
  readonly rotate: (alg?: SigningAlgorithm) => Promise<KeyInfo>;
  /**
   * Retires a key: it stops signing when its successor starts, and stays published until its last
   * token has expired.
   *
   * @throws {BridgeError} KEY_UNKNOWN
   */
  readonly retire: (kid: string) => Promise<KeyInfo>;
  /**
   * Emergency: takes a key out of the JWKS at once, and another key signs. Verifiers that follow the
   * revocation feed reject the key within seconds, others when they renew their copy of the JWKS.
   *
   * @throws {BridgeError} KEY_UNKNOWN
   */
  readonly remove: (kid: string) => Promise<KeyInfo>;
}

export interface KeyRing extends IssuerKeys {
  /** Makes the first keys when there are none. @throws {BridgeError} STORE_UNAVAILABLE, KEYS_UNAVAILABLE */
  readonly start: () => Promise<void>;
  readonly reload: () => Promise<void>;
  /** Records which keys sign, and announces successors that are due. */
  readonly maintain: () => Promise<void>;
  /**
   * Corrects what a wrong clock wrote, and deletes keys that ended more than a day ago, private parts
   * included. Only while the clock can be believed.
   */
  readonly tidy: (nowMs: number) => Promise<void>;
  /** @throws {BridgeError} KEYS_UNAVAILABLE */
  readonly active: (alg: SigningAlgorithm) => ActiveSigner;
  readonly published: () => readonly JWK[];
}

export interface KeyRingDeps {
  readonly store: KeyStore;
  readonly vault: KeyVault;
  readonly times: KeyTimes;
  /** Every algorithm that some app needs. */
  readonly algorithms: readonly SigningAlgorithm[];
  /** Decides what signs, in between two looks at the store. */
  readonly clock: Clock;
  /** Times in the store are by the store's clock. */
  readonly storeTime: StoreTime;
  readonly audit: AuditSink;
  /** Tells this process about a change that was just written; never rejects. */
  readonly changed: () => Promise<void>;
}

const FORGET_AFTER_MS = 24 * 3_600_000;

export function createKeyRing(deps: KeyRingDeps): KeyRing {
  const { store, times, algorithms, storeTime } = deps;
  const keySet = createKeySet(deps);
  const succession = createKeySuccession({ ...deps, keySet });
  let queue: Promise<unknown> = Promise.resolve();

  /** Changes the succession one step at a time; between processes the ordinal decides. */
  const inTurn = <T>(change: () => Promise<T>): Promise<T> => {
    const done = queue.then(change);
    queue = done.catch(() => undefined);
    return done;
  };

  const maintain = async (): Promise<void> => {
    await keySet.reload();
    for (const alg of algorithms) await succession.ensureFirst(alg);
    for (const alg of algorithms) {
      await succession.record(alg);
      if (needsSuccessor(keySet.all, alg, await storeTime(), times)) await succession.succeed(alg);
    }
  };

  return {
    reload: keySet.reload,
    published: keySet.published,
    active: keySet.active,
    start: () => inTurn(maintain),
    maintain: () => inTurn(maintain),
    tidy: (nowMs) =>
      inTurn(async () => {
        await succession.correct(nowMs);
        const ended = endedBefore(keySet.stored, nowMs - FORGET_AFTER_MS, nowMs);
        await store.purge(ended.map(({ kid }) => kid));
      }),
    list: async () => {
      await keySet.reload();
      return keySet.all.map(keySet.info);
    },
    jwks: () => Promise.resolve({ keys: keySet.published() }),
    rotate: (alg = "EdDSA") =>
      inTurn(async () => {
        await keySet.reload();
        return keySet.infoOf((await succession.succeed(alg)).kid);
      }),
    retire: (kid) =>
      inTurn(async () => {
        await succession.retire(kid);
        return keySet.infoOf(kid);
      }),
    remove: (kid) =>
      inTurn(async () => {
        await succession.remove(kid);
        return keySet.infoOf(kid);
      }),
  };
}
