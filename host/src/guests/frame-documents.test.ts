/** What ends a guest's channel besides the channel itself: another document in its frame, and a frame that leaves. */
import { afterEach, describe, expect, it } from "vitest";
import type { Host, Mount } from "../index.ts";
import {
  createHostForTesting,
  createTestGuest,
  createTestIssuer,
  type TestGuest,
  type TestIssuer,
} from "../testing.ts";
import type { GuestPlaceOptions } from "../transport/guest-place.ts";

const app = { id: "orders", name: "Orders", version: "1.0.0", url: "https://orders.test/app" };

interface Scene {
  readonly issuer: TestIssuer;
  readonly host: Host;
  readonly mount: Mount;
  /** Holds the data port, and answers each call through it, wherever it is. */
  readonly holder: TestGuest;
  readonly place: GuestPlaceOptions;
  /** The questions to the document in the frame. */
  readonly questions: string[];
  /** Returns a question from the document in the frame. */
  answer: (question: string) => void;
  hasLeft: boolean;
}

const open: Host[] = [];
afterEach(() => {
  for (const host of open.splice(0)) host.close();
});

/** A host with a connected guest in a place that, like a frame, can be asked and can leave. */
async function setUp(answer?: (scene: Scene, question: string) => void): Promise<Scene> {
  const issuer = createTestIssuer();
  const host = createHostForTesting({ ...issuer.hostOptions, apps: [app] }, issuer.hooks);
  open.push(host);
  const holder = createTestGuest({ clock: issuer.clock });
  const found: { place?: GuestPlaceOptions } = {};
  const scene = { issuer, host, holder, questions: [] as string[], hasLeft: false };
  const mount = host.mount("orders", {
    place(options) {
      found.place = options;
      return {
        ...holder.place(options),
        get hasLeft() {
          return scene.hasLeft;
        },
        // The document stays until the test replaces it, as one does that unloads slowly.
        reload: () => undefined,
        ask(question) {
          scene.questions.push(question);
          queueMicrotask(() => answer?.(whole, question));
        },
      };
    },
  });
  const place = found.place as GuestPlaceOptions;
  const whole: Scene = Object.assign(scene, { mount, place, answer: place.onAnswer });
  await holder.connect();
  return whole;
}

describe("the document in the frame", () => {
  it.each<{
    title: string;
    answer?: (scene: Scene, question: string) => void;
    happens?: (scene: Scene) => void;
    withinMs: number;
    state: "connected" | "lost";
  }>([
    {
      title: "that answers each question stays connected",
      answer: (scene, question) => scene.answer(question),
      withinMs: 120_000,
      state: "connected",
    },
    {
      title: "that answers after a load event stays connected",
      answer: (scene, question) => scene.answer(question),
      happens: ({ place }) => place.onLoad(false),
      withinMs: 4_000,
      state: "connected",
    },
    {
      title: "that does not answer after a load event is lost, although the port answers",
      happens: ({ place }) => place.onLoad(false),
      withinMs: 2_000,
      state: "lost",
    },
    {
      title: "that never loads and does not answer is lost, although the port answers",
      withinMs: 20_000,
      state: "lost",
    },
    {
      title: "that answers two questions late stays connected",
      answer: (scene, question) => {
        if (scene.questions.length % 3 === 0) scene.answer(question);
      },
      withinMs: 120_000,
      state: "connected",
    },
    {
      title: "that returns the question of before the load event is lost",
      answer: (scene) => scene.answer(scene.questions[0] ?? ""),
      happens(scene) {
        scene.place.onLoad(false);
        scene.place.onLoad(false);
      },
      withinMs: 2_000,
      state: "lost",
    },
    {
      title: "that guesses is lost",
      answer: (scene, question) => scene.answer(question.replace(/.$/, "")),
      withinMs: 20_000,
      state: "lost",
    },
  ])("$title", async ({ answer, happens, withinMs, state }) => {
    const scene = await setUp(answer);
    happens?.(scene);
    await scene.issuer.clock.advance(withinMs);
    expect(scene.mount.state).toBe(state);
    expect(scene.mount.error?.code).toBe(state === "lost" ? "CHANNEL_LOST" : undefined);
    expect(scene.holder.isConnected).toBe(state === "connected");
  });

  it("is asked no more after its mount is closed", async () => {
    const { mount, issuer, questions } = await setUp();
    mount.close();
    await issuer.clock.advance(60_000);
    expect(questions).toEqual([]);
  });

  it("that the host reloads is not welcomed again before it goes", async () => {
    const { mount, holder } = await setUp();
    mount.reload();
    await expect(holder.connect()).rejects.toMatchObject({ code: "HANDSHAKE_REFUSED" });
    expect(mount.state).toBe("connecting");
    holder.faults.navigate();
    await holder.connect();
    expect(mount.state).toBe("connected");
  });

  it("that connects after a silent one is asked in its turn", async () => {
    const scene = await setUp();
    await scene.issuer.clock.advance(20_000);
    scene.holder.faults.navigate();
    await scene.holder.connect();
    scene.questions.length = 0;
    await scene.issuer.clock.advance(5_000);
    expect(scene.mount.state).toBe("connected");
    const [question = ""] = scene.questions;
    expect(question).toMatch(/^breezeway:[0-9a-f]{24}$/);
  });
});

describe("a frame that has left the page without close()", () => {
  const leave = (scene: Scene): void => {
    scene.hasLeft = true;
  };

  it.each<{ title: string; look: (scene: Scene) => unknown }>([
    { title: "its state is read", look: ({ mount }) => mount.state },
    { title: "it is called", look: ({ mount }) => mount.call("anything").catch(() => undefined) },
    { title: "an event is published", look: ({ host }) => host.event.publish("a", 1) },
    { title: "the theme changes", look: ({ host }) => host.theme.set({ scheme: "dark" }) },
    { title: "its context changes", look: ({ mount }) => mount.setContext({ page: 1 }) },
    { title: "the place reports it", look: ({ place }) => place.onLeft() },
  ])("is lost when $title", async ({ look }) => {
    const scene = await setUp();
    const states: string[] = [];
    scene.mount.subscribeState((state) => states.push(state));
    leave(scene);
    look(scene);
    expect(states).toEqual(["connected", "lost"]);
    expect(scene.mount.error?.message).toBe(
      "Orders left the page: its frame was removed without mount.close().",
    );
    expect(scene.host.mounts).toEqual([]);
  });

  it("gets no token, and gets one again when it is back", async () => {
    const scene = await setUp((each, question) => each.answer(question));
    await scene.issuer.clock.advance(120_000);
    const before = scene.issuer.mints.length;
    expect(before).toBeGreaterThan(1);
    leave(scene);
    scene.place.onLeft();
    await scene.issuer.clock.advance(600_000);
    expect(scene.issuer.mints).toHaveLength(before);

    scene.hasLeft = false;
    await scene.holder.connect();
    expect(scene.mount.state).toBe("connected");
    expect(scene.host.mounts).toEqual([scene.mount]);
    await scene.issuer.clock.advance(120_000);
    expect(scene.issuer.mints.length).toBeGreaterThan(before + 1);
  });

  it("is closed with its host", async () => {
    const scene = await setUp();
    leave(scene);
    scene.place.onLeft();
    scene.host.close();
    expect(scene.mount.state).toBe("closed");
  });
});

describe("a document that speaks another protocol", () => {
  const hello = { protocol: [98, 99] } as const;
  const refusal = expect.objectContaining({
    code: "HANDSHAKE_PROTOCOL_MISMATCH",
    message: "No common protocol version: this side speaks 1 to 1, the other 98 to 99.",
  });

  it("is lost at once, and the host's error names both ranges instead of a missing hello", async () => {
    const issuer = createTestIssuer();
    const host = createHostForTesting({ ...issuer.hostOptions, apps: [app] }, issuer.hooks);
    open.push(host);
    const guest = createTestGuest({ clock: issuer.clock, hello });
    const mount = host.mount("orders", { place: guest.place });
    await expect(guest.connect()).rejects.toEqual(refusal);
    expect(mount.state).toBe("lost");
    expect(mount.error).toEqual(refusal);
    await issuer.clock.advance(60_000);
    expect(mount.error).toEqual(refusal);
  });

  it("ends the channel of the document before it, and the next document is welcomed", async () => {
    const { mount, place, holder } = await setUp();
    const { port1, port2 } = new MessageChannel();
    const greeting = { sdk: "t", documentId: "next", autoRefresh: false };
    await expect(place.onHello({ ...greeting, protocol: [98, 99] }, port1)).rejects.toEqual(
      refusal,
    );
    expect(mount.state).toBe("lost");
    expect(mount.error).toEqual(refusal);
    await holder.connect();
    expect(mount.state).toBe("connected");
    expect(mount.error).toBe(null);
    port2.close();
  });
});
