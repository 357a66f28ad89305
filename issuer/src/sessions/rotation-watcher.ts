/**
 * Follows the rotations of session secrets by all processes, so that memory holds no secret that was
 * rotated away for longer than the grace period.
 *
 * Rotations are not in the change log: writers of the log take turns at one row, and a million users rotate
 * hundreds of times a second. A trigger numbers them without a lock (docs/adr/0079), so a number may be
 * committed after a higher one. Each read therefore begins at a number that was the highest one so long ago
 * that every write of that time has ended.
 */
import { setImmediate } from "node:timers/promises";
import type { Clock } from "@breezeway/shared";
import type { Selectable } from "kysely";
import type { RotationTable } from "../store/schema.ts";
import type { OpenStore } from "../store/store.ts";
import { withStore } from "../store/unavailable.ts";

export interface RotationListener {
  readonly onRotated: (handle: string) => void;
  /** Rotations were missed: any session may have rotated. */
  readonly onGap: () => void;
}

export interface RotationWatcher {
  readonly subscribe: (listener: RotationListener) => void;
  /** Reads now and then regularly, in the background. */
  readonly start: () => void;
  /** @throws {BridgeError} STORE_UNAVAILABLE */
  readonly read: () => Promise<void>;
  /** Whether the listeners know each rotation that was committed more than the grace ago. */
  readonly knowsRotations: () => boolean;
  /**
   * Reads now when the last read was too long ago, as after a machine has slept. `undefined` when there is
   * nothing to wait for. Never rejects.
   */
  readonly catchUp: () => Promise<void> | undefined;
  /** The database may have been replaced. */
  readonly reset: () => void;
  readonly close: () => void;
}

export interface RotationWatcherDeps {
  readonly store: OpenStore;
  readonly clock: Pick<Clock, "now">;
  readonly graceMs: number;
}

/** Rows of one query. */
const PAGE = 1_000;
const MAX_INTERVAL_MS = 5_000;
/** With a shorter grace, reading often enough costs more than it saves. */
const MIN_GRACE_MS = 3_000;

const NEVER = { monotonicMs: Number.NEGATIVE_INFINITY, wallMs: 0 };

export function createRotationWatcher(deps: RotationWatcherDeps): RotationWatcher {
  const { store, clock, graceMs } = deps;
  const listeners = new Set<RotationListener>();
  const reader = createRotationReader(store, listeners);
  let readAt = NEVER;
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const readOnce = async (): Promise<void> => {
    const startedAt = { monotonicMs: performance.now(), wallMs: clock.now() };
    await reader.read(startedAt.monotonicMs);
    readAt = startedAt;
  };

  const read = (): Promise<void> => {
    running ??= readOnce().finally(() => {
      running = undefined;
    });
    return running;
  };

  // An outage shows in `knowsRotations`.
  const tryToRead = (): Promise<void> => read().catch(() => undefined);

  // The monotonic clock may stop while a machine sleeps, and the wall clock may be set back.
  const knowsRotations = (): boolean => {
    const wallMs = clock.now() - readAt.wallMs;
    return performance.now() - readAt.monotonicMs < graceMs && wallMs >= 0 && wallMs < graceMs;
  };

  return {
    subscribe: (listener) => void listeners.add(listener),
    read,
    knowsRotations,
    catchUp: () => (graceMs < MIN_GRACE_MS || knowsRotations() ? undefined : tryToRead()),
    start: () => {
      if (graceMs < MIN_GRACE_MS) return;
      void tryToRead();
      timer = setInterval(() => void tryToRead(), Math.min(MAX_INTERVAL_MS, graceMs / 3));
      timer.unref();
    },
    reset: () => {
      reader.reset();
      readAt = NEVER;
    },
    close: () => clearInterval(timer),
  };
}

interface RotationReader {
  /** Tells the listeners what is new. @param startedAtMs The present, by the monotonic clock */
  readonly read: (startedAtMs: number) => Promise<void>;
  readonly reset: () => void;
}

interface Position {
  /** Each read begins here; `undefined` before the first one. */
  floor: number | undefined;
  newest: number;
  /** Numbers above the floor that the listeners know. */
  seen: Set<number>;
  /** The newest number at each read that began too short a time ago to be the floor. */
  pending: readonly { readonly atMs: number; readonly newest: number }[];
}

const beginning = (): Position => ({ floor: undefined, newest: 0, seen: new Set(), pending: [] });

function createRotationReader(
  store: OpenStore,
  listeners: ReadonlySet<RotationListener>,
): RotationReader {
  let position = beginning();

  const tell = ({ seen }: Position, { id, handle }: Selectable<RotationTable>): void => {
    if (seen.has(id)) return;
    seen.add(id);
    for (const listener of listeners) listener.onRotated(handle);
  };

  return {
    read: async (startedAtMs) => {
      const at = position;
      const purged = await purgedUntil(store);
      if (at.floor !== undefined && at.floor < purged) {
        for (const listener of listeners) listener.onGap();
      }
      at.floor = Math.max(at.floor ?? 0, purged);
      at.newest = Math.max(at.newest, at.floor);
      for (let after = at.floor; ;) {
        const rows = await readPage(store, after);
        for (const row of rows) tell(at, row);
        after = rows.at(-1)?.id ?? after;
        at.newest = Math.max(at.newest, after);
        if (rows.length < PAGE) break;
        await setImmediate();
      }
      raiseFloor(at, { atMs: startedAtMs, settledMs: startedAtMs - store.slowestWriteMs });
    },
    reset: () => {
      position = beginning();
    },
  };
}

/** The next read begins at the newest number of a time whose writes have all ended. */
function raiseFloor(
  position: Position,
  { atMs, settledMs }: { readonly atMs: number; readonly settledMs: number },
): void {
  const reads = [...position.pending, { atMs, newest: position.newest }];
  const settled = reads.filter((read) => read.atMs <= settledMs);
  position.pending = reads.slice(settled.length);
  const floor = settled.at(-1)?.newest;
  if (floor === undefined || floor === position.floor) return;
  position.floor = floor;
  position.seen = new Set([...position.seen].filter((id) => id > floor));
}

async function purgedUntil(store: OpenStore): Promise<number> {
  const row = await withStore(store, () =>
    store.db
      .selectFrom("breezeway_clean_up")
      .select("rotations_purged")
      .where("id", "=", 1)
      .executeTakeFirstOrThrow(),
  );
  return row.rotations_purged;
}

function readPage(store: OpenStore, after: number): Promise<Selectable<RotationTable>[]> {
  return withStore(store, () =>
    store.db
      .selectFrom("breezeway_rotation")
      .selectAll()
      .where("id", ">", after)
      .orderBy("id")
      .limit(PAGE)
      .execute(),
  );
}

/**
 * Lets the rotations of the time before the previous call be deleted. Readers learn how far.
 *
 * @returns the highest number that may be deleted
 */
export async function releaseRotations({ db }: OpenStore): Promise<number> {
  const { rotations_purged } = await db
    .updateTable("breezeway_clean_up")
    .set((eb) => ({
      rotations_purged: eb.ref("rotations_seen"),
      rotations_seen: eb.fn.coalesce(
        eb.selectFrom("breezeway_rotation").select((rotation) => rotation.fn.max("id").as("id")),
        "rotations_seen",
      ),
    }))
    .where("id", "=", 1)
    .returning("rotations_purged")
    .executeTakeFirstOrThrow();
  return rotations_purged;
}

/** Deletes at most `limit` rotations up to a number. @returns how many it deleted */
export async function purgeRotations(
  { db }: OpenStore,
  until: number,
  limit: number,
): Promise<number> {
  const old = db
    .selectFrom("breezeway_rotation")
    .select("id")
    .where("id", "<=", until)
    .orderBy("id")
    .limit(limit);
  const { numDeletedRows } = await db
    .deleteFrom("breezeway_rotation")
    .where("id", "in", old)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
