/** Tests how a page updates its session after a time without an event stream. */
import { afterEach, describe, expect, it } from "vitest";
import {
  closeSessionPages,
  openSessionPage,
  type SessionPage,
} from "../../test-support/session-page.ts";
import { createTestGuest, type TestGuest, type TestIssuer } from "../testing.ts";

const orders = { id: "orders", name: "Orders", version: "1.0.0", url: "https://orders.test/app" };

interface World extends SessionPage {
  readonly guest: TestGuest;
}

afterEach(closeSessionPages);

async function start(): Promise<World> {
  const page = openSessionPage({ apps: [orders] });
  const guest = createTestGuest({ clock: page.issuer.clock });
  page.host.mount("orders", { place: guest.place });
  await guest.connect();
  return { ...page, guest };
}

/** Changes the issuer without an event to the page. */
function switchBehindItsBack(issuer: TestIssuer): void {
  issuer.signIn({ ...issuer.session!, tenantId: "globex" });
}

async function shown({ issuer, host, guest }: World): Promise<unknown> {
  await issuer.advance(0);
  await guest.settled();
  return [host.session.current?.tenantId, guest.state.session?.tenantId];
}

describe("a page whose event stream opens", () => {
  it("shows the tenant of a switch between its first session request and the stream", async () => {
    const world = await start();
    expect(await shown(world)).toEqual(["acme", "acme"]);
    switchBehindItsBack(world.issuer);
    world.streams[0]?.tell("open");
    expect(await shown(world)).toEqual(["globex", "globex"]);
    expect(world.posted).toEqual(["changed"]);
  });

  it("shows the tenant of a switch between its recheck and the next stream", async () => {
    const world = await start();
    world.streams[0]?.refuse();
    // The recheck has been answered, and the page waits for its turn to open the stream.
    expect(await shown(world)).toEqual(["acme", "acme"]);
    switchBehindItsBack(world.issuer);
    await world.issuer.advance(1_000);
    expect(world.streams).toHaveLength(2);
    world.streams[1]?.tell("open");
    expect(await shown(world)).toEqual(["globex", "globex"]);
  });

  it("notifies the other tabs of the result of its recheck", async () => {
    const world = await start();
    switchBehindItsBack(world.issuer);
    world.streams[0]?.refuse();
    expect(await shown(world)).toEqual(["globex", "globex"]);
    expect(world.posted).toEqual(["changed"]);
  });

  it("mints new tokens only when the claims have changed meanwhile", async () => {
    const world = await start();
    const { issuer, streams, posted } = world;
    const before = issuer.mints.length;
    streams[0]?.tell("open");
    await shown(world);
    expect([issuer.mints.length, posted]).toEqual([before, []]);
    issuer.signIn({ ...issuer.session!, claims: { role: "clerk" } });
    streams[0]?.tell("open");
    await shown(world);
    expect([issuer.mints.length, posted]).toEqual([before + 1, ["changed"]]);
  });

  it("retries its recheck until it gets an answer, and notifies the other tabs of the change", async () => {
    const world = await start();
    const { issuer, streams, posted } = world;
    switchBehindItsBack(issuer);
    issuer.offline();
    streams[0]?.tell("open");
    await issuer.advance(2_000);
    expect([await shown(world), posted]).toEqual([["acme", "acme"], []]);
    issuer.offline(false);
    await issuer.advance(4_000);
    expect([await shown(world), posted]).toEqual([["globex", "globex"], ["changed"]]);
  });

  it("retries until it gets an answer after an event about changed claims", async () => {
    const world = await start();
    const { issuer, streams } = world;
    const before = issuer.mints.length;
    issuer.signIn({ ...issuer.session!, claims: { role: "clerk" } });
    issuer.offline();
    streams[0]?.tell("claims-changed");
    await shown(world);
    issuer.offline(false);
    await issuer.advance(2_000);
    await shown(world);
    expect(world.host.session.current?.claims).toEqual({ role: "clerk" });
    expect(issuer.mints.length).toBeGreaterThan(before);
  });

  it("shows that the session has ended meanwhile", async () => {
    const world = await start();
    const { handle } = world.issuer.session!;
    world.issuer.signIn({ handle: "s_other", userId: "bob" });
    world.streams[0]?.tell("open");
    await shown(world);
    expect(world.host.session.current).toMatchObject({ handle: "s_other", userId: "bob" });
    expect(world.guest.state.session?.handle).not.toBe(handle);
  });
});
