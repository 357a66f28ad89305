import { afterEach, describe, expect, it } from "vitest";
import type { EventStream } from "./event-stream.ts";
import { createStreamRegistry, type StreamRegistry } from "./stream-registry.ts";

let registry: StreamRegistry = createStreamRegistry(10_000);

afterEach(() => {
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
