/**
 * The apps of this process in memory: those of the options, called the seed, and those of the store. Its
 * holders keep the same object while the apps change.
 *
 * An id is either in the seed or in the store. Where it is in both, the seed wins, since its file says what this
 * process was started with.
 */
import { BridgeError } from "@breezeway/shared";
import {
  createAppRegistry,
  isNarrower,
  NO_PLACEMENTS,
  versionOf,
  type AppRegistry,
  type AppVersion,
  type ChannelPlacements,
  type RegisteredApp,
} from "@breezeway/shared/schemas";
import { EVERY_TENANT } from "./app-store.ts";

export interface StoredApp {
  /** `undefined` for an app of the seed, and for one that was removed. */
  readonly app: RegisteredApp | undefined;
  readonly revision: number;
  readonly suspensions: ReadonlyMap<string, string>;
  readonly placements: ChannelPlacements;
  /** `undefined` while the store knows nothing of the app. */
  readonly changedAtMs: number | undefined;
}

export interface AppCatalog extends AppRegistry {
  readonly isSeed: (appId: string) => boolean;
  /** What the store says about an app. */
  readonly stored: (appId: string) => StoredApp;
  /** The reason for which the app gets no tokens in a tenant. */
  readonly suspension: (appId: string, tenantId: string) => string | undefined;
  /** The channel and version of an app in a tenant. */
  readonly version: (app: RegisteredApp, tenantId: string) => AppVersion;
  /** @returns the ids of apps whose older tokens have rights that the apps lost */
  readonly replaceSeed: (next: AppRegistry) => string[];
  /** Replaces what the store says about some apps, or about all. `undefined`: nothing. */
  readonly setStored: (apps: ReadonlyMap<string, StoredApp | undefined>, isAll: boolean) => void;
}

const UNKNOWN: StoredApp = {
  app: undefined,
  revision: 0,
  suspensions: new Map(),
  placements: NO_PLACEMENTS,
  changedAtMs: undefined,
};

export function createAppCatalog(first: AppRegistry): AppCatalog {
  let seed = first;
  let stored = new Map<string, StoredApp>();
  let current = first;

  const rebuild = (): void => {
    const own = [...stored.values()].flatMap(({ app }) => (app && !seed.get(app.id) ? [app] : []));
    current = own.length === 0 ? seed : createAppRegistry([...seed.all, ...own]);
  };

  return {
    get: (appId) => current.get(appId),
    byOrigin: (origin) => current.byOrigin(origin),
    get all() {
      return current.all;
    },
    isSeed: (appId) => seed.get(appId) !== undefined,
    stored: (appId) => stored.get(appId) ?? UNKNOWN,
    suspension: (appId, tenantId) => {
      const suspensions = stored.get(appId)?.suspensions;
      return suspensions?.get(EVERY_TENANT) ?? suspensions?.get(tenantId);
    },
    version: (app, tenantId) =>
      versionOf(app, stored.get(app.id)?.placements ?? NO_PLACEMENTS, tenantId),
    replaceSeed: (next) => {
      const narrower = seed.all.filter((app) => isNarrower(app, next.get(app.id)));
      seed = next;
      rebuild();
      return narrower.map(({ id }) => id);
    },
    setStored: (apps, isAll) => {
      if (isAll) stored = new Map();
      for (const [appId, app] of apps) {
        if (app) stored.set(appId, app);
        else stored.delete(appId);
      }
      rebuild();
    },
  };
}

/**
 * @param tenantId The tenant that wants to use the app.
 * @throws {BridgeError} APP_UNKNOWN, APP_SUSPENDED
 */
export function usableApp(apps: AppCatalog, appId: string, tenantId: string): RegisteredApp {
  const app = apps.get(appId);
  if (!app) throw new BridgeError("APP_UNKNOWN", "No app with this id is registered.");
  const reason = apps.suspension(appId, tenantId);
  if (reason === undefined) return app;
  throw new BridgeError("APP_SUSPENDED", `The app is suspended: ${reason}`, {
    details: { reason },
  });
}

/** An app of the option `apps` has the id of an app of the store. */
export function inBoth(appId: string): BridgeError {
  return new BridgeError(
    "CONFIG_INVALID",
    `apps: the app ${appId} is in the store as well. Remove it here, or call issuer.apps.remove first.`,
  );
}
