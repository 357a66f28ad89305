import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Issuer } from "../index.ts";
import { readEvents, type EventReader } from "../../test-support/event-source.ts";
import {
  call,
  cookieOf,
  reasonOf,
  signIn,
  testClock,
  testIssuer,
  type TestClock,
} from "../../test-support/test-issuer.ts";

let clock: TestClock;
let issuer: Issuer;
let cookie: string;
let handle: string;

beforeEach(async () => {
  clock = testClock();
  issuer = testIssuer({ clock });
  cookie = await signIn(issuer);
  const [session] = await issuer.sessions.listForUser("alice");
  handle = session!.handle;
});

afterEach(async () => {
  vi.useRealTimers();
  await issuer.close();
});

async function openStream(headers: Record<string, string> = {}): Promise<EventReader> {
  const response = await call(issuer, "/session/events", { cookie, headers });
  expect(response.status).toBe(200);
  return readEvents(response);
}

describe("GET /session/events", () => {
  it("refuses a request without a session", async () => {
    expect(await reasonOf(await call(issuer, "/session/events"))).toBe("401 session-missing");
  });

  it("sends tenant-changed, and claims-changed without the claims", async () => {
    const stream = await openStream();
    const switched = await call(issuer, "/session/tenant", {
      method: "POST",
      body: { tenantId: "globex" },
      cookie,
    });
    cookie = cookieOf(switched);
    expect(await stream.next()).toMatchObject({
      event: "tenant-changed",
      data: { tenantId: "globex" },
    });
    await issuer.sessions.updateClaims(handle, { secret: "canary" });
    expect(await stream.next()).toMatchObject({ event: "claims-changed", data: {} });
  });

  it("sends signed-out and ends", async () => {
    const stream = await openStream();
    await call(issuer, "/session", { method: "DELETE", cookie });
    expect(await stream.next()).toMatchObject({ event: "signed-out" });
    expect(await stream.next()).toBeUndefined();
  });

  it("sends revoked with the reason and ends", async () => {
    const stream = await openStream();
    await issuer.sessions.revoke(handle);
    expect(await stream.next()).toMatchObject({ event: "revoked", data: { reason: "revoked" } });
    expect(await stream.next()).toBeUndefined();
  });

  it("sends revoked when an old secret is used again", async () => {
    const stream = await openStream();
    await call(issuer, "/session/refresh", { method: "POST", cookie });
    clock.advance(31_000);
    await call(issuer, "/session/refresh", { method: "POST", cookie });
    expect(await stream.next()).toMatchObject({ data: { reason: "refresh-reused" } });
  });

  it("sends no event of other sessions", async () => {
    const stream = await openStream();
    await signIn(issuer, "bob");
    await issuer.sessions.revokeAllForUser("bob");
    await issuer.sessions.updateClaims(handle, { a: 1 });
    expect(await stream.next()).toMatchObject({ event: "claims-changed" });
  });

  it("sends revoked of a whole tenant to the sessions that are active in it now", async () => {
    const stream = await openStream();
    // More sessions than the log announces one by one.
    for (const tenantId of ["acme", "globex"]) {
      const others = Array.from({ length: 1_001 }, (_, index) => `${tenantId}-${index}`);
      for (const userId of others) await issuer.sessions.create({ userId, tenantId });
    }
    await issuer.sessions.switchTenant(handle, "globex");
    expect(await stream.next()).toMatchObject({ event: "tenant-changed" });
    await issuer.sessions.revokeAllInTenant("acme");
    await issuer.sessions.updateClaims(handle, { a: 1 });
    expect(await stream.next()).toMatchObject({ event: "claims-changed" });
    await issuer.sessions.revokeAllInTenant("globex");
    expect(await stream.next()).toMatchObject({ event: "revoked" });
  });

  it("sends a change of a tenant with very many sessions in several turns of the event loop", async () => {
    const own = testIssuer({ installations: {} });
    const reading = Array.from({ length: 250 }, async (_, index) => {
      const { setCookie } = await own.sessions.create({ userId: `u${index}`, tenantId: "acme" });
      const [value = ""] = setCookie.split(";", 1);
      return readEvents(await call(own, "/session/events", { cookie: value }));
    });
    const streams = await Promise.all(reading);
    let turn = 0;
    const counter = setImmediate(function count() {
      turn += 1;
      counting = setImmediate(count);
    });
    let counting = counter;
    const arrivals = streams.map(async (stream) => [(await stream.next())?.event, turn] as const);
    await own.installations.install({ appId: "orders", tenantId: "acme" });
    const arrived = await Promise.all(arrivals);
    clearImmediate(counting);
    expect(new Set(arrived.map(([event]) => event))).toEqual(new Set(["installations-changed"]));
    expect(new Set(arrived.map(([, at]) => at)).size).toBeGreaterThanOrEqual(3);
    await own.close();
  });

  it("resumes after Last-Event-ID", async () => {
    const stream = await openStream();
    await issuer.sessions.updateClaims(handle, { a: 1 });
    const first = await stream.next();
    await stream.cancel();
    await issuer.sessions.updateClaims(handle, { a: 2 });
    const resumed = await openStream({ "last-event-id": first!.id! });
    expect(await resumed.next()).toMatchObject({
      id: String(Number(first!.id) + 1),
      event: "claims-changed",
    });
  });

  it("sends revoked when the session expires", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const own = testIssuer({ clock });
    cookie = await signIn(own);
    const stream = readEvents(await call(own, "/session/events", { cookie }));
    clock.advance(7 * 86_400_000);
    vi.advanceTimersByTime(10_000);
    expect(await stream.next()).toMatchObject({ data: { reason: "session-expired" } });
    expect(await stream.next()).toBeUndefined();
    await own.close();
  });

  it("serves a bounded number of streams for one session", async () => {
    for (let index = 0; index < 32; index += 1) await openStream();
    const refused = await call(issuer, "/session/events", { cookie });
    expect(await reasonOf(refused)).toBe("503 overloaded");
  });
});
