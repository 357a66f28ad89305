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
  it("bounds those of everybody together, and lets another in when one ends", () => {
    const streams = Array.from({ length: 4_096 }, (_, index) => open(`address-${index}`));
    expect(() => open("one more")).toThrow(expect.objectContaining({ code: "OVERLOADED" }));
    streams[0]?.close();
    expect(() => open("one more")).not.toThrow();
  });

  it("gives pages a sign of life every 10 s, however often readers of the feed get one", () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const beats = { revocations: 0, session: 0 };
    registry = createStreamRegistry(1_000);
    for (const kind of ["revocations", "session"] as const) {
      registry.open({ kind, onHeartbeat: () => (beats[kind] += 1), onClose: () => undefined });
    }
    vi.advanceTimersByTime(20_500);
    expect(beats).toEqual({ revocations: 20, session: 2 });
  });

  it("has pages come back at different times, within 5 s, and readers of the feed after 1 s", async () => {
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

  it("bounds those of one owner, and leaves others alone", () => {
    const streams = Array.from({ length: 256 }, () => open("one"));
    expect(() => open("one")).toThrow(expect.objectContaining({ code: "OVERLOADED" }));
    expect(() => open("another")).not.toThrow();
    streams[0]?.close();
    expect(() => open("one")).not.toThrow();
  });

  it("ends all of them with itself", () => {
    let ended = 0;
    for (const kind of ["revocations", "session"] as const) {
      registry.open({ kind, onClose: () => (ended += 1) });
    }
    registry.close();
    expect(ended).toBe(2);
  });
});
