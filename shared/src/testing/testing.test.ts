import { afterEach, describe, expect, it, vi } from "vitest";
import { decodeSessionToken } from "../tokens/decode.ts";
import { fakeToken } from "./fake-token.ts";
import { createMessagePipe, type MessagePipe } from "./message-pipe.ts";
import { createTestClock, nextTask } from "./test-clock.ts";

describe("createTestClock", () => {
  it("stands still until a test moves it", async () => {
    const clock = createTestClock({ nowMs: 1_000 });
    await nextTask();
    expect([clock.now(), clock.monotonic()]).toEqual([1_000, 0]);
    await clock.advance(500);
    expect([clock.now(), clock.monotonic()]).toEqual([1_500, 500]);
  });

  it("fires timers in order, each at its time", async () => {
    const clock = createTestClock();
    const fired: [string, number][] = [];
    const at = (name: string, ms: number) =>
      clock.setTimer(() => fired.push([name, clock.monotonic()]), ms);
    at("late", 30);
    at("early", 10);
    at("beyond", 101);
    clock.clearTimer(at("cleared", 20));
    await clock.advance(100);
    expect(fired).toEqual([
      ["early", 10],
      ["late", 30],
    ]);
    expect(clock.timers).toBe(1);
  });

  it("fires a timer that another timer sets, if it is due within the same move", async () => {
    const clock = createTestClock();
    const fired: number[] = [];
    clock.setTimer(() => {
      void Promise.resolve().then(() => clock.setTimer(() => fired.push(clock.monotonic()), 5));
    }, 10);
    await clock.advance(15);
    expect(fired).toEqual([15]);
  });

  it("fires timers late when they were due while the device slept", async () => {
    const clock = createTestClock();
    const fire = vi.fn<() => void>();
    clock.setTimer(fire, 10);
    clock.sleep(60_000);
    await nextTask();
    expect(fire).not.toHaveBeenCalled();
    await clock.advance(0);
    expect(fire).toHaveBeenCalledOnce();
    expect(clock.monotonic()).toBe(60_000);
  });
});

describe("fakeToken", () => {
  it("returns a token that decodes to its claims", () => {
    const claims = { sub: "alice", name: "Zoë Müller 🏠", exp: 1 };
    expect(decodeSessionToken(fakeToken(claims))).toMatchObject({
      claims,
      header: { alg: "EdDSA", typ: "JWT" },
    });
  });
});

describe("createMessagePipe", () => {
  const clock = createTestClock();
  const conditions = { delayMs: 0, isDropping: false };
  let pipe: MessagePipe;

  const open = (): unknown[] => {
    pipe = createMessagePipe(clock, () => conditions);
    const received: unknown[] = [];
    pipe.ports[1].addEventListener("message", ({ data }) => received.push(data));
    pipe.ports[1].addEventListener("close", () => received.push("closed"));
    pipe.ports[1].start();
    return received;
  };

  afterEach(() => {
    Object.assign(conditions, { delayMs: 0, isDropping: false });
    pipe.cut();
  });

  it("clones values and moves transferred objects", async () => {
    const received = open();
    const buffer = new ArrayBuffer(8);
    pipe.ports[0].postMessage({ buffer }, [buffer]);
    await pipe.settled();
    expect(received).toEqual([{ buffer: new ArrayBuffer(8) }]);
    expect(buffer.byteLength).toBe(0);
  });

  it("delivers after the delay, in order", async () => {
    const received = open();
    conditions.delayMs = 100;
    pipe.ports[0].postMessage("slow", []);
    await pipe.settled();
    conditions.delayMs = 0;
    pipe.ports[0].postMessage("quick", []);
    await clock.advance(99);
    expect(received).toEqual([]);
    await clock.advance(1);
    expect(received).toEqual(["slow", "quick"]);
  });

  it("loses messages while it is dropping", async () => {
    const received = open();
    conditions.isDropping = true;
    pipe.ports[0].postMessage("lost", []);
    await pipe.settled();
    conditions.isDropping = false;
    pipe.ports[0].postMessage("kept", []);
    await pipe.settled();
    expect(received).toEqual(["kept"]);
  });

  it("tells both ends once when it is cut", async () => {
    const received = open();
    const closed = vi.fn<() => void>();
    pipe.ports[0].addEventListener("close", closed);
    pipe.cut();
    pipe.cut();
    expect(received).toEqual(["closed"]);
    expect(closed).toHaveBeenCalledOnce();
  });

  it("delivers earlier messages before the close of an end", async () => {
    const received = open();
    pipe.ports[0].postMessage("last words", []);
    pipe.ports[0].close();
    await expect.poll(() => received).toEqual(["last words", "closed"]);
  });
});
