/**
 * Whether the store can be read and written, for the health endpoint. Anybody may ask it, so one write at
 * a time is tried, at most one a second succeeds, and all who ask meanwhile share the result.
 */
import { latestSeq } from "../changes/change-log.ts";
import type { OpenStore } from "./store.ts";
import { withStore } from "./unavailable.ts";

export interface StoreProbe {
  /** @throws {BridgeError} STORE_UNAVAILABLE */
  readonly read: () => Promise<void>;
  /** Commits a write. @throws {BridgeError} STORE_UNAVAILABLE */
  readonly write: () => Promise<void>;
}

const WRITE_EVERY_MS = 1_000;
/** A row beside the counter of changes, which has the id 1. */
const PROBE_ROW = 2;

/** @param onFault Receives each new reason why writes fail, which callers of the endpoint do not see. */
export function createStoreProbe(store: OpenStore, onFault: (error: unknown) => void): StoreProbe {
  let running: Promise<void> | undefined;
  let writtenAtMs = Number.NEGATIVE_INFINITY;
  let lastFault: string | undefined;

  const commit = async (): Promise<void> => {
    // SQLite writes nothing when a row stays the same, so the row counts.
    const query = store.db
      .insertInto("breezeway_change_counter")
      .values({ id: PROBE_ROW, seq: 1 })
      .onConflict((conflict) =>
        conflict.column("id").doUpdateSet((eb) => ({
          seq: eb("breezeway_change_counter.seq", "+", 1),
        })),
      )
      .compile();
    await withStore(store, () => store.write(query));
  };

  const attempt = async (): Promise<void> => {
    try {
      await commit();
      writtenAtMs = performance.now();
      lastFault = undefined;
    } catch (error) {
      const fault = error instanceof Error ? error.message : "";
      if (fault !== lastFault) onFault(error);
      lastFault = fault;
      throw error;
    } finally {
      running = undefined;
    }
  };

  return {
    read: async () => void (await withStore(store, () => latestSeq(store.db))),
    write: async () => {
      if (performance.now() - writtenAtMs < WRITE_EVERY_MS) return;
      running ??= attempt();
      await running;
    },
  };
}
