/** What a store has about its users, without an issuer: for the command line and other tools of operators. */
import { systemClock } from "@breezeway/shared";
import {
  functionOption,
  instanceOption,
  optionObject,
  parseOptions,
} from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import { silentAudit, type AuditSink } from "../audit/audit.ts";
import { createStoreSessions } from "../sessions/session-manager.ts";
import type { Store } from "../store/store.ts";
import { createErasureCalls } from "./erasure-call-store.ts";
import { createUsersApi, type IssuerUsers, type UsersDeps } from "./users-api.ts";

export interface UserManagerOptions {
  readonly store: Store;
  /** Where security events go. Default: nowhere. */
  readonly audit?: AuditSink;
}

export interface UserManager extends IssuerUsers, AsyncDisposable {
  close(): Promise<void>;
}

const userManagerOptions = optionObject<UserManagerOptions>({
  store: instanceOption<Store>(["open"], "must be a store, such as sqliteStore(…)"),
  audit: z.optional(functionOption<AuditSink>()),
});

/**
 * Exports and erases users of a store. Running issuers and gateways follow within five seconds. It does not know which
 * apps want the call about an erasure: it notes every installed app, and the issuers pass over those without
 * `lifecycle.userErasedUrl`.
 *
 * @throws {BridgeError} STORE_UNAVAILABLE, CONFIG_INVALID
 */
export async function createUserManager(given: UserManagerOptions): Promise<UserManager> {
  const options = parseOptions(userManagerOptions, given, "createUserManager");
  const { audit = silentAudit } = options;
  const store = await options.store.open();
  const deps: UsersDeps = {
    store,
    sessions: createStoreSessions(store, audit).service,
    calls: createErasureCalls(store),
    isToTell: () => true,
    clock: systemClock(),
    audit,
    // Running issuers look for calls by themselves.
    wake: () => undefined,
  };
  const close = (): Promise<void> => store.close();
  return {
    ...createUsersApi(() => Promise.resolve(deps)),
    close,
    [Symbol.asyncDispose]: close,
  };
}
