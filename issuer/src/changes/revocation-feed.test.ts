import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testClock } from "../../test-support/test-issuer.ts";
import { sqliteStore } from "../index.ts";
import type { ChangeRow } from "../store/schema.ts";
import type { OpenStore } from "../store/store.ts";
import { appendChanges } from "./change-log.ts";
import { createRevocationFeed, type RevocationFeed } from "./revocation-feed.ts";

const NOW_MS = 1_800_000_000_000;
const MAX_ENTRIES = 100_000;

let store: OpenStore;
let feed: RevocationFeed;

beforeEach(async () => {
  store = await sqliteStore({ file: ":memory:" }).open();
  feed = createRevocationFeed({ store, clock: testClock(NOW_MS) });
});
afterEach(() => store.close());

const change = (seq: number, subject = `s${seq}`): ChangeRow => ({
  seq,
  kind: "session",
  subject,
  tenant_id: null,
  detail: null,
  at_seconds: NOW_MS / 1_000,
});

async function append(...subjects: readonly string[]): Promise<void> {
  const changes = subjects.map((subject) => ({ kind: "session" as const, subject }));
  await store.db.transaction().execute((t) => appendChanges(store, t, changes, NOW_MS));
}

const ids = (): string[] => feed.snapshot().revocations.map(({ id }) => id);

describe("the revocation feed", () => {
  it("has the entries from before its start, and their number", async () => {
    await append("a", "b");
    expect(feed.isComplete).toBe(false);
    await feed.load();
    expect(feed.isComplete).toBe(true);
    expect([feed.snapshot().seq, ids()]).toEqual([2, ["a", "b"]]);
    expect(feed.since(1)?.map(({ seq }) => seq)).toEqual([2]);
  });

  it("keeps changes that arrive during its load", async () => {
    await append("a");
    const loading = feed.load();
    feed.onChange(change(2, "b"));
    await loading;
    expect([feed.snapshot().seq, ids()]).toEqual([2, ["a", "b"]]);
  });

  it("is not complete after a second gap during the load for the first", async () => {
    await append("a", "b", "c");
    const loading = feed.load();
    feed.onGap(2);
    await loading;
    expect(feed.isComplete).toBe(false);
    feed.onChange(change(3, "c"));
    await feed.load();
    expect([feed.isComplete, ids()]).toEqual([true, ["a", "b", "c"]]);
  });

  it("notifies listeners after a gap only once it is complete, with a snapshot", async () => {
    await feed.load();
    const told: unknown[] = [];
    feed.subscribe({
      onRevocations: (entries) => told.push(...entries.map(({ seq }) => seq)),
      onRegistry: () => undefined,
      onSnapshot: ({ seq, revocations }) => told.push([seq, revocations.map(({ id }) => id)]),
    });
    await append("a", "b");
    feed.onGap(1);
    feed.onChange(change(2, "b"));
    expect(told).toEqual([]);
    await feed.load();
    feed.onChange(change(3));
    feed.flush();
    expect(told).toEqual([[2, ["a", "b"]], 3]);
  });

  it("keeps a bounded number of newest entries and does not answer older positions", async () => {
    await feed.load();
    for (let seq = 1; seq <= MAX_ENTRIES + 2; seq += 1) feed.onChange(change(seq));
    expect(ids()).toHaveLength(MAX_ENTRIES);
    expect(ids().at(-1)).toBe(`s${MAX_ENTRIES + 2}`);
    expect(feed.since(1)).toBeUndefined();
    expect(feed.since(2)).toHaveLength(MAX_ENTRIES);
  });
});

describe("the readers of the feed", () => {
  it("get the entries of one turn together, and the same snapshot between two changes", async () => {
    await feed.load();
    const told: unknown[] = [];
    for (let reader = 0; reader < 3; reader += 1) {
      feed.subscribe({
        onRegistry: () => undefined,
        onRevocations: (entries) => told.push(entries),
        onSnapshot: () => {},
      });
    }
    for (let seq = 1; seq <= 1_000; seq += 1) feed.onChange(change(seq));
    expect(told).toEqual([]);
    feed.flush();
    feed.flush();
    expect(told).toHaveLength(3);
    expect(told[0]).toHaveLength(1_000);
    expect(new Set(told).size).toBe(1);
    expect(feed.snapshot()).toBe(feed.snapshot());
  });
});
