import { beforeEach, expect, it } from "vitest";
import { latestSeq } from "../changes/change-log.ts";
import type { OpenStore } from "../store/store.ts";
import { describeStores } from "../../test-support/stores.ts";
import { MAX_DUE_AHEAD_MS, type InstallationRecord } from "./installation-machine.ts";
import { createInstallationStore } from "./installation-store.ts";

const NOW_MS = 1_800_000_000_000;

describeStores("installations in the $name store", (place) => {
  let store: OpenStore;
  beforeEach(async () => {
    store = await place().store().open();
    return () => store.close();
  });

  const orders = { appId: "orders", tenantId: "acme" };
  const installation = (change: Partial<InstallationRecord> = {}): InstallationRecord => ({
    ...orders,
    id: `${change.appId ?? "orders"}-${change.tenantId ?? "acme"}`,
    state: "installing",
    failure: undefined,
    attempts: 0,
    dueAtMs: NOW_MS,
    leaseId: undefined,
    createdAtMs: NOW_MS,
    changedAtMs: NOW_MS,
    ...change,
  });
  const put = (record: InstallationRecord): Promise<unknown> =>
    createInstallationStore(store).update(record, () => ({ next: record, changes: [] }), NOW_MS);

  it("returns exactly what was stored", async () => {
    const installations = createInstallationStore(store);
    const failure = { event: "connect", reason: "refused", detail: "no \u0001 ü" } as const;
    const record = installation({ state: "failed", failure, attempts: 3, leaseId: "lease" });
    await put(record);
    expect(await installations.find(orders)).toEqual(record);
    const plain = { ...record, failure: { event: "connect", reason: "timeout" } } as const;
    await put(plain);
    expect(await installations.find(orders)).toEqual(plain);
    expect(await installations.find({ ...orders, tenantId: "globex" })).toBeUndefined();
  });

  it("creates one of several concurrent installations and returns it to all", async () => {
    const other = await place().store().open();
    const made = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        createInstallationStore(index % 2 === 0 ? store : other).update(
          orders,
          (current) => ({
            next: current ?? installation({ id: `id-${index}` }),
            changes: [{ kind: "installations-changed", subject: "acme" }],
          }),
          NOW_MS,
        ),
      ),
    );
    expect(new Set(made.map((record) => record?.id)).size).toBe(1);
    expect(await latestSeq(store.db)).toBe(1);
    await other.close();
  });

  it("loses no concurrent change", async () => {
    const other = await place().store().open();
    await put(installation());
    await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        createInstallationStore(index % 2 === 0 ? store : other).update(
          orders,
          (current) => ({
            next: current && { ...current, attempts: current.attempts + 1 },
            changes: [],
          }),
          NOW_MS,
        ),
      ),
    );
    expect((await createInstallationStore(store).find(orders))?.attempts).toBe(12);
    await other.close();
  });

  it("writes and logs nothing when a command does nothing or throws", async () => {
    const installations = createInstallationStore(store);
    await put(installation());
    const change = { kind: "installations-changed", subject: "acme" } as const;
    await installations.update(orders, (next) => ({ next, changes: [change] }), NOW_MS);
    const refusing = (): never => {
      throw new Error("no");
    };
    await expect(installations.update(orders, refusing, NOW_MS)).rejects.toThrow("no");
    expect(await latestSeq(store.db)).toBe(0);
    expect(await installations.find(orders)).toEqual(installation());
  });

  it("lists a call as due when its due time is implausibly late", async () => {
    const installations = createInstallationStore(store);
    await put(installation({ dueAtMs: NOW_MS + MAX_DUE_AHEAD_MS + 1, leaseId: "lease" }));
    await put(installation({ appId: "later", dueAtMs: NOW_MS + MAX_DUE_AHEAD_MS }));
    const due = await installations.listDue(NOW_MS, { limit: 10, withoutApps: [] });
    expect(due.map(({ appId }) => appId)).toEqual(["orders"]);
  });

  it("lists the installations of a tenant, and those with a due call, longest wait first", async () => {
    const installations = createInstallationStore(store);
    await put(installation({ dueAtMs: NOW_MS - 1 }));
    await put(installation({ appId: "stock", state: "uninstalling", dueAtMs: NOW_MS - 2 }));
    await put(installation({ appId: "later", dueAtMs: NOW_MS + 7 }));
    await put(installation({ appId: "calm", state: "installed" }));
    await put(installation({ tenantId: "globex", dueAtMs: NOW_MS + 9 }));
    const list = await installations.listForTenant("acme");
    expect(list.map(({ appId }) => appId)).toEqual(["calm", "later", "orders", "stock"]);
    const due = async (limit: number, withoutApps: string[] = []): Promise<string[]> =>
      (await installations.listDue(NOW_MS, { limit, withoutApps })).map(({ appId }) => appId);
    expect(await due(10)).toEqual(["stock", "orders"]);
    expect(await due(1)).toEqual(["stock"]);
    expect(await due(10, ["stock"])).toEqual(["orders"]);
    expect(await installations.nextDueAtMs(NOW_MS)).toBe(NOW_MS + 7);
    expect(await installations.nextDueAtMs(NOW_MS + 9)).toBeUndefined();
  });
});
