/** The parts of the app registry, wired together. */
import type { Clock } from "@breezeway/shared";
import type { RegisteredApp } from "@breezeway/shared/schemas";
import type { AuditSink } from "../audit/audit.ts";
import type { OpenStore } from "../store/store.ts";
import { inBoth, usableApp, type AppCatalog } from "./app-catalog.ts";
import { createAppService, type AppService } from "./app-service.ts";
import { createAppStore } from "./app-store.ts";
import { createCatalogReader, type CatalogReader } from "./catalog-reader.ts";

export interface AppsRuntime extends Pick<CatalogReader, "invalidate" | "settled"> {
  readonly catalog: AppCatalog;
  readonly service: AppService;
  /**
   * An app that a tenant may use now. A promise only while the app changes.
   *
   * Throws, or rejects with, APP_UNKNOWN, APP_SUSPENDED, STORE_UNAVAILABLE.
   */
  readonly usable: (appId: string, tenantId: string) => RegisteredApp | Promise<RegisteredApp>;
  /**
   * Reads all apps for the first time.
   *
   * @throws {BridgeError} STORE_UNAVAILABLE
   * @throws {BridgeError} CONFIG_INVALID, when the option `apps` and the store have the same id
   */
  readonly load: () => Promise<void>;
}

export interface AppsRuntimeDeps {
  readonly catalog: AppCatalog;
  readonly store: OpenStore;
  readonly clock: Clock;
  readonly audit: AuditSink;
  readonly onError: (error: unknown) => void;
  /** Reads the change log to its end. @throws {BridgeError} STORE_UNAVAILABLE */
  readonly readLog: () => Promise<void>;
}

export function createAppsRuntime(deps: AppsRuntimeDeps): AppsRuntime {
  const { catalog, onError } = deps;
  const store = createAppStore(deps.store);
  const reader = createCatalogReader({ store, catalog, onError });
  return {
    catalog,
    invalidate: reader.invalidate,
    settled: reader.settled,
    service: createAppService({ ...deps, store, reader }),
    usable: (appId, tenantId) => {
      const settled = reader.settled(appId);
      return settled
        ? settled.then(() => usableApp(catalog, appId, tenantId))
        : usableApp(catalog, appId, tenantId);
    },
    load: async () => {
      const states = await store.read();
      const double = [...states].find(
        ([id, { manifest }]) => manifest !== undefined && catalog.isSeed(id),
      );
      if (double) throw inBoth(double[0]);
      reader.invalidate();
      await reader.settled();
    },
  };
}
