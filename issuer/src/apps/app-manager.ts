/** The apps of a store without an issuer: for the command line and other tools of operators. */
import { systemClock } from "@breezeway/shared";
import {
  createAppRegistry,
  functionOption,
  instanceOption,
  optionObject,
  parseOptions,
} from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import { silentAudit, type AuditSink } from "../audit/audit.ts";
import type { Store } from "../store/store.ts";
import { createAppCatalog } from "./app-catalog.ts";
import { createAppService } from "./app-service.ts";
import { createAppStore } from "./app-store.ts";
import { createAppsApi, type IssuerApps } from "./apps-api.ts";
import { createCatalogReader } from "./catalog-reader.ts";

export interface AppManagerOptions {
  readonly store: Store;
  /** Where security events go. Default: nowhere. The history of the apps is in the store. */
  readonly audit?: AuditSink;
  /** Receives each manifest of the store that this version cannot read. Default: nobody. */
  readonly onError?: (error: unknown) => void;
}

export interface AppManager extends IssuerApps, AsyncDisposable {
  close(): Promise<void>;
}

const appManagerOptions = optionObject<AppManagerOptions>({
  store: instanceOption<Store>(["open"], "must be a store, such as sqliteStore(…)"),
  audit: z.optional(functionOption<AuditSink>()),
  onError: z.optional(functionOption<NonNullable<AppManagerOptions["onError"]>>()),
});

/**
 * Manages the apps of a store. Running issuers on the same store follow within a second. It does not know the apps of
 * the issuers' files: it lists none of them, and suspends any id.
 *
 * @throws {BridgeError} STORE_UNAVAILABLE, CONFIG_INVALID
 */
export async function createAppManager(given: AppManagerOptions): Promise<AppManager> {
  const options = parseOptions(appManagerOptions, given, "createAppManager");
  const { audit = silentAudit, onError = () => undefined } = options;
  const store = await options.store.open();
  const appStore = createAppStore(store);
  const catalog = createAppCatalog(createAppRegistry([]));
  const reader = createCatalogReader({ store: appStore, catalog, onError });
  const service = createAppService({
    store: appStore,
    catalog,
    reader,
    clock: systemClock(),
    audit,
    // It follows no log, so it reads the apps each time.
    readLog: () => Promise.resolve(reader.invalidate()),
    knowsAllApps: false,
  });
  const close = (): Promise<void> => store.close();
  return { ...createAppsApi(() => Promise.resolve(service)), close, [Symbol.asyncDispose]: close };
}
