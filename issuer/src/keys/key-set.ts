/**
 * The signing keys of this process as they were last read from the store, and a signer for each key
 * that may still sign. The store is the truth, and beside it this process remembers which key it saw begin
 * to sign, until the store has recorded it.
 */
import { BridgeError, type Clock } from "@breezeway/shared";
import type { JWK } from "jose";
import { toSeconds } from "../time.ts";
import { activeKey, isPublished, predecessorOf, stateOf, type KeyState } from "./key-schedule.ts";
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
  /** As `all`, without what this process remembers. */
  readonly stored: readonly StoredKey[];
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

/** The keys that sign now or later. A retired key never signs again, so its vault need not open it. */
function signingKeys(keys: readonly StoredKey[], nowMs: number): readonly StoredKey[] {
  return keys.filter(
    (key) =>
      key.removedAtMs === undefined &&
      key.ordinal >= (activeKey(keys, key.alg, nowMs)?.ordinal ?? 0),
  );
}

function withBegun(
  keys: readonly StoredKey[],
  begun: StoredKey,
  atMs: number,
): readonly StoredKey[] {
  const before = predecessorOf(keys, begun);
  return keys.map((key) => {
    if (key.kid === begun.kid) return { ...key, activatedAtMs: atMs };
    return key.kid === before?.kid ? { ...key, retiresAtMs: atMs } : key;
  });
}

function isRemoved(key: StoredKey): boolean {
  return key.removedAtMs !== undefined;
}

interface KnownKeys {
  /** The keys as they were read, with what this process saw. */
  readonly all: readonly StoredKey[];
  readonly stored: readonly StoredKey[];
  readonly read: (stored: readonly StoredKey[]) => void;
  /** The key that signs now, which from now on no clock takes back. */
  readonly signing: (alg: SigningAlgorithm) => StoredKey | undefined;
  /** Notices which keys sign now. */
  readonly observe: () => void;
}

function createKnownKeys(clock: Clock): KnownKeys {
  let stored: readonly StoredKey[] = [];
  let all: readonly StoredKey[] = [];
  /** Keys that this process saw begin to sign, and when, until the store has recorded it. */
  const begun = new Map<string, number>();

  const signing = (alg: SigningAlgorithm): StoredKey | undefined => {
    const nowMs = clock.now();
    const key = activeKey(all, alg, nowMs);
    // A key that is used before its time, for want of another one, has not begun.
    if (!key || key.activatedAtMs !== undefined || key.activatesAtMs > nowMs) return key;
    begun.set(key.kid, nowMs);
    all = withBegun(all, key, nowMs);
    return key;
  };

  return {
    get all() {
      return all;
    },
    get stored() {
      return stored;
    },
    read: (keys) => {
      stored = keys;
      all = keys;
      for (const [kid, atMs] of begun) {
        const key = keys.find((one) => one.kid === kid);
        if (!key || key.activatedAtMs !== undefined || isRemoved(key)) begun.delete(kid);
        else all = withBegun(all, key, atMs);
      }
    },
    signing,
    observe: () => {
      for (const alg of new Set(all.map((key) => key.alg))) signing(alg);
    },
  };
}

export function createKeySet({ store, vault, clock }: KeySetDeps): KeySet {
  const signers = new Map<string, Signer>();
  const known = createKnownKeys(clock);

  /** Removed keys stop signing, even when the vault refuses the key that replaces them. */
  const forgetRemoved = (loaded: readonly StoredKey[]): void => {
    const removed = kidsOf(loaded, isRemoved);
    known.read(known.stored.filter(({ kid }) => !removed.has(kid)));
    for (const kid of removed) signers.delete(kid);
  };

  const reload = async (): Promise<void> => {
    const loaded = await store.list();
    for (const key of signingKeys(loaded, clock.now())) {
      if (signers.has(key.kid)) continue;
      try {
        signers.set(key.kid, await openKey(vault, key));
      } catch (error) {
        forgetRemoved(loaded);
        throw error;
      }
    }
    known.read(loaded);
    known.observe();
    const usable = kidsOf(loaded, (key) => !isRemoved(key));
    for (const kid of signers.keys()) if (!usable.has(kid)) signers.delete(kid);
  };

  const info = (key: StoredKey): KeyInfo => ({
    kid: key.kid,
    alg: key.alg,
    state: stateOf(key, known.all, clock.now()),
    createdAtSeconds: toSeconds(key.createdAtMs),
    activatesAtSeconds: toSeconds(key.activatesAtMs),
    ...(key.retiresAtMs === undefined ? {} : { retiresAtSeconds: toSeconds(key.retiresAtMs) }),
    ...(key.removedAtMs === undefined ? {} : { removedAtSeconds: toSeconds(key.removedAtMs) }),
  });

  return {
    get all() {
      return known.all;
    },
    get stored() {
      return known.stored;
    },
    reload,
    active: (alg) => {
      const key = known.signing(alg);
      const signer = key && signers.get(key.kid);
      if (!signer) throw new BridgeError("KEYS_UNAVAILABLE", `No usable ${alg} signing key.`);
      return { kid: key.kid, alg, signer };
    },
    published: () => {
      known.observe();
      const { all } = known;
      const nowMs = clock.now();
      const rank = (key: StoredKey): number => {
        if (activeKey(all, key.alg, nowMs)?.kid !== key.kid) return 2;
        return key.alg === "EdDSA" ? 0 : 1;
      };
      return all
        .filter((key) => isPublished(key, all, nowMs))
        .sort((a, b) => rank(a) - rank(b))
        .map(({ publicJwk, kid, alg }) => ({ ...publicJwk, kid, alg, use: "sig" }));
    },
    find: (kid) => found(known.all.find((key) => key.kid === kid && !isRemoved(key))),
    info,
    infoOf: (kid) => info(found(known.all.find((key) => key.kid === kid))),
  };
}

function kidsOf(
  keys: readonly StoredKey[],
  isWanted: (key: StoredKey) => boolean,
): ReadonlySet<string> {
  return new Set(keys.filter(isWanted).map(({ kid }) => kid));
}

function found(key: StoredKey | undefined): StoredKey {
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
