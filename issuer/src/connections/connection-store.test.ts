import { beforeEach, expect, it } from "vitest";
import { latestSeq } from "../changes/change-log.ts";
import type { OpenStore } from "../store/store.ts";
import { describeStores } from "../../test-support/stores.ts";
import { MAX_DUE_AHEAD_MS, type ConnectionRecord } from "./connection-machine.ts";
import { createConnectionStore } from "./connection-store.ts";

const NOW_MS = 1_800_000_000_000;

describeStores("connections in the $name store", (place) => {
  let store: OpenStore;
  beforeEach(async () => {
    store = await place().store().open();
    return () => store.close();
  });

  const orders = { appId: "orders", tenantId: "acme" };
  const connection = (change: Partial<ConnectionRecord> = {}): ConnectionRecord => ({
    ...orders,
    id: `${change.appId ?? "orders"}-${change.tenantId ?? "acme"}`,
    state: "connecting",
    failure: undefined,
    attempts: 0,
    dueAtMs: NOW_MS,
    leaseId: undefined,
    createdAtMs: NOW_MS,
    changedAtMs: NOW_MS,
    ...change,
  });
  const put = (record: ConnectionRecord): Promise<unknown> =>
    createConnectionStore(store).update(record, () => ({ next: record, changes: [] }), NOW_MS);

  it("gives back exactly what was stored", async () => {
    const connections = createConnectionStore(store);
    const failure = { event: "connect", reason: "refused", detail: "no \u0001 ü" } as const;
    const record = connection({ state: "failed", failure, attempts: 3, leaseId: "lease" });
    await put(record);
    expect(await connections.find(orders)).toEqual(record);
    const plain = { ...record, failure: { event: "connect", reason: "timeout" } } as const;
    await put(plain);
    expect(await connections.find(orders)).toEqual(plain);
    expect(await connections.find({ ...orders, tenantId: "globex" })).toBeUndefined();
  });

  it("makes one of several that begin at once, and tells the others of it", async () => {
    const other = await place().store().open();
    const made = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        createConnectionStore(index % 2 === 0 ? store : other).update(
          orders,
          (current) => ({
            next: current ?? connection({ id: `id-${index}` }),
            changes: [{ kind: "connections-changed", subject: "acme" }],
          }),
          NOW_MS,
        ),
      ),
    );
    expect(new Set(made.map((record) => record?.id)).size).toBe(1);
    expect(await latestSeq(store.db)).toBe(1);
    await other.close();
  });

  it("loses no change when several are made at once", async () => {
    const other = await place().store().open();
    await put(connection());
    await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        createConnectionStore(index % 2 === 0 ? store : other).update(
          orders,
          (current) => ({
            next: current && { ...current, attempts: current.attempts + 1 },
            changes: [],
          }),
          NOW_MS,
        ),
      ),
    );
    expect((await createConnectionStore(store).find(orders))?.attempts).toBe(12);
    await other.close();
  });

  it("writes nothing, and logs nothing, when a command has nothing to do or refuses", async () => {
    const connections = createConnectionStore(store);
    await put(connection());
    const change = { kind: "connections-changed", subject: "acme" } as const;
    await connections.update(orders, (next) => ({ next, changes: [change] }), NOW_MS);
    const refusing = (): never => {
      throw new Error("no");
    };
    await expect(connections.update(orders, refusing, NOW_MS)).rejects.toThrow("no");
    expect(await latestSeq(store.db)).toBe(0);
    expect(await connections.find(orders)).toEqual(connection());
  });

  it("lists as due what is due so late that a clock must have been set back", async () => {
    const connections = createConnectionStore(store);
    await put(connection({ dueAtMs: NOW_MS + MAX_DUE_AHEAD_MS + 1, leaseId: "lease" }));
    await put(connection({ appId: "later", dueAtMs: NOW_MS + MAX_DUE_AHEAD_MS }));
    const due = await connections.listDue(NOW_MS, { limit: 10, withoutApps: [] });
    expect(due.map(({ appId }) => appId)).toEqual(["orders"]);
  });

  it("lists a tenant's, and those whose call is due, the longest wait first", async () => {
    const connections = createConnectionStore(store);
    await put(connection({ dueAtMs: NOW_MS - 1 }));
    await put(connection({ appId: "stock", state: "disconnecting", dueAtMs: NOW_MS - 2 }));
    await put(connection({ appId: "later", dueAtMs: NOW_MS + 7 }));
    await put(connection({ appId: "calm", state: "connected" }));
    await put(connection({ tenantId: "globex", dueAtMs: NOW_MS + 9 }));
    const list = await connections.listForTenant("acme");
    expect(list.map(({ appId }) => appId)).toEqual(["calm", "later", "orders", "stock"]);
    const due = async (limit: number, withoutApps: string[] = []): Promise<string[]> =>
      (await connections.listDue(NOW_MS, { limit, withoutApps })).map(({ appId }) => appId);
    expect(await due(10)).toEqual(["stock", "orders"]);
    expect(await due(1)).toEqual(["stock"]);
    expect(await due(10, ["stock"])).toEqual(["orders"]);
    expect(await connections.nextDueAtMs(NOW_MS)).toBe(NOW_MS + 7);
    expect(await connections.nextDueAtMs(NOW_MS + 9)).toBeUndefined();
  });
});
