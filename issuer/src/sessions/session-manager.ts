/** The sessions of a store without an issuer: for the command line and other tools of operators. */
import { systemClock } from "@breezeway/shared";
import {
  functionOption,
  instanceOption,
  optionObject,
  parseOptions,
} from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import { silentAudit, type AuditSink } from "../audit/audit.ts";
import type { OpenStore, Store } from "../store/store.ts";
import { checkId } from "../stored-id.ts";
import { createSessionCache } from "./session-cache.ts";
import { createSessionService, type SessionService } from "./session-service.ts";
import { createSessionStore, type SessionStore } from "./session-store.ts";
import { toInfo, type SessionInfo } from "./session-record.ts";
import { checkPage, checkQuery, noSuchCursor, type SessionFilter } from "./sessions-api.ts";

export interface SessionManagerOptions {
  readonly store: Store;
  /** Where security events go. Default: nowhere. */
  readonly audit?: AuditSink;
}

/** Which sessions to end. With both, those of the user in the tenant. */
export type SessionSelection =
  | { readonly userId: string; readonly tenantId?: string }
  | { readonly userId?: undefined; readonly tenantId: string };

/**
 * It does not know after which time without activity the issuer ends a session, so it also lists and counts sessions
 * that have ended in this way, until the issuer deletes them. Every method rejects with REQUEST_MALFORMED, naming the field, and with
 * STORE_UNAVAILABLE.
 */
export interface SessionManager extends AsyncDisposable {
  /** A session that was not revoked, by its handle. */
  get(handle: string): Promise<SessionInfo | undefined>;
  /** As `issuer.sessions.listForUser`. */
  listForUser(userId: string, filter?: SessionFilter): Promise<SessionInfo[]>;
  /** How many sessions `revokeAll` would end now. */
  count(selection: SessionSelection): Promise<number>;
  /** @returns false when there was no such session */
  revoke(handle: string): Promise<boolean>;
  /** Ends the sessions in slices, as `issuer.sessions.revokeAllForUser`. @returns how many it ended */
  revokeAll(selection: SessionSelection): Promise<number>;
  close(): Promise<void>;
}

const sessionManagerOptions = optionObject<SessionManagerOptions>({
  store: instanceOption<Store>(["open"], "must be a store, such as sqliteStore(…)"),
  audit: z.optional(functionOption<AuditSink>()),
});

const FOR_EVER_MS = Number.MAX_SAFE_INTEGER / 4;

/**
 * Lists and ends the sessions of a store. Running issuers and gateways follow within five seconds.
 *
 * @throws {BridgeError} STORE_UNAVAILABLE, CONFIG_INVALID
 */
export async function createSessionManager(given: SessionManagerOptions): Promise<SessionManager> {
  const options = parseOptions(sessionManagerOptions, given, "createSessionManager");
  const store = await options.store.open();
  const { service, sessionStore } = createStoreSessions(store, options.audit ?? silentAudit);
  const close = (): Promise<void> => store.close();
  return {
    get: async (handle) => {
      const record = await service.get(checkId("handle", handle));
      return record && toInfo(record);
    },
    listForUser: async (userId, filter) => {
      const records = await service.listForUser({
        ...checkQuery(userId, filter),
        ...checkPage(filter),
      });
      if (!records) throw noSuchCursor();
      return records.map(toInfo);
    },
    count: (selection) => sessionStore.count(checkSelection(selection)),
    revoke: async (handle) =>
      (await service.revoke({ handle: checkId("handle", handle) }, "revoked")).length > 0,
    revokeAll: async (selection) =>
      (await service.revoke(checkSelection(selection), "revoked")).length,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The sessions of a store in a process without an issuer. */
export function createStoreSessions(
  store: OpenStore,
  audit: AuditSink,
): { readonly service: SessionService; readonly sessionStore: SessionStore } {
  const clock = systemClock();
  const sessionStore = createSessionStore(store);
  const service = createSessionService({
    store: sessionStore,
    cache: createSessionCache({ clock, graceMs: 0, maxEntries: 0, knowsRotations: () => false }),
    lifetimes: { idleMs: FOR_EVER_MS, absoluteMs: FOR_EVER_MS, graceMs: 0 },
    device: "none",
    clock,
    audit,
    // It keeps nothing in memory that a change could make wrong.
    ensureFresh: () => undefined,
    changed: () => Promise.resolve(),
  });
  return { service, sessionStore };
}

function checkSelection({ userId, tenantId }: SessionSelection): {
  readonly userId?: string;
  readonly tenantId?: string;
} {
  // Without either, every session would end.
  if (userId === undefined) return { tenantId: checkId("tenantId", tenantId ?? "") };
  return checkQuery(userId, tenantId === undefined ? {} : { tenantId });
}
