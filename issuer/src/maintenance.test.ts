import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sqliteStore } from "./index.ts";
import { silentAudit } from "./audit/audit.ts";
import { createKeyRing } from "./keys/key-ring.ts";
import { keyTimes } from "./keys/key-schedule.ts";
import { createKeyStore } from "./keys/key-store.ts";
import { createLocalVault } from "./keys/local-vault.ts";
import { createMaintenance, type Maintenance } from "./maintenance.ts";
import { createSessionStore } from "./sessions/session-store.ts";
import type { OpenStore } from "./store/store.ts";
import { testClock } from "../test-support/test-issuer.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const clock = testClock();
let monotonicMs: number;
let store: OpenStore;
let maintenance: Maintenance;

const advance = (ms: number): void => {
  clock.advance(ms);
  monotonicMs += ms;
};

beforeEach(async () => {
  monotonicMs = 0;
  store = await sqliteStore({ file: ":memory:" }).open();
  const keys = createKeyRing({
    store: createKeyStore(store),
    vault: createLocalVault(),
    times: keyTimes(),
    algorithms: ["EdDSA"],
    clock,
    audit: silentAudit,
    changed: () => Promise.resolve(),
  });
  const sessions = createSessionStore(store);
  await sessions.insert({
    handle: "h",
    selectorHash: "s",
    secretHash: "s",
    previousSecretHash: undefined,
    previousSinceMs: undefined,
    siblings: [],
    userId: "u",
    tenantId: "t",
    tenants: { t: { scopes: [] } },
    claims: {},
    data: {},
    createdAtMs: clock.now(),
    lastActiveAtMs: clock.now(),
    expiresAtMs: clock.now() + 30 * DAY,
    revokedAtMs: undefined,
    revokedReason: undefined,
  });
  maintenance = createMaintenance({
    store,
    sessions,
    keys,
    lifetimes: { idleMs: 7 * DAY, absoluteMs: 30 * DAY, graceMs: 30_000 },
    clock: { ...clock, monotonic: () => monotonicMs },
  });
});

afterEach(() => store.close());

async function hasSession(): Promise<boolean> {
  return (await createSessionStore(store).findByHandle("h")) !== undefined;
}

describe("maintenance", () => {
  it("deletes a session a day after its end", async () => {
    for (let hour = 0; hour < 8 * 24; hour += 1) {
      advance(HOUR);
      await maintenance.run();
    }
    expect(await hasSession()).toBe(true);
    advance(HOUR);
    await maintenance.run();
    expect(await hasSession()).toBe(false);
  });

  it("deletes nothing within an hour after the clock jumped", async () => {
    advance(2 * HOUR);
    await maintenance.run();
    clock.advance(60 * DAY);
    await maintenance.run();
    advance(HOUR / 2);
    await maintenance.run();
    expect(await hasSession()).toBe(true);
    clock.advance(-60 * DAY);
    advance(2 * HOUR);
    await maintenance.run();
    advance(2 * HOUR);
    await maintenance.run();
    expect(await hasSession()).toBe(true);
  });
});
