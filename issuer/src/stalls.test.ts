/**
 * Work on very many sessions or streams leaves the event loop to others in between. On SQLite, whose statements run on
 * this thread.
 */
import { longestTurnOf } from "@breezeway/test-support/turns";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { maintainedIssuer, type MaintainedIssuer } from "../test-support/maintained.ts";
import { copySessions } from "../test-support/many-sessions.ts";
import { call, testClock, testIssuer, type TestClock } from "../test-support/test-issuer.ts";
import { sqliteFixture } from "../test-support/stores.ts";
import type { OpenStore } from "./store/store.ts";

/** Slices take a tenth, with a garbage collection among them. Work in one piece takes all. */
const MAX_PART = 0.4;
const SESSIONS = 4_000;
const STREAMS = 1_500;
const HOUR = 3_600_000;

describe("an issuer with very many sessions", () => {
  const fixture = sqliteFixture();

  let clock: TestClock;
  let direct: OpenStore;
  let maintained: MaintainedIssuer;

  beforeAll(() => fixture.start());
  afterAll(() => fixture.close());
  beforeEach(async () => {
    clock = testClock();
    const place = await fixture.place();
    direct = await place.store().open();
    maintained = await maintainedIssuer(place.store(), clock);
    await maintained.issuer.sessions.create({ userId: "alice", tenantId: "acme" });
  });
  afterEach(async () => {
    await maintained.issuer.close();
    await direct.close();
  });

  it("revokes those of a user in many turns", async () => {
    await copySessions(direct, SESSIONS);
    const { sessions } = maintained.issuer;
    expect(await longestTurnOf(() => sessions.revokeAllForUser("alice"))).toBeLessThan(MAX_PART);
  });

  it("revokes those of a tenant in many turns", async () => {
    await copySessions(direct, SESSIONS, (n) => ({ user_id: `user-${n}` }));
    const { sessions } = maintained.issuer;
    expect(await longestTurnOf(() => sessions.revokeAllInTenant("acme"))).toBeLessThan(MAX_PART);
  });

  it("cleans up in many turns", async () => {
    // Until the clean-up believes the clock.
    for (let hour = 0; hour < 3; hour += 1) {
      await maintained.maintain();
      clock.advance(HOUR);
    }
    const ended = { created_at_ms: 0, last_active_at_ms: 0, expires_at_ms: 0, review_at_ms: 0 };
    await copySessions(direct, SESSIONS, () => ended);
    expect(await longestTurnOf(maintained.maintain)).toBeLessThan(MAX_PART);
    expect(await direct.db.selectFrom("breezeway_session").select("handle").execute()).toHaveLength(
      1,
    );
  });
});

describe("an issuer with very many event streams", () => {
  it("tells all of them of a change in many turns", async () => {
    await using issuer = testIssuer({ installations: {}, rateLimits: false });
    let told = 0;
    const untilTold = async (body: ReadableStream<Uint8Array>): Promise<void> => {
      for await (const chunk of body) {
        if (!Buffer.from(chunk).includes("installations-changed")) continue;
        told += 1;
        return;
      }
    };
    const streams: Promise<void>[] = [];
    for (let index = 0; index < STREAMS; index += 1) {
      const user = { userId: `user-${index}`, tenantId: "acme" };
      const { setCookie } = await issuer.sessions.create(user);
      const cookie = setCookie.split(";", 1)[0] ?? "";
      const address = `10.0.${index >> 8}.${index & 255}`;
      const { body } = await call(issuer, "/session/events", { cookie, address });
      if (body) streams.push(untilTold(body));
    }
    const part = await longestTurnOf(async () => {
      await issuer.installations.install({ appId: "orders", tenantId: "acme" });
      await Promise.all(streams);
    });
    expect(told).toBe(STREAMS);
    expect(part).toBeLessThan(MAX_PART);
  });
});
