import { afterEach, describe, expect, it, vi } from "vitest";
import type { EventStream } from "./event-stream.ts";
import { createStreamRegistry, type StreamRegistry } from "./stream-registry.ts";

let registry: StreamRegistry = createStreamRegistry(10_000);

afterEach(() => {
  vi.useRealTimers();
  registry.close();
  registry = createStreamRegistry(10_000);
});

const open = (address?: string): EventStream =>
  registry.open({ kind: "revocations", holders: { address } });

const page = (user: number, address: number, session = `${user}`): EventStream =>
  registry.open({
    kind: "session",
    holders: { session, user: `user-${user}`, address: `192.0.2.${address}` },
  });

/** Opens streams until one is refused. @returns how many were open before */
function fill(openNext: (index: number) => EventStream): number {
  for (let index = 0; ; index += 1) {
    try {
      openNext(index);
    } catch (error) {
      expect(error).toMatchObject({ code: "OVERLOADED" });
      return index;
    }
  }
}

describe("the registry of event streams", () => {
  it("bounds all streams together and opens another when one ends", () => {
    const streams = Array.from({ length: 4_096 }, (_, index) => open(`address-${index}`));
    expect(() => open("one more")).toThrow(expect.objectContaining({ code: "OVERLOADED" }));
    streams[0]?.close();
    expect(() => open("one more")).not.toThrow();
  });

  it("sends pages a heartbeat every 10 s, whatever the heartbeat of the feed", () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const beats = { revocations: 0, session: 0 };
    registry = createStreamRegistry(1_000);
    for (const kind of ["revocations", "session"] as const) {
      registry.open({ kind, holders: {}, onHeartbeat: () => (beats[kind] += 1) });
    }
    vi.advanceTimersByTime(20_500);
    expect(beats).toEqual({ revocations: 20, session: 2 });
  });

  it("makes pages reconnect at different times within 5 s, and readers of the feed after 1 s", async () => {
    const retryOf = async (kind: "revocations" | "session"): Promise<number> => {
      const { body } = registry.open({ kind, holders: {} }).response;
      const { value } = await body!.getReader().read();
      const [, retryMs] = /^retry: (\d+)\n\n$/.exec(new TextDecoder().decode(value)) ?? [];
      return Number(retryMs);
    };
    expect(await retryOf("revocations")).toBe(1_000);
    const pages = await Promise.all(Array.from({ length: 100 }, () => retryOf("session")));
    expect(Math.min(...pages)).toBeGreaterThanOrEqual(1_000);
    expect(Math.max(...pages)).toBeLessThan(5_000);
    expect(new Set(pages).size).toBeGreaterThan(1);
  });

  it.each<[string, number, (index: number) => EventStream, () => EventStream]>([
    ["readers of one address", 256, () => open("one"), () => open("another")],
    ["one session", 32, () => page(1, 1, "one"), () => page(1, 1, "another")],
    ["one user", 256, (index) => page(1, index % 3, `${index}`), () => page(2, 1)],
    ["pages of one address", 10_000, (index) => page(index, 1), () => page(1, 2)],
  ])("[ES-1] bounds the streams of %s without affecting others", (_who, most, next, other) => {
    let first: EventStream | undefined;
    const opened = fill((index) => {
      const stream = next(index);
      first ??= stream;
      return stream;
    });
    expect(opened).toBe(most);
    expect(other).not.toThrow();
    first?.close();
    expect(() => next(0)).not.toThrow();
  });

  it("[ES-2] keeps the last places for users and addresses with few streams", () => {
    // Many accounts at two addresses, as one attacker has them.
    expect(fill((index) => page(index, 1))).toBe(10_000);
    expect(fill((index) => page(index, 2))).toBe(8_000);
    expect(fill(() => page(30_000, 3))).toBe(4);
    expect(fill((index) => page(40_000 + index, 3))).toBe(60);
    expect(() => page(50_000, 4)).not.toThrow();
  });

  it("ends all streams when it closes", () => {
    let ended = 0;
    for (const kind of ["revocations", "session"] as const) {
      registry.open({ kind, holders: {} }).onEnd(() => (ended += 1));
    }
    registry.close();
    expect(ended).toBe(2);
  });
});
