import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { START_TIMEOUT_MS } from "@breezeway/test-support/postgres";
import type { Issuer } from "../index.ts";
import {
  installableApps,
  startAppBackend,
  type AppBackend,
} from "../../test-support/app-backend.ts";
import { gate, ORDERS } from "../../test-support/installations.ts";
import { postgresFixture } from "../../test-support/stores.ts";
import { testIssuer } from "../../test-support/test-issuer.ts";

const DAY_MS = 86_400_000;

const fixture = postgresFixture();
let backend: AppBackend;
beforeAll(async () => {
  await fixture.start();
  backend = await startAppBackend();
}, START_TIMEOUT_MS);
afterEach(() => {
  vi.useRealTimers();
});
afterAll(async () => {
  await backend.close();
  await fixture.close();
});

it("uses the store's time when the clocks of two machines differ by a day", async () => {
  const slow = gate();
  const arrived = gate();
  backend.answer = async (response, _request, { said }) => {
    if (said["tenantId"] === "acme") {
      arrived.open();
      await slow.passed;
    }
    response.writeHead(204).end();
  };
  const place = await fixture.place();
  const open = (): Issuer =>
    testIssuer({
      apps: installableApps(backend.origin),
      store: place.store(),
      installations: { timeoutMs: 20_000 },
    });
  await using here = open();
  await here.installations.install(ORDERS);
  await arrived.passed;
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + DAY_MS });
  await using ahead = open();
  await ahead.installations.retry(ORDERS);
  // Once another call was made, the worker has looked for due calls.
  const globex = { ...ORDERS, tenantId: "globex" };
  await ahead.installations.install(globex);
  await expect
    .poll(async () => (await ahead.installations.get(globex))?.state, { interval: 5 })
    .toBe("setup");
  expect(backend.calls.map(({ said }) => said["tenantId"])).toEqual(["acme", "globex"]);
  slow.open();
});
