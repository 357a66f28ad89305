/**
 * Keeps the catalog equal to the store. After a change it reads the apps that changed.
 *
 * Invariant: `settled` gives a promise from the moment at which this process learns of a change until the
 * catalog has it. A token that is minted after that moment counts as newer than the change, so nothing may
 * be minted for the app in between.
 */
import { parseManifestJson, type RegisteredApp } from "@breezeway/shared/schemas";
import { ALL_APPS } from "../changes/change-log.ts";
import { inBoth, type AppCatalog, type StoredApp } from "./app-catalog.ts";
import type { AppState, AppStore } from "./app-store.ts";

export interface CatalogReader {
  /** The store has news about an app, or about any when none is named. */
  readonly invalidate: (appId?: string) => void;
  /**
   * Resolves when the catalog is right about an app, or about all; `undefined` when it is. Rejects with
   * STORE_UNAVAILABLE.
   */
  readonly settled: (appId?: string) => Promise<void> | undefined;
}

export interface CatalogReaderDeps {
  readonly store: Pick<AppStore, "read">;
  readonly catalog: AppCatalog;
  readonly onError: (error: unknown) => void;
}

export function createCatalogReader({ store, catalog, onError }: CatalogReaderDeps): CatalogReader {
  /** Apps to read, with the number of their last news: there may be more while they are read. */
  const pending = new Map<string, number>();
  let news = 0;
  let reading: Promise<void> | undefined;

  const parsed = (appId: string, manifest: string | undefined): RegisteredApp | undefined => {
    if (manifest === undefined) return undefined;
    try {
      if (catalog.isSeed(appId)) throw inBoth(appId);
      return parseManifestJson(manifest, `store: ${appId}`);
    } catch (error) {
      // One app that a newer version wrote, or that a file has as well, must not take all others away.
      onError(error);
      return undefined;
    }
  };

  const toStored = (appId: string, state: AppState | undefined): StoredApp | undefined => {
    if (!state) return undefined;
    const { manifest, ...rest } = state;
    return { ...rest, app: parsed(appId, manifest) };
  };

  const readPending = async (): Promise<void> => {
    try {
      while (pending.size > 0) {
        const taken = [...pending];
        const isAll = pending.has(ALL_APPS);
        const ids = isAll ? undefined : taken.map(([id]) => id);
        const states = await store.read(ids);
        catalog.setStored(
          new Map((ids ?? [...states.keys()]).map((id) => [id, toStored(id, states.get(id))])),
          isAll,
        );
        for (const [id, at] of taken) if (pending.get(id) === at) pending.delete(id);
      }
    } finally {
      // In the same turn as the last look at `pending`: news that come later need a read of their own.
      reading = undefined;
    }
  };

  const read = (): Promise<void> => {
    reading ??= readPending();
    return reading;
  };

  return {
    invalidate: (appId = ALL_APPS) => {
      news += 1;
      pending.set(appId, news);
    },
    settled: (appId) => {
      if (pending.size === 0) return undefined;
      const concerns = appId === undefined || pending.has(appId) || pending.has(ALL_APPS);
      return concerns ? read() : undefined;
    },
  };
}
