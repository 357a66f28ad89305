/** The keys of a store without an issuer: for the command line and other tools of operators. */
import { silentAudit, type AuditSink } from "../audit/audit.ts";
import { systemClock, type Clock } from "../clock.ts";
import type { Store } from "../store/store.ts";
import { createKeyRing, type IssuerKeys } from "./key-ring.ts";
import { keyTimes } from "./key-schedule.ts";
import { createKeyStore } from "./key-store.ts";
import type { KeyVault } from "./key-vault.ts";
import { createLocalVault } from "./local-vault.ts";

export interface KeyManagerOptions {
  readonly store: Store;
  /** What private keys are encrypted with at rest, if they are. */
  readonly encryptionSecret?: string;
  /** Instead of Node's own cryptography. */
  readonly vault?: KeyVault;
  readonly audit?: AuditSink;
  readonly clock?: Clock;
}

export interface KeyManager extends IssuerKeys, AsyncDisposable {
  close(): Promise<void>;
}

/**
 * Running issuers on the same store follow within a second.
 *
 * @throws {BridgeError} STORE_UNAVAILABLE, KEYS_UNAVAILABLE, CONFIG_INVALID
 */
export async function createKeyManager(options: KeyManagerOptions): Promise<KeyManager> {
  const vault = options.vault ?? createLocalVault(options);
  const store = await options.store.open();
  const ring = createKeyRing({
    store: createKeyStore(store),
    vault,
    times: keyTimes(),
    algorithms: [],
    clock: options.clock ?? systemClock,
    audit: options.audit ?? silentAudit,
    changed: () => Promise.resolve(),
  });
  try {
    await ring.reload();
  } catch (error) {
    await store.close();
    throw error;
  }
  return {
    list: () => ring.list(),
    jwks: () => ring.jwks(),
    rotate: (alg) => ring.rotate(alg),
    retire: (kid) => ring.retire(kid),
    remove: (kid) => ring.remove(kid),
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
  };
}
