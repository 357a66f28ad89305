/** The keys of a store without an issuer: for the command line and other tools of operators. */
import { systemClock, type Clock } from "@breezeway/shared";
import {
  functionOption,
  instanceOption,
  optionObject,
  parseOptions,
} from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import { silentAudit, type AuditSink } from "../audit/audit.ts";
import type { Store } from "../store/store.ts";
import { withStore } from "../store/unavailable.ts";
import { createKeyRing, type IssuerKeys } from "./key-ring.ts";
import { keyTimes } from "./key-schedule.ts";
import { createKeyStore } from "./key-store.ts";
import type { KeyVault } from "./key-vault.ts";
import { createLocalVault, encryptionSecretOption } from "./local-vault.ts";

export interface KeyManagerOptions {
  readonly store: Store;
  /** The secret that encrypts private keys at rest. Default: private keys are not encrypted. */
  readonly encryptionSecret?: string;
  /** Makes keys and signs elsewhere. Default: Node's own cryptography. */
  readonly vault?: KeyVault;
  /** Where security events go. Default: nowhere. */
  readonly audit?: AuditSink;
}

export interface KeyManager extends IssuerKeys, AsyncDisposable {
  close(): Promise<void>;
}

const keyManagerOptions = optionObject<KeyManagerOptions>({
  store: instanceOption<Store>(["open"], "must be a store, such as sqliteStore(…)"),
  encryptionSecret: z.optional(encryptionSecretOption),
  vault: z.optional(
    instanceOption<KeyVault>(["create", "open"], "must be a key vault with create and open"),
  ),
  audit: z.optional(functionOption<AuditSink>()),
});

/**
 * Manages the keys of a store. Running issuers on the same store follow within a second.
 *
 * @throws {BridgeError} STORE_UNAVAILABLE, KEYS_UNAVAILABLE, CONFIG_INVALID
 */
export async function createKeyManager(options: KeyManagerOptions): Promise<KeyManager> {
  return createKeyManagerWithHooks(options, {});
}

/** {@link createKeyManager} with the hooks that `@breezeway/issuer/testing` offers. */
export async function createKeyManagerWithHooks(
  given: KeyManagerOptions,
  { clock }: { readonly clock?: Clock },
): Promise<KeyManager> {
  const options = parseOptions(keyManagerOptions, given, "createKeyManager");
  const { vault = createLocalVault({ encryptionSecret: options.encryptionSecret }) } = options;
  const store = await options.store.open();
  const ring = createKeyRing({
    store: createKeyStore(store),
    vault,
    times: keyTimes(),
    algorithms: [],
    clock: clock ?? systemClock(),
    storeTime: clock
      ? () => Promise.resolve(clock.now())
      : () => withStore(store, () => store.nowMs()),
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
