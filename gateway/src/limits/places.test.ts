/** Who gets the places of one upstream when many want them. */
import { describe, expect, it } from "vitest";
import { sendRaw, statusOf } from "@breezeway/test-support/raw-client";
import type { GatewayOptions } from "../config/options.ts";
import { startGateway, type TestGateway } from "../../test-support/start.ts";

type Limits = NonNullable<GatewayOptions["limits"]>;

/** Requests to `/orders/…` stay open, as event streams where the path says so, until they are released. */
async function start(limits: Limits, options: Partial<GatewayOptions> = {}) {
  const release = Promise.withResolvers<void>();
  const gateway = await startGateway({
    handler: (request, response) => {
      if (request.url?.includes("open") !== true) {
        response.end("short");
        return;
      }
      const type = request.url.includes("events")
        ? "text/event-stream; charset=utf-8"
        : "text/plain";
      response.writeHead(200, { "content-type": type }).flushHeaders();
      void release.promise.then(() => response.end());
    },
    gateway: { limits, ...options },
  });
  const opened: Promise<string>[] = [];
  return {
    gateway,
    /** Resolves to the status, once the head of the answer is there. */
    open: async (path: string, claims: object, headers: Record<string, string> = {}) => {
      const response = await gateway.request(path, {
        headers: { ...headers, authorization: `Bearer ${gateway.tokens.token(claims)}` },
      });
      // A failing test closes the gateway while answers are open.
      if (response.status === 200) opened.push(response.text().catch(() => "cut"));
      else await response.body?.cancel();
      return response.status;
    },
    releaseAll: async () => {
      release.resolve();
      await Promise.all(opened);
    },
    [Symbol.asyncDispose]: async () => {
      release.resolve();
      await gateway[Symbol.asyncDispose]();
    },
  };
}

const user = (id: string, session = `${id}-1`): object => ({ sub: id, userId: id, sid: session });

describe("a user with four sessions", () => {
  it.each(["/orders/open", "/orders/open/events"])(
    "leaves places for another user at %s, and is the one who is refused",
    async (path) => {
      await using scene = await start({
        maxConcurrentRequests: 8,
        maxConcurrentStreams: 8,
        maxConcurrentPerSession: 2,
      });
      const statuses: number[] = [];
      for (const session of ["a", "b", "c", "d"]) {
        for (let count = 0; count < 2; count += 1) {
          statuses.push(await scene.open(path, user("alice", session)));
        }
      }
      expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 429, 429]);
      expect(await scene.open("/orders/short", user("bob"))).toBe(200);
      expect(await scene.open(path, user("bob"))).toBe(200);
      expect(await scene.open(path, user("alice", "e"))).toBe(429);
    },
  );
});

describe("a bound of an upstream", () => {
  it.each<[string, Limits, [object, string][], [object, string]]>([
    [
      "per user covers all of the user's sessions",
      { maxConcurrentPerUser: 2 },
      [
        [user("alice", "a"), "203.0.113.1"],
        [user("alice", "b"), "203.0.113.2"],
      ],
      [user("alice", "c"), "203.0.113.3"],
    ],
    [
      "per app covers all users of the app",
      { maxConcurrentPerApp: 2 },
      [
        [user("alice"), "203.0.113.1"],
        [user("bob"), "203.0.113.2"],
      ],
      [user("carol"), "203.0.113.3"],
    ],
    [
      "per address covers all users behind the address",
      { maxConcurrentPerAddress: 2 },
      [
        [user("alice"), "203.0.113.1"],
        [user("bob"), "203.0.113.1"],
      ],
      [user("carol"), "203.0.113.1"],
    ],
  ])("%s, for requests and streams apart", async (_name, limits, holders, refused) => {
    await using scene = await start(limits, { trustedProxies: ["127.0.0.1"] });
    const open = (path: string, [claims, address]: [object, string]): Promise<number> =>
      scene.open(path, claims, { "x-forwarded-for": address });
    // A stream needs a place among the requests until its answer begins.
    for (const path of ["/orders/open/events", "/orders/open"]) {
      for (const holder of holders) expect(await open(path, holder)).toBe(200);
    }
    expect(await open("/orders/open", refused)).toBe(429);
    expect(await open("/orders/open/events", refused)).toBe(429);
    await scene.releaseAll();
    expect(await open("/orders/short", refused)).toBe(200);
  });

  it("never counts clients whose address many may share", async () => {
    await using scene = await start({ maxConcurrentPerAddress: 1 });
    expect(await scene.open("/orders/open", user("alice"))).toBe(200);
    expect(await scene.open("/orders/open", user("bob"))).toBe(200);
  });
});

describe("the places for streams", () => {
  const upgrade = (gateway: TestGateway, claims: object): string =>
    [
      "GET /orders/open HTTP/1.1\r\nHost: g\r\nConnection: upgrade\r\nUpgrade: websocket",
      `Authorization: Bearer ${gateway.tokens.token(claims)}`,
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    ].join("\r\n");

  it("are full while requests still pass, and count WebSockets and event streams together", async () => {
    await using scene = await start({ maxConcurrentStreams: 1, maxConcurrentRequests: 1 });
    const { gateway, open } = scene;
    expect(await open("/orders/open/events", user("alice"))).toBe(200);
    expect(await open("/orders/short", user("bob"))).toBe(200);
    expect(await open("/orders/open/events", user("bob"))).toBe(503);
    const refused = await sendRaw(gateway.url, upgrade(gateway, user("bob")));
    expect(statusOf(refused)).toBe(503);
    // The refused stream has left its place among the requests.
    expect(await open("/orders/short", user("bob"))).toBe(200);
    await scene.releaseAll();
    expect(await open("/orders/open/events", user("bob"))).toBe(200);
  });
});
