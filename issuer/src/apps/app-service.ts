/** Changes and lists apps, for the programmatic API. Every change of an app in the store goes through here. */
import { BridgeError, type Clock } from "@breezeway/shared";
import type { RegisteredApp } from "@breezeway/shared/schemas";
import { ALL_APPS } from "../changes/change-log.ts";
import type { AuditEvent, AuditSink } from "../audit/audit.ts";
import type { AppChangeRow } from "../store/schema.ts";
import type { AppCatalog } from "./app-catalog.ts";
import {
  putApp,
  removeApp,
  suspendApp,
  type PutInput,
  type PutUpdate,
  type RemoveInput,
  type SuspensionInput,
} from "./app-changes.ts";
import {
  NEW_APP,
  type AppState,
  type AppStore,
  type AppUpdate,
  type HistoryPage,
} from "./app-store.ts";
import type { CatalogReader } from "./catalog-reader.ts";
import { createChannelService, type ChannelService } from "./channel-service.ts";

export interface AppServiceDeps {
  readonly store: AppStore;
  readonly catalog: AppCatalog;
  readonly reader: CatalogReader;
  readonly clock: Clock;
  readonly audit: AuditSink;
  /** Reads the change log to its end. @throws {BridgeError} STORE_UNAVAILABLE */
  readonly readLog: () => Promise<void>;
  /** False in a program that does not know the apps of the issuers' files. Default true. */
  readonly knowsAllApps?: boolean;
}

export interface PutRules {
  readonly sharesOrigin: boolean;
  /** Checks everything and writes nothing. */
  readonly dryRun: boolean;
}

export interface AppService extends ChannelService {
  readonly put: (input: PutInput, how: PutRules) => Promise<Omit<PutUpdate, "update">>;
  readonly remove: (input: RemoveInput) => Promise<boolean>;
  /** Also ends a suspension. @returns whether anything changed */
  readonly suspend: (input: SuspensionInput) => Promise<boolean>;
  readonly history: (appId: string, page: HistoryPage) => Promise<AppChangeRow[]>;
  /** Tells every process and page that the apps of files have changed. */
  readonly announceSeed: () => Promise<void>;
  /** The apps as they are now. @throws {BridgeError} STORE_UNAVAILABLE */
  readonly current: () => Promise<AppCatalog>;
}

export function createAppService(deps: AppServiceDeps): AppService {
  const { store, catalog, reader, clock, audit, readLog, knowsAllApps = true } = deps;

  const current = async (): Promise<AppCatalog> => {
    await readLog();
    await reader.settled();
    return catalog;
  };

  /** @returns whether it wrote anything */
  const write = async (
    appId: string,
    decide: (state: AppState) => AppUpdate | undefined,
    event: (update: AppUpdate) => Omit<AuditEvent, "app">,
  ): Promise<boolean> => {
    let written: AppUpdate | undefined;
    await store.update(appId, (state) => (written = decide(state)), clock.now());
    if (!written) return false;
    audit({ app: appId, ...event(written) });
    // The write stands. Where the log cannot be read now, the watcher reads it later.
    await current().catch(() => undefined);
    return true;
  };

  const state = async (appId: string): Promise<AppState> =>
    (await store.read([appId])).get(appId) ?? NEW_APP;

  const known = async (appId: string): Promise<void> => {
    await current();
    if (knowsAllApps && !catalog.get(appId)) {
      throw new BridgeError("APP_UNKNOWN", `No app ${appId} is registered.`);
    }
  };

  return {
    ...createChannelService({ catalog, known, state, write }),
    current,
    put: async (input, { sharesOrigin, dryRun }) => {
      const { app, actor } = input;
      await current();
      assertFromStore(catalog, app.id);
      if (!sharesOrigin) assertOwnOrigin(catalog, app);
      if (dryRun) return resultOf(putApp(await state(app.id), input));
      let result: PutUpdate | undefined;
      await write(
        app.id,
        (now) => (result = putApp(now, input)).update,
        ({ next }) => ({
          event: "app.put",
          sub: actor,
          revision: next.revision,
          fields: result?.diff.map(({ field }) => field),
          ...(result?.missingChannels.length ? { missingChannels: result.missingChannels } : {}),
        }),
      );
      // The store has called the function above, or has thrown.
      return resultOf(result as PutUpdate);
    },
    remove: (input) => {
      assertFromStore(catalog, input.appId);
      return write(
        input.appId,
        (now) => removeApp(now, input),
        ({ next }) => ({ event: "app.removed", sub: input.actor, revision: next.revision }),
      );
    },
    suspend: async (input) => {
      const { appId, tenantId, reason, actor } = input;
      await known(appId);
      return write(
        appId,
        (now) => suspendApp(now, input),
        () => ({
          event: reason === undefined ? "app.resumed" : "app.suspended",
          sub: actor,
          tenant: tenantId,
        }),
      );
    },
    history: store.history,
    announceSeed: async () => {
      await store.announce({ kind: "apps-changed", subject: ALL_APPS }, clock.now());
      await readLog();
    },
  };
}

function resultOf({ update: _, ...result }: PutUpdate): Omit<PutUpdate, "update"> {
  return result;
}

function assertFromStore(catalog: AppCatalog, appId: string): void {
  if (!catalog.isSeed(appId)) return;
  throw new BridgeError(
    "APP_READ_ONLY",
    `The app ${appId} comes from the option apps. Change its file, or remove the app from there first.`,
  );
}

/** Pages of one origin can read each other, and so the tokens of each other. */
function assertOwnOrigin(catalog: AppCatalog, { id, origin }: RegisteredApp): void {
  const owner = catalog.byOrigin(origin).find((app) => app.id !== id);
  if (!owner) return;
  throw new BridgeError(
    "MANIFEST_INVALID",
    `${id}: url: its origin ${origin} belongs to the app ${owner.id}. Use another origin, or pass sharesOrigin: true if both apps have one author.`,
  );
}
