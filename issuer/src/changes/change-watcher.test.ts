import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sqliteStore } from "../index.ts";
import type { OpenStore } from "../store/store.ts";
import { appendChanges, purgeChanges } from "./change-log.ts";
import { createChangeWatcher, type ChangeWatcher } from "./change-watcher.ts";

const BATCH = 1_000;

let store: OpenStore;
let watcher: ChangeWatcher;
/** The numbers of the changes and gaps that a listener received. */
let told: (number | string)[];

beforeEach(async () => {
  store = await sqliteStore({ file: ":memory:" }).open();
  watcher = createChangeWatcher(store);
  told = [];
  watcher.subscribe({
    onChange: ({ seq }) => void told.push(seq),
    onGap: (seq) => void told.push(`gap after ${seq}`),
  });
});

afterEach(async () => {
  vi.useRealTimers();
  await watcher.close();
  await store.close();
});

async function append(count: number, atSeconds = 1_000): Promise<void> {
  const changes = Array.from({ length: count }, (_, index) => ({
    kind: "session" as const,
    subject: `s${index}`,
    atSeconds,
  }));
  await store.db.transaction().execute((t) => appendChanges(store, t, changes, 0));
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

describe("the change watcher", () => {
  it("reads every change that was committed before the call, however many", async () => {
    await append(2 * BATCH);
    await append(BATCH / 2);
    await watcher.sync();
    expect(told).toEqual(upTo(2.5 * BATCH));
    expect(watcher.seq).toBe(2.5 * BATCH);
  });

  it.each([
    ["a hundred of very many changes", () => 0, 100],
    ["one of very many changes that take long", (reads: number) => reads * 1_000, 1],
  ])("passes on %s in a turn of the event loop", async (_what, nowMs, most) => {
    await append(BATCH + 250);
    const told: number[] = [];
    let reads = 0;
    let batches = 0;
    watcher.subscribe({
      onChange: () => void told.push(turn),
      onBatchEnd: () => void (batches += 1),
      onGap: () => undefined,
    });
    let turn = 0;
    let isDone = false;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => nowMs((reads += 1)));
    try {
      const read = watcher.sync().finally(() => (isDone = true));
      for (; !isDone; turn += 1) await new Promise(setImmediate);
      await read;
    } finally {
      clock.mockRestore();
    }
    const perTurn = Map.groupBy(told, (at) => at);
    expect(Math.max(...[...perTurn.values()].map(({ length }) => length))).toBe(most);
    expect([told.length, batches]).toEqual([
      BATCH + 250,
      Math.ceil(BATCH / most) + Math.ceil(250 / most),
    ]);
  });

  it("passes each change on once when many callers sync at once", async () => {
    await append(3);
    const reads = [watcher.sync(), watcher.sync(), watcher.sync()];
    const written = append(3);
    reads.push(watcher.sync(), watcher.sync());
    await Promise.all([...reads, written]);
    await Promise.all([watcher.sync(), watcher.sync(), watcher.sync()]);
    expect(told).toEqual(upTo(6));
  });

  it("reports a gap before it passes on the changes after it", async () => {
    await append(1);
    await watcher.sync();
    await append(2);
    await append(2, 2_000);
    await purgeChanges(store.db, 2_000, 10);
    await watcher.sync();
    expect(told).toEqual([1, "gap after 3", 4, 5]);
  });

  it("reports a gap when no change follows it", async () => {
    await append(3);
    await purgeChanges(store.db, 2_000, 10);
    await watcher.sync();
    expect(told).toEqual(["gap after 3"]);
  });

  it("follows a database whose numbers are lower", async () => {
    await append(5);
    await watcher.sync();
    await store.db.deleteFrom("breezeway_change").where("seq", ">", 2).execute();
    await store.db.updateTable("breezeway_change_counter").set({ seq: 2 }).execute();
    await watcher.sync();
    await append(1);
    await watcher.sync();
    expect(told).toEqual([...upTo(5), "gap after 2", 3]);
  });

  it("stops reading when it is closed", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    await watcher.start();
    expect(vi.getTimerCount()).toBe(1);
    await watcher.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("measures its age from the start of its last read", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const reading = watcher.sync();
    vi.advanceTimersByTime(700);
    await reading;
    expect(watcher.ageMs).toBe(700);
    expect(watcher.isFresh()).toBe(true);
    vi.advanceTimersByTime(200);
    expect(watcher.isFresh()).toBe(false);
  });
});
