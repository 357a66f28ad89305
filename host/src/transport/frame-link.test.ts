/**
 * Tests the host's side of the handshake against a guest's window in memory. The well-behaved guest
 * is penpal itself; e2e/specs/bridge-handshake.spec.ts uses real windows.
 */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BridgeError, HANDSHAKE_LIMITS, TIMEOUTS, type Welcome } from "@breezeway/shared";
import { nextTask } from "@breezeway/shared/testing";
import {
  closeLater,
  closePage,
  openPage,
  ORIGIN,
  HELLO,
  WELCOME,
  HEADER,
  setUp,
  greet,
  takePort,
  nextMessage,
  call,
} from "../../test-support/frame-window.ts";

beforeEach(openPage);
afterEach(closePage);

describe("the link to a frame", () => {
  it("sends nothing before the guest's first message, and then only to the app's origin [FL-1] [FL-4]", async () => {
    const world = setUp();
    expect(world.sent).toEqual([]);
    expect(await greet(world)).toMatchObject({ welcome: { ok: true } });
    expect(world.sent.map(({ message }) => message.type)).toEqual(["SYN", "ACK1"]);
    expect(new Set(world.sent.map(({ targetOrigin }) => targetOrigin))).toEqual(new Set([ORIGIN]));
    expect(world.hellos).toHaveLength(1);
  });

  it("takes the leading role for any id of the guest, so that a guest has one step after its SYN [FL-4]", async () => {
    const world = setUp();
    for (let i = 0; i < HANDSHAKE_LIMITS.attemptBurst; i += 1) {
      world.said.length = 0;
      await greet(world);
      expect(world.said).toEqual(["SYN", "SYN", "ACK2", "DESTROY"]);
    }
  });

  it("passes on texts of the frame's window and origin only, and asks that origin only [FL-1]", () => {
    const world = setUp();
    for (const from of [
      { origin: "https://other.test" },
      { origin: "null" },
      { source: { postMessage: () => undefined } },
      { source: null },
    ]) {
      world.say("breezeway:d:1", from);
    }
    expect(world.answers).toEqual([]);
    world.say("breezeway:d:1");
    expect(world.answers).toEqual(["breezeway:d:1"]);
    world.link.ask("breezeway:d:2");
    expect(world.sent).toEqual([{ message: "breezeway:d:2", targetOrigin: ORIGIN }]);
    world.link.close();
    world.say("breezeway:d:1");
    expect(world.answers).toHaveLength(1);
  });

  it.each([
    ["a SYN without an id", { type: "SYN" }],
    ["a SYN with an id that is not a string", { type: "SYN", participantId: { a: 1 } }],
    ["a SYN with an id of 129 characters", { type: "SYN", participantId: "x".repeat(129) }],
    ["another channel", { type: "SYN", participantId: "x", channel: "other" }],
    ["another namespace", { type: "SYN", participantId: "x", namespace: "other" }],
    ["a message that only the host sends", { type: "ACK1", methodPaths: [] }],
    ["an ACK2 without a port", { type: "ACK2" }],
  ])("does not answer %s", (_name, message) => {
    const world = setUp();
    world.say({ ...HEADER, ...message });
    for (const odd of [null, undefined, 1, [], new Map()]) world.say(odd);
    expect(world.sent).toEqual([]);
    expect(world.clock.timers).toBe(0);
  });

  it.each([
    ["a path that is not a list", { methodPath: "hello" }],
    ["a path whose items are not strings", { methodPath: [{}] }],
    ["a path of five items", { methodPath: ["a", "b", "c", "d", "e"] }],
    ["arguments that are not a list", { methodPath: ["hello"], args: { length: 1 } }],
    ["an id that is not a string", { methodPath: ["hello"], id: 7 }],
    ["a reply", { type: "REPLY", callId: "1", value: 1 }],
  ])("does not answer a call with %s", async (_name, odd) => {
    const world = setUp();
    const port = await takePort(world, "a");
    port.postMessage({ ...call("odd", ["hello"]), ...odd });
    port.postMessage(call("good", ["constructor"]));
    expect(await nextMessage(port)).toMatchObject({ callId: "good" });
    expect(world.hellos).toEqual([]);
  });

  it.each([
    ["another origin", { origin: "https://other.test" }],
    ["another window", { source: {} }],
    ["no window", { source: null }],
  ])("does not read messages from %s [FL-1]", (_name, from) => {
    const world = setUp();
    const data = { ...HEADER, type: "SYN", participantId: "x" };
    const unread = {
      get namespace() {
        throw new Error("the data was read");
      },
    };
    world.say(data, from);
    world.say(unread, from);
    if ("source" in from && from.source === null) world.guestWindow = null;
    world.say(data, from);
    expect(world.sent).toEqual([]);
    expect(world.clock.timers).toBe(0);
    expect(new Set(world.seen)).toEqual(new Set("origin" in from ? [from.origin] : []));
  });

  it("follows the frame to a new window, and ignores the old one", async () => {
    const world = setUp();
    const old = world.guestWindow;
    await greet(world);
    world.guestWindow = { ...old };
    world.sent.length = 0;
    world.say({ ...HEADER, type: "SYN", participantId: "old" }, { source: old });
    expect(world.sent).toEqual([]);
    world.say({ ...HEADER, type: "SYN", participantId: "new" }, { source: world.guestWindow });
    expect(world.sent).toHaveLength(2);
  });

  it("does not answer penpal's old protocol", () => {
    const world = setUp();
    world.say({ penpal: "syn" });
    world.say({ penpal: "ack" });
    world.say({ penpal: "call", id: 1, methodName: "hello", args: [HELLO] });
    expect(world.sent).toEqual([]);
    expect(world.hellos).toEqual([]);
  });

  it("accepts no call from a window message", async () => {
    const world = setUp();
    await takePort(world, "a");
    world.say(call("1", ["hello"]));
    await nextTask();
    expect(world.hellos).toEqual([]);
  });

  it.each([
    ["constructor", ["constructor"]],
    ["a path through the prototype", ["__proto__", "toString"]],
    ["a path through hello", ["hello", "constructor"]],
    ["an unknown name", ["goodbye"]],
  ])("answers a call of %s with a fixed text and no stack [FL-2] [FL-3]", async (_name, path) => {
    const world = setUp();
    const port = await takePort(world, "a");
    port.postMessage(call("1", path));
    const reply = await nextMessage(port);
    expect(reply).toEqual({
      ...HEADER,
      type: "REPLY",
      callId: "1",
      isError: true,
      isSerializedErrorInstance: true,
      value: {
        name: "Error",
        message: "The handshake has one method, hello, which may be called once.",
        penpalCode: "METHOD_NOT_FOUND",
      },
    });
  });

  it("answers the first hello of a handshake and refuses the others [FL-6]", async () => {
    const world = setUp();
    const port = await takePort(world, "a");
    const welcome = Promise.withResolvers<Welcome>();
    world.welcome = () => welcome.promise;
    port.postMessage(call("1", ["hello"]));
    port.postMessage(call("2", ["hello"]));
    expect(await nextMessage(port)).toMatchObject({ callId: "2", isError: true });
    welcome.resolve(WELCOME);
    expect(await nextMessage(port)).toMatchObject({ callId: "1", value: { welcome: WELCOME } });
    expect(world.hellos).toHaveLength(1);
  });

  it("refuses with the code of the error, and without its text", async () => {
    const world = setUp();
    world.welcome = () => Promise.reject(new BridgeError("HANDSHAKE_REFUSED", "not now"));
    expect(await greet(world)).toMatchObject({
      welcome: { ok: false, error: { code: "HANDSHAKE_REFUSED" } },
      port: null,
    });
    world.welcome = () => Promise.reject(new TypeError("secret of the host"));
    const answer = await greet(world);
    expect(answer).toMatchObject({ welcome: { ok: false } });
    expect(JSON.stringify(answer)).not.toContain("secret");
  });

  it("does not disturb a hello in progress by any window message [FL-5]", async () => {
    const world = setUp();
    const port = await takePort(world, "a");
    const welcome = Promise.withResolvers<Welcome>();
    world.welcome = () => welcome.promise;
    port.postMessage(call("1", ["hello"]));
    await expect.poll(() => world.hellos, { interval: 1 }).toHaveLength(1);
    for (const participantId of ["b", "a", "c"]) {
      world.say({ ...HEADER, type: "SYN", participantId });
      world.say({ ...HEADER, type: "ACK1", methodPaths: [] });
      world.say({ ...HEADER, type: "ACK2" });
      world.say({ ...HEADER, type: "DESTROY" });
    }
    welcome.resolve(WELCOME);
    expect(await nextMessage(port)).toMatchObject({ callId: "1", value: { welcome: WELCOME } });
  });

  it("accepts a port that arrives when the newest handshake already has one [FL-4]", async () => {
    const world = setUp();
    await takePort(world, "forged");
    const { port1, port2 } = new MessageChannel();
    closeLater(port1);
    world.say({ ...HEADER, type: "ACK2" }, { ports: [port2] });
    port1.start();
    port1.postMessage(call("1", ["hello"]));
    expect(await nextMessage(port1)).toMatchObject({ callId: "1", value: { welcome: WELCOME } });
  });

  it("ends a handshake that sends more than it needs [FL-6]", async () => {
    const world = setUp();
    const port = await takePort(world, "a");
    for (let i = 0; i < HANDSHAKE_LIMITS.maxMessagesPerAttempt + 1; i += 1) port.postMessage("x");
    port.postMessage(call("1", ["hello"]));
    expect(await nextMessage(port)).toMatchObject({ type: "DESTROY" });
    expect(world.hellos).toEqual([]);
    expect(world.clock.timers).toBe(0);
  });

  it("ends an unfinished handshake after its time-out, and closes everything that it had opened [FL-6]", async () => {
    const world = setUp();
    const port = await takePort(world, "a");
    expect(world.clock.timers).toBe(1);
    const ended = nextMessage(port);
    await world.clock.advance(TIMEOUTS.handshakeMs);
    expect(await ended).toMatchObject({ type: "DESTROY" });
    expect(world.clock.timers).toBe(0);
  });

  it("ends the channel of a guest that gave up before its welcome", async () => {
    const world = setUp();
    const port = await takePort(world, "a");
    const welcome = Promise.withResolvers<Welcome>();
    world.welcome = () => welcome.promise;
    port.postMessage(call("1", ["hello"]));
    await expect.poll(() => world.hellos, { interval: 1 }).toHaveLength(1);
    const ended = nextMessage(port);
    port.postMessage({ ...HEADER, type: "DESTROY" });
    await ended;
    const heard = nextMessage(world.hostPorts[0] as MessagePort);
    world.hostPorts[0]?.start();
    welcome.resolve(WELCOME);
    expect(await heard).toEqual([["close"]]);
  });

  it("starts a limited number of handshakes in a flood, and then answers the last one [FL-6]", async () => {
    const world = setUp();
    for (let i = 0; i < 5_000; i += 1) {
      world.say({ ...HEADER, type: "SYN", participantId: `forged-${i}` });
    }
    const begun = (): number => world.sent.filter(({ message }) => message.type === "SYN").length;
    expect(begun()).toBe(HANDSHAKE_LIMITS.attemptBurst);
    const { port2 } = new MessageChannel();
    for (let i = 0; i < 5_000; i += 1) world.say({ ...HEADER, type: "ACK2" }, { ports: [port2] });
    expect(begun()).toBe(HANDSHAKE_LIMITS.attemptBurst);
    // One handshake has its port, one is the newest, and a timer waits for the next.
    expect(world.clock.timers).toBeLessThanOrEqual(3);
    expect(await greet(world)).toMatchObject({ welcome: { ok: true } });
    await world.clock.advance(10_000);
    expect(begun()).toBeLessThanOrEqual(HANDSHAKE_LIMITS.attemptBurst + 2);
  });

  it("leaves no timer and no listener after close", async () => {
    const world = setUp();
    for (let i = 0; i < 50; i += 1) {
      world.say({ ...HEADER, type: "SYN", participantId: `a-${i}` });
    }
    await takePort(world, "b");
    world.link.close();
    expect(world.clock.timers).toBe(0);
    world.sent.length = 0;
    world.say({ ...HEADER, type: "SYN", participantId: "c" });
    expect(world.sent).toEqual([]);
  });

  it("welcomes a well-behaved guest after any messages of a hostile one [FL-4]", async () => {
    const id = fc.constantFrom("", "0", "g", "~", "\u{10ffff}", "zzzz-forged", "deprecated-penpal");
    const path = fc.oneof(
      fc.constantFrom(["hello"], ["constructor"], [], "hello", null, ["__proto__", "x"]),
      fc.anything(),
    );
    const step = fc.oneof(
      fc.record({ by: fc.constant("window"), type: fc.constant("SYN"), participantId: id }),
      fc.record({
        by: fc.constant("window"),
        type: fc.constantFrom("ACK1", "ACK2", "DESTROY", "CALL", "REPLY"),
        withPort: fc.boolean(),
        methodPath: path,
        args: fc.anything(),
      }),
      fc.record({
        by: fc.constant("port"),
        type: fc.constantFrom("CALL", "SYN", "ACK1", "ACK2", "DESTROY", "REPLY"),
        methodPath: path,
        id,
        callId: id,
        args: fc.constantFrom([HELLO], [], [{}], null),
      }),
      fc.record({ by: fc.constant("wait"), type: fc.constant(""), ms: fc.nat(3_000) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const world = setUp();
        const ports: MessagePort[] = [];
        for (const { by, ...rest } of steps) {
          const message = { ...HEADER, ...rest };
          if (by === "wait") await world.clock.advance("ms" in rest ? rest.ms : 0);
          else if (by === "port") ports.at(-1)?.postMessage(message);
          else if ("withPort" in rest && rest.withPort) {
            const { port1, port2 } = new MessageChannel();
            ports.push(port1);
            world.say(message, { ports: [port2] });
          } else world.say(message);
        }
        expect(await greet(world)).toMatchObject({ welcome: { ok: true } });
        expect(world.sent.every(({ targetOrigin }) => targetOrigin === ORIGIN)).toBe(true);
        world.link.close();
        expect(world.clock.timers).toBe(0);
        for (const port of [...ports, ...world.hostPorts]) port.close();
      }),
      { numRuns: 300 },
    );
  });
});
