import { randomUUID } from "node:crypto";
import { createAppRegistry } from "@breezeway/shared/schemas";
import { afterEach, beforeEach, expect, it } from "vitest";
import { silentAudit } from "../audit/audit.ts";
import { sqliteStore } from "../index.ts";
import type { OpenStore } from "../store/store.ts";
import { startAppBackend, status, type AppBackend } from "../../test-support/app-backend.ts";
import { shiftedClock } from "../../test-support/test-issuer.ts";
import { callBackend } from "./backend-call.ts";
import { createInstallationChanger } from "./installation-changer.ts";
import { applyCommand } from "./installation-machine.ts";
import { createInstallationStore } from "./installation-store.ts";
import { createInstallationWorker, type InstallationWorker } from "./installation-worker.ts";

const KEY = { appId: "orders", tenantId: "acme" };
const STEPS = { connect: true, setup: false, disconnect: false };

let store: OpenStore;
let backend: AppBackend;
let worker: InstallationWorker;
let errors: unknown[];
/** How far the clock is ahead. */
let aheadMs: number;
let signings: number;
let onSign: () => void;
/** Simulates a read-only database. */
let isReadOnly: boolean;

beforeEach(async () => {
  store = await sqliteStore({ file: ":memory:" }).open();
  backend = await startAppBackend();
  errors = [];
  isReadOnly = false;
  aheadMs = 0;
  signings = 0;
  onSign = () => undefined;
  const clock = shiftedClock(() => aheadMs);
  const installations = createInstallationStore(store);
  const change = createInstallationChanger({
    store: installations,
    clock,
    audit: silentAudit,
    endsTokens: false,
    changed: () => Promise.resolve(),
  });
  worker = createInstallationWorker({
    store: installations,
    change: (...args) => (isReadOnly ? Promise.reject(new Error("read-only")) : change(...args)),
    apps: createAppRegistry([
      {
        id: "orders",
        name: "Orders",
        version: "1.0.0",
        url: "https://orders.example/",
        lifecycle: { connectUrl: `${backend.origin}/connect` },
      },
    ]),
    sign(said) {
      signings += 1;
      onSign();
      return Promise.resolve({ body: JSON.stringify(said), token: randomUUID() });
    },
    call: callBackend,
    fetch,
    timeoutMs: 5_000,
    times: { leaseMs: 60_000, firstRetryMs: 20, factor: 2, maxRetryMs: 100, maxAttempts: 20 },
    storeTime: () => Promise.resolve(clock.now()),
    random: () => 0,
    onError: (error) => void errors.push(error),
  });
  await change(KEY, (current) =>
    applyCommand(current, "install", { key: KEY, steps: STEPS, nowMs: Date.now(), newId: "one" }),
  );
});
afterEach(async () => {
  await worker.close();
  await backend.close();
  await store.close();
});

const state = async () => (await createInstallationStore(store).find(KEY))?.state;

it("retries by itself until the backend answers", async () => {
  backend.answer = (response) =>
    void response.writeHead(backend.calls.length < 4 ? 503 : 204).end();
  worker.wake();
  await expect.poll(state, { interval: 5 }).toBe("installed");
  expect(backend.calls).toHaveLength(4);
});

it("does not loop while the store is read-only, and continues afterwards", async () => {
  isReadOnly = true;
  worker.wake();
  await worker.idle();
  worker.wake();
  await worker.idle();
  expect(errors).toHaveLength(2);
  isReadOnly = false;
  await expect.poll(state, { interval: 20 }).toBe("installed");
  expect(errors).toHaveLength(2);
});

it("makes no call after it was closed", async () => {
  backend.answer = status(503);
  worker.wake();
  await worker.close();
  worker.wake();
  await worker.idle();
  expect(await state()).toBe("installing");
  expect(backend.calls.length).toBeLessThanOrEqual(1);
});

it("makes no call when the process was suspended until its claim had nearly ended", async () => {
  onSign = () => {
    onSign = () => undefined;
    aheadMs = 55_001;
  };
  worker.wake();
  await expect.poll(state, { interval: 5 }).toBe("installed");
  expect([signings, backend.calls.length]).toEqual([2, 1]);
});
