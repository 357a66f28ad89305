/**
 * The signing keys of this process as they were last read from the store, and a signer for each key
 * that may still sign. The store is the truth.
 */
import { BridgeError, type Clock } from "@breezeway/shared";
import type { JWK } from "jose";
import { toSeconds } from "../time.ts";
import { activeKey, isPublished, stateOf, type KeyState } from "./key-schedule.ts";
import type { KeyStore, StoredKey } from "./key-store.ts";
import type { KeyVault, Signer, SigningAlgorithm } from "./key-vault.ts";
import { withLowS } from "./low-s.ts";

/** A key as operators see it, without its private part. */
export interface KeyInfo {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly state: KeyState;
  readonly createdAtSeconds: number;
  /** First signature. */
  readonly activatesAtSeconds: number;
  /** No signature from this time on. Absent while no end is planned. */
  readonly retiresAtSeconds?: number;
  /** When the key was removed. Verifiers reject its tokens from this time on. */
  readonly removedAtSeconds?: number;
}

export interface ActiveSigner {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly signer: Signer;
}

export interface KeySet {
  readonly all: readonly StoredKey[];
  /** Reads the keys from the store. @throws {BridgeError} STORE_UNAVAILABLE, KEYS_UNAVAILABLE */
  readonly reload: () => Promise<void>;
  /** @throws {BridgeError} KEYS_UNAVAILABLE */
  readonly active: (alg: SigningAlgorithm) => ActiveSigner;
  /** The public keys of the JWKS: the key that signs first, and the one for EdDSA before others. */
  readonly published: () => readonly JWK[];
  /** A key that was not removed. @throws {BridgeError} KEY_UNKNOWN */
  readonly find: (kid: string) => StoredKey;
  readonly info: (key: StoredKey) => KeyInfo;
  /** Describes any key, removed or not. @throws {BridgeError} KEY_UNKNOWN */
  readonly infoOf: (kid: string) => KeyInfo;
}

export interface KeySetDeps {
  readonly store: KeyStore;
  readonly vault: KeyVault;
  readonly clock: Clock;
}

export function createKeySet({ store, vault, clock }: KeySetDeps): KeySet {
  const signers = new Map<string, Signer>();
  let all: readonly StoredKey[] = [];

  /** Removed keys stop signing, even when the vault refuses the key that replaces them. */
  const forgetRemoved = (loaded: readonly StoredKey[]): void => {
    const removed = kidsOf(loaded, isRemoved);
    all = all.filter(({ kid }) => !removed.has(kid));
    for (const kid of removed) signers.delete(kid);
  };

  const reload = async (): Promise<void> => {
    const loaded = await store.list();
    const nowMs = clock.now();
    for (const key of loaded) {
      const signs = !isRemoved(key) && (key.retiresAtMs ?? Infinity) > nowMs;
      if (!signs || signers.has(key.kid)) continue;
      try {
        signers.set(key.kid, await openKey(vault, key));
      } catch (error) {
        forgetRemoved(loaded);
        throw error;
      }
    }
    all = loaded;
    const usable = kidsOf(loaded, (key) => !isRemoved(key));
    for (const kid of signers.keys()) if (!usable.has(kid)) signers.delete(kid);
  };

  const info = (key: StoredKey): KeyInfo => ({
    kid: key.kid,
    alg: key.alg,
    state: stateOf(key, all, clock.now()),
    createdAtSeconds: toSeconds(key.createdAtMs),
    activatesAtSeconds: toSeconds(key.activatesAtMs),
    ...(key.retiresAtMs === undefined ? {} : { retiresAtSeconds: toSeconds(key.retiresAtMs) }),
    ...(key.removedAtMs === undefined ? {} : { removedAtSeconds: toSeconds(key.removedAtMs) }),
  });

  return {
    get all() {
      return all;
    },
    reload,
    active: (alg) => {
      const key = activeKey(all, alg, clock.now());
      const signer = key && signers.get(key.kid);
      if (!signer) throw new BridgeError("KEYS_UNAVAILABLE", `No usable ${alg} signing key.`);
      return { kid: key.kid, alg, signer };
    },
    published: () => {
      const nowMs = clock.now();
      const rank = (key: StoredKey): number => {
        if (activeKey(all, key.alg, nowMs)?.kid !== key.kid) return 2;
        return key.alg === "EdDSA" ? 0 : 1;
      };
      return all
        .filter((key) => isPublished(key, nowMs))
        .sort((a, b) => rank(a) - rank(b))
        .map(({ publicJwk, kid, alg }) => ({ ...publicJwk, kid, alg, use: "sig" }));
    },
    find: (kid) => known(all.find((key) => key.kid === kid && !isRemoved(key))),
    info,
    infoOf: (kid) => info(known(all.find((key) => key.kid === kid))),
  };
}

function isRemoved(key: StoredKey): boolean {
  return key.removedAtMs !== undefined;
}

function kidsOf(
  keys: readonly StoredKey[],
  isWanted: (key: StoredKey) => boolean,
): ReadonlySet<string> {
  return new Set(keys.filter(isWanted).map(({ kid }) => kid));
}

function known(key: StoredKey | undefined): StoredKey {
  if (key) return key;
  throw new BridgeError("KEY_UNKNOWN", "There is no signing key of this id.");
}

async function openKey(vault: KeyVault, key: StoredKey): Promise<Signer> {
  try {
    const signer = await vault.open(key, key.alg);
    return key.alg === "ES256" ? withLowS(signer) : signer;
  } catch (cause) {
    const why = BridgeError.is(cause) ? cause.message : "the key vault refused it.";
    throw new BridgeError("KEYS_UNAVAILABLE", `Signing key ${key.kid}: ${why}`, { cause });
  }
}
