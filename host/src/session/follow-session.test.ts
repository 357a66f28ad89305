/** Tests how a page updates its session after a time without an event stream. */
import { afterEach, describe, expect, it } from "vitest";
import type { Host } from "../index.ts";
import {
  createHostForTesting,
  createTestGuest,
  createTestIssuer,
  soloTabs,
  type TestGuest,
  type Tabs,
  type TestIssuer,
} from "../testing.ts";
import type { SessionEventStream } from "./session-events.ts";

const CLOSED = 2;
const orders = { id: "orders", name: "Orders", version: "1.0.0", url: "https://orders.test/app" };

/** A fake of the browser's event stream; the test opens, fails and closes it. */
interface OpenedStream extends SessionEventStream {
  readyState: number;
  tell(type: string): void;
}

interface World {
  readonly issuer: TestIssuer;
  readonly host: Host;
  readonly guest: TestGuest;
  /** The streams that the page has opened, oldest first. */
  readonly streams: OpenedStream[];
  /** The messages about the session to other tabs. */
  readonly posted: string[];
}

const hosts: Host[] = [];
afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

async function start(): Promise<World> {
  const issuer = createTestIssuer();
  const streams: OpenedStream[] = [];
  const posted: string[] = [];
  const openStream = (): OpenedStream => {
    const listeners = new Map<string, (event: object) => void>();
    const stream: OpenedStream = {
      readyState: 1,
      addEventListener: (type, listener) => void listeners.set(type, listener),
      close: () => undefined,
      tell: (type) => listeners.get(type)?.({}),
    };
    streams.push(stream);
    return stream;
  };
  const tabs: Tabs = {
    ...soloTabs(),
    post: ({ type }) => void (type === "changed" && posted.push(type)),
  };
  const host = createHostForTesting(
    { ...issuer.hostOptions, apps: [orders] },
    { ...issuer.hooks, openStream, tabs },
  );
  hosts.push(host);
  const guest = createTestGuest({ clock: issuer.clock });
  host.mount("orders", { place: guest.place });
  await guest.connect();
  return { issuer, host, guest, streams, posted };
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
    const [first] = world.streams;
    first!.readyState = CLOSED;
    first!.tell("error");
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
    world.streams[0]!.readyState = CLOSED;
    world.streams[0]!.tell("error");
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
