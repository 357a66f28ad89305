import { afterEach, beforeEach, expect, it } from "vitest";
import type { Issuer } from "../index.ts";
import type { OpenStore } from "../store/store.ts";
import { copySessions } from "../../test-support/many-sessions.ts";
import { describeStores } from "../../test-support/stores.ts";
import { testClock, testIssuer, type TestClock } from "../../test-support/test-issuer.ts";
import { tableScans, watchedStore } from "../../test-support/watched-store.ts";
import {
  createRotationWatcher,
  purgeRotations,
  releaseRotations,
  type RotationWatcher,
} from "./rotation-watcher.ts";

describeStores("the rotations in the $name store", (place, fixture) => {
  let store: OpenStore;
  let issuer: Issuer;
  let told: string[];
  let rotations = 0;
  let clock: TestClock;
  let watcher: RotationWatcher;

  beforeEach(async () => {
    store = await place().store().open();
    issuer = testIssuer({ store: place().store() });
    await issuer.sessions.create({ userId: "alice", tenantId: "acme" });
    await copySessions(store, 3, (n) => ({ handle: `s${n}` }));
    told = [];
    clock = testClock();
    watcher = watcherOn(store);
  });
  afterEach(async () => {
    watcher.close();
    await issuer.close();
    await store.close();
  });

  function watcherOn(on: OpenStore): RotationWatcher {
    const created = createRotationWatcher({ store: on, clock, graceMs: 30_000 });
    created.subscribe({
      onRotated: (handle) => told.push(handle),
      onGap: () => told.push("gap"),
    });
    return created;
  }

  /** As a process of any version does it. */
  async function rotate(
    handle: string,
    db: Pick<OpenStore["db"], "updateTable"> = store.db,
  ): Promise<void> {
    await db
      .updateTable("breezeway_session")
      .set({ secret_hash: `rotated-${(rotations += 1)}` })
      .where("handle", "=", handle)
      .execute();
  }

  it("reach a listener once each, and nothing else that changes a session does", async () => {
    await rotate("s0");
    await watcher.read();
    await rotate("s1");
    await store.db
      .updateTable("breezeway_session")
      .set({ siblings: '[{"hash":"h","sinceMs":1}]', secret_hash: "same" })
      .where("handle", "=", "s2")
      .execute();
    await store.db
      .updateTable("breezeway_session")
      .set({ last_active_at_ms: 1, claims: "{}" })
      .execute();
    await watcher.read();
    await watcher.read();
    expect(told).toEqual(["s0", "s1", "s2"]);
  });

  it("reach a listener although a write with a lower number is committed later", async () => {
    // SQLite has one writer, which commits in order.
    if (fixture.name === "sqlite") return;
    const slow = await store.db.startTransaction().execute();
    await rotate("s0", slow);
    await rotate("s1");
    await watcher.read();
    await slow.commit().execute();
    expect(told).toEqual(["s1"]);
    await watcher.read();
    expect(told).toEqual(["s1", "s0"]);
  });

  it("are a gap for a reader that was away while they were deleted", async () => {
    await rotate("s0");
    await watcher.read();
    for (const handle of ["s1", "s2"]) await rotate(handle);
    await releaseRotations(store);
    await releaseRotations(store);
    await watcher.read();
    expect(told.at(-1)).not.toBe("s0");
    const away = watcherOn({ ...store, slowestWriteMs: Number.POSITIVE_INFINITY });
    told = [];
    await away.read();
    await rotate("s0");
    await releaseRotations(store);
    await releaseRotations(store);
    await away.read();
    expect(told).toEqual(["gap"]);
  });

  it("are deleted one call later, in batches by their number", async () => {
    const watched = watchedStore(place().store());
    const open = await watched.open();
    for (const handle of ["s0", "s1", "s2"]) await rotate(handle);
    expect(await releaseRotations(open)).toBe(0);
    await rotate("s0");
    const released = await releaseRotations(open);
    expect(await purgeRotations(open, released, 2)).toBe(2);
    expect(await purgeRotations(open, released, 2)).toBe(1);
    const left = await store.db.selectFrom("breezeway_rotation").select("handle").execute();
    expect(left).toEqual([{ handle: "s0" }]);
    for (const { query } of watched.matching(/"breezeway_rotation"/)) {
      expect(await tableScans(store, query), query.sql).toEqual([]);
    }
    watched.stop();
    await open.close();
  });

  it("are known while the log was read within the grace", async () => {
    expect(watcher.knowsRotations()).toBe(false);
    await watcher.read();
    expect(watcher.knowsRotations()).toBe(true);
    for (const ms of [29_999, -30_000]) {
      clock.advance(ms);
      expect(watcher.knowsRotations()).toBe(ms > 0);
    }
    clock.advance(1);
    expect(watcher.knowsRotations()).toBe(true);
    watcher.reset();
    expect(watcher.knowsRotations()).toBe(false);
  });
});
