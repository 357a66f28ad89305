import { describe, expect, it } from "vitest";
import { readEvents } from "../../test-support/event-source.ts";
import { createEventStream } from "./event-stream.ts";

const TIMES = { heartbeatMs: 10_000, retryMs: 1_000 };

describe("createEventStream", () => {
  it("ends the stream of a client that does not read, after its queued events", async () => {
    let closed = 0;
    const stream = createEventStream(TIMES);
    stream.onEnd(() => (closed += 1));
    for (let id = 1; id <= 6_000; id += 1) stream.send({ event: "revoked", id, data: {} });
    expect(closed).toBe(1);
    const reader = readEvents(stream.response);
    let last: string | undefined;
    for (let event = await reader.next(); event; event = await reader.next()) last = event.id;
    expect(Number(last)).toBeGreaterThan(4_000);
    expect(Number(last)).toBeLessThan(5_001);
  });

  it("ends once, whether the client or the server ends it", async () => {
    let closed = 0;
    const stream = createEventStream(TIMES);
    stream.onEnd(() => (closed += 1));
    await readEvents(stream.response).cancel();
    stream.send({ event: "late", data: {} });
    stream.close();
    stream.close();
    expect(closed).toBe(1);
  });

  it("runs what must happen at the end at once when the stream has ended", () => {
    const stream = createEventStream(TIMES);
    stream.close();
    let closed = 0;
    stream.onEnd(() => (closed += 1));
    expect(closed).toBe(1);
  });

  it("keeps a value on one line, so that it cannot forge an event", async () => {
    const stream = createEventStream(TIMES);
    stream.send({ event: "revoked", data: { id: "a\n\nevent: signed-out\ndata: {}\n\n" } });
    stream.close();
    const reader = readEvents(stream.response);
    expect(await reader.next()).toEqual({
      event: "revoked",
      data: { id: "a\n\nevent: signed-out\ndata: {}\n\n" },
    });
    expect(await reader.next()).toBeUndefined();
  });
});
