import { afterEach, describe, expect, it, vi } from "vitest";
import type { EventStream } from "./event-stream.ts";
import { createStreamRegistry, type StreamRegistry } from "./stream-registry.ts";

let registry: StreamRegistry = createStreamRegistry(10_000);

afterEach(() => {
  vi.useRealTimers();
  registry.close();
  registry = createStreamRegistry(10_000);
});

const open = (owner?: string): EventStream =>
  registry.open({
    kind: "revocations",
    onClose: () => undefined,
    ...(owner === undefined ? {} : { owner }),
  });

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
      registry.open({ kind, onHeartbeat: () => (beats[kind] += 1), onClose: () => undefined });
    }
    vi.advanceTimersByTime(20_500);
    expect(beats).toEqual({ revocations: 20, session: 2 });
  });

  it("makes pages reconnect at different times within 5 s, and readers of the feed after 1 s", async () => {
    const retryOf = async (kind: "revocations" | "session"): Promise<number> => {
      const { body } = registry.open({ kind, onClose: () => undefined }).response;
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

  it("bounds the streams of one owner without affecting others", () => {
    const streams = Array.from({ length: 256 }, () => open("one"));
    expect(() => open("one")).toThrow(expect.objectContaining({ code: "OVERLOADED" }));
    expect(() => open("another")).not.toThrow();
    streams[0]?.close();
    expect(() => open("one")).not.toThrow();
  });

  it("ends all streams when it closes", () => {
    let ended = 0;
    for (const kind of ["revocations", "session"] as const) {
      registry.open({ kind, onClose: () => (ended += 1) });
    }
    registry.close();
    expect(ended).toBe(2);
  });
});
