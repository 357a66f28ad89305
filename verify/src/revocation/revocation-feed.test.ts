import type { Revocation, SessionClaims } from "@breezeway/shared/schemas";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { clockAt } from "../../test-support/clock-at.ts";
import {
  createFeedServer,
  openStream,
  revokedEvent,
  snapshotEvent,
  type FeedServer,
} from "@breezeway/test-support/feed-server";
import { NOW_SECONDS as NOW, claimsAt } from "@breezeway/test-support/signer";
import type { RevocationFeedOptions } from "./feed-options.ts";
import {
  createRevocationFeed,
  createRevocationFeedForTesting,
  type RevocationFeed,
} from "./revocation-feed.ts";

const claimsOf = (overrides: object): SessionClaims =>
  claimsAt(NOW, overrides) as unknown as SessionClaims;
const session = (id: string): Revocation => ({ kind: "session", id, atSeconds: NOW });

let server: FeedServer;
let feed: RevocationFeed;
let errors: unknown[];

beforeEach(async () => {
  server = await createFeedServer();
  errors = [];
});

afterEach(async () => {
  vi.useRealTimers();
  feed.close();
  await server[Symbol.asyncDispose]();
});

function open(
  overrides: Partial<RevocationFeedOptions> = {},
  nowMs: () => number = () => NOW * 1_000,
): RevocationFeed {
  const options = {
    url: server.url,
    maxRetryMs: 20,
    // Longer than any of these tests, because this server sends no heartbeats.
    maxSilenceMs: 60_000,
    onError: (error: unknown) => errors.push(error),
    ...overrides,
  };
  feed = createRevocationFeedForTesting(options, { clock: clockAt(nowMs) });
  return feed;
}

function next(follower: RevocationFeed): Promise<Revocation> {
  return new Promise((resolve) => {
    const stop = follower.subscribe((revocation) => {
      stop();
      resolve(revocation);
    });
  });
}

describe("a revocation feed", () => {
  it("[REV-1] ignores entries before the first snapshot, and is connecting until then", async () => {
    server.greet((response) => openStream(response).write(revokedEvent(1, session("early"))));
    open();
    expect(feed.status).toEqual({ state: "connecting" });
    await until(() => server.requests.length === 1);
    server.send(snapshotEvent(7, session("session-1")));
    await feed.ready();
    expect(feed.status).toEqual({ state: "live", heardAtMs: NOW * 1_000, seq: "7" });
    expect(feed.isRevoked(claimsOf({ sid: "session-1" }))).toBe(true);
    expect(feed.isRevoked(claimsOf({ sid: "early" }))).toBe(false);
  });

  it("applies each entry when it arrives, also when it arrives in several chunks", async () => {
    await open().ready();
    const heard = next(feed);
    const text = revokedEvent(8, { kind: "user", id: "jürgen", tenantId: "acme", atSeconds: NOW });
    server.send(text.slice(0, 40));
    server.send(text.slice(40));
    expect(await heard).toEqual({ kind: "user", id: "jürgen", tenantId: "acme", atSeconds: NOW });
    expect(feed.isRevoked(claimsOf({ sub: "jürgen", userId: "jürgen" }))).toBe(true);
    expect(feed.status).toMatchObject({ seq: "8" });
  });

  it("[REV-2] resumes with the last event id, and keeps its entries while it is disconnected", async () => {
    server.greet((response, request) => {
      openStream(response);
      if (request.headers["last-event-id"] === undefined) {
        response.write(snapshotEvent(1, session("session-1")));
      } else {
        response.flushHeaders();
      }
    });
    await open().ready();
    const heard = next(feed);
    server.send(revokedEvent(2, session("session-2")));
    await heard;
    server.drop();
    await until(() => feed.status.state === "lost");
    expect(feed.isRevoked(claimsOf({ sid: "session-2" }))).toBe(true);
    await until(() => feed.status.state === "live");
    expect(server.requests[1]?.headers["last-event-id"]).toBe("2");
    const resumed = next(feed);
    server.send(revokedEvent(3, session("session-3")));
    await resumed;
    for (const sid of ["session-1", "session-2", "session-3"]) {
      expect(feed.isRevoked(claimsOf({ sid }))).toBe(true);
    }
  });

  it("[REV-2] keeps retrying while the issuer answers with errors", async () => {
    server.greet((response) => {
      if (server.requests.length < 3) response.writeHead(503).end();
      else openStream(response).write(snapshotEvent(0));
    });
    await open().ready();
    expect(server.requests).toHaveLength(3);
    expect(errors).toHaveLength(2);
  });

  it("[REV-3] replaces its entries with each snapshot", async () => {
    await open().ready();
    const first = next(feed);
    server.send(snapshotEvent(1, session("session-1")));
    await first;
    const second = next(feed);
    server.send(snapshotEvent(2, session("session-2")));
    await second;
    expect(feed.isRevoked(claimsOf({ sid: "session-1" }))).toBe(false);
    expect(feed.isRevoked(claimsOf({ sid: "session-2" }))).toBe(true);
  });

  it("[REV-4] reconnects when the issuer stops sending", async () => {
    await open({ maxSilenceMs: 100 }).ready();
    await until(() => server.requests.length >= 2);
    expect(String(errors[0])).toMatch(/silent/);
  });

  it("[REV-4] reconnects when the issuer does not answer", async () => {
    server.greet((response) => {
      if (server.requests.length > 1) openStream(response).write(snapshotEvent(0));
    });
    await open({ maxSilenceMs: 100 }).ready();
    expect(String(errors[0])).toMatch(/silent/);
  });

  it("[REV-4] by default receives missed revocations within 5 s of an unnoticed disconnect", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const told = [snapshotEvent(1), revokedEvent(2, session("session-1"))];
    feed = createRevocationFeed({
      url: "https://shell.example/auth/revocations",
      fetch: async (_url, init) => thenSilence(told.shift() ?? "", init?.signal ?? undefined),
    });
    await feed.ready();
    await vi.advanceTimersByTimeAsync(2_500);
    expect(feed.status.state).toBe("live");
    await vi.advanceTimersByTimeAsync(2_500);
    expect(feed.isRevoked(claimsOf({ sid: "session-1" }))).toBe(true);
  });

  it("[REV-4] counts a comment as a heartbeat", async () => {
    let nowMs = NOW * 1_000;
    await open({}, () => nowMs).ready();
    nowMs += 9_000;
    server.send(": still here\n\n");
    await until(() => (feed.status as { heardAtMs?: number }).heardAtMs === nowMs);
  });

  it("[REV-5] drops expired entries when new ones arrive", async () => {
    let passedMs = 0;
    const clock = clockAt(() => NOW * 1_000);
    const monotonic = (): number => clock.monotonic() + passedMs;
    feed = createRevocationFeedForTesting(
      { url: server.url, maxSilenceMs: 60_000 },
      { clock: { ...clock, monotonic } },
    );
    await feed.ready();
    const first = next(feed);
    server.send(revokedEvent(1, { ...session("session-1"), atSeconds: NOW + 86_400 }));
    await first;
    // The entry is as new as its arrival, whatever clock has written it.
    passedMs = 400_000;
    const second = next(feed);
    server.send(revokedEvent(2, { ...session("session-2"), atSeconds: NOW + 400 }));
    await second;
    expect(feed.isRevoked(claimsOf({ sid: "session-1" }))).toBe(false);
  });

  it("[REV-8] judges tokens from before a restored database by their times", async () => {
    const user = (more: object): Revocation => ({
      kind: "user",
      id: "alice",
      atSeconds: NOW,
      ...more,
    });
    await open().ready();
    const first = next(feed);
    server.send(revokedEvent(80, user({ seq: 80 })));
    await first;
    const [old, late] = [claimsOf({ rev: 90 }), claimsOf({ rev: 51, iat: NOW + 60 })];
    expect([old, late].map((claims) => feed.isRevoked(claims))).toEqual([false, true]);
    const again = next(feed);
    server.send(snapshotEvent(51, user({ seq: 51, atSeconds: NOW + 1 })));
    await again;
    expect([old, late].map((claims) => feed.isRevoked(claims))).toEqual([true, false]);
  });

  it("[REV-6] notifies listeners of each entry once, and not after they have unsubscribed", async () => {
    await open().ready();
    const heard: string[] = [];
    const stop = feed.subscribe(({ id }) => heard.push(id));
    server.send(revokedEvent(1, session("a")) + revokedEvent(1, session("a")));
    const last = next(feed);
    server.send(snapshotEvent(2, session("a"), session("b")));
    await last;
    await until(() => heard.length >= 2);
    stop();
    const unheard = next(feed);
    server.send(revokedEvent(3, session("c")));
    await unheard;
    expect(heard).toEqual(["a", "b"]);
  });

  it("[REV-7] reports a malformed or unknown entry, and stays connected", async () => {
    await open().ready();
    const first = next(feed);
    server.send(
      'event: revoked\nid: 5\ndata: {"kind":"planet","id":"x","atSeconds":1}\n\n' +
        "event: revoked\nid: 6\ndata: {\n\n" +
        revokedEvent(7, session("session-1")),
    );
    await first;
    const second = next(feed);
    server.send(
      `event: snapshot\ndata: {"seq":8,"revocations":[null,${JSON.stringify(session("b"))}]}\n\n`,
    );
    await second;
    expect(errors).toHaveLength(3);
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    ["is not JSON", "event: snapshot\ndata: {\n\n"],
    ["has no entries", 'event: snapshot\ndata: {"seq":1}\n\n'],
  ])("reconnects after a snapshot that %s", async (_name, text) => {
    await open().ready();
    server.send(text);
    await until(() => server.requests.length >= 2);
    expect(errors).toHaveLength(1);
  });

  it("reconnects instead of buffering an endless event", async () => {
    await open().ready();
    server.send(`data: ${"x".repeat(17 * 1024 * 1024)}`);
    await until(() => server.requests.length >= 2);
    expect(errors).toHaveLength(1);
  });

  it("ignores unknown events", async () => {
    await open().ready();
    const heard = next(feed);
    server.send(`event: weather\ndata: sunny\n\n${revokedEvent(1, session("session-1"))}`);
    await heard;
    expect(errors).toEqual([]);
  });

  it("does not follow redirects, and accepts only an event stream", async () => {
    server.greet((response, request) => {
      if (server.requests.length === 1) response.writeHead(302, { location: "/other" }).end();
      else if (request.url === "/other") throw new Error("The redirect was followed.");
      else if (server.requests.length === 2) response.writeHead(200).end("<html>");
      else openStream(response).write(snapshotEvent(0));
    });
    await open().ready();
    expect(errors).toHaveLength(2);
  });

  it("sends the headers of its options", async () => {
    await open({ headers: { authorization: "Bearer feed-secret" } }).ready();
    expect(server.requests[0]?.headers.authorization).toBe("Bearer feed-secret");
    expect(server.requests[0]?.headers.accept).toBe("text/event-stream");
  });

  it("closes its connection on close", async () => {
    await open().ready();
    const ended = new Promise((resolve) => {
      server.requests[0]?.on("close", resolve);
    });
    feed.close();
    await ended;
    expect(feed.status).toEqual({ state: "closed" });
    expect(errors).toEqual([]);
  });

  it("rejects ready when it is closed before the first snapshot", async () => {
    server.greet(() => {});
    open();
    const ready = feed.ready();
    feed.close();
    await expect(ready).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  });

  it("survives a listener that throws", async () => {
    await open().ready();
    feed.subscribe(() => {
      throw new Error("a listener's own fault");
    });
    const heard = next(feed);
    server.send(revokedEvent(1, session("session-1")));
    await heard;
    expect(feed.isRevoked(claimsOf({ sid: "session-1" }))).toBe(true);
    expect(errors).toHaveLength(1);
  });
});

describe("createRevocationFeed refuses", () => {
  it.each([
    ["a malformed URL", { url: "revocations" }, /url/],
    ["plain http", { url: "http://shell.example/auth/revocations" }, /url/],
    ["a maxSilenceMs of 99", { maxSilenceMs: 99 }, /maxSilenceMs/],
    ["a maxSilenceMs of 300 001", { maxSilenceMs: 300_001 }, /maxSilenceMs/],
    ["a maxRetryMs of 9", { maxRetryMs: 9 }, /maxRetryMs/],
    ["a maxRetryMs of 60 001", { maxRetryMs: 60_001 }, /maxRetryMs/],
  ])("%s", (_name, overrides, message) => {
    open();
    expect(() => createRevocationFeed({ url: server.url, ...overrides })).toThrow(message);
  });
});

/** A feed that sends `text` and then stays open and silent. */
function thenSilence(text: string, signal: AbortSignal | undefined): Response {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode(text));
      signal?.addEventListener("abort", () => controller.error(signal.reason));
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

/** Polls on each turn of the event loop; the test's time limit bounds the wait. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
