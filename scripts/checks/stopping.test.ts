/** How the servers of issuer and gateway stop behind a reverse proxy that keeps its connections. */
import { once } from "node:events";
import { Agent, request as startRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSigner } from "@breezeway/test-support/signer";
import { serveGateway } from "../../gateway/src/node.ts";
import { createIssuer, sqliteStore } from "../../issuer/src/index.ts";
import { serveIssuer } from "../../issuer/src/node.ts";

const ISSUER = "http://localhost:4000/auth";
const HOUR_MS = 3_600_000;

interface Stopping {
  readonly url: string;
  close(options?: { readonly graceMs?: number; readonly drainDelayMs?: number }): Promise<void>;
}

interface Part {
  readonly health: string;
  /** A path with another answer than the health endpoint's. */
  readonly other: string;
  readonly start: (stack: AsyncDisposableStack) => Promise<Stopping>;
}

const PARTS: readonly (readonly [string, Part])[] = [
  [
    "serveIssuer",
    {
      health: "/auth/health",
      other: "/auth/.well-known/jwks.json",
      start: async (stack) => {
        const store = sqliteStore({ file: ":memory:" });
        const issuer = stack.use(createIssuer({ issuer: ISSUER, apps: [], store }));
        return serveIssuer(issuer, { port: 0 });
      },
    },
  ],
  [
    "serveGateway",
    {
      health: "/health/ready",
      other: "/health/live",
      start: () =>
        serveGateway(
          {
            issuer: ISSUER,
            jwks: { keys: [createSigner("key-1").publicJwk] },
            apps: [],
            routes: [{ prefix: "/orders", upstream: "http://127.0.0.1:1" }],
            revocations: false,
          },
          { port: 0 },
        ),
    },
  ],
];

let stack = new AsyncDisposableStack();
beforeEach(() => {
  // The delays end when the test says so. Sockets have timers of their own.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
});
afterEach(async () => {
  vi.useRealTimers();
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

/** A client with one connection, which it keeps, as a reverse proxy does. */
function keepsConnection(url: string) {
  const agent = stack.adopt(new Agent({ keepAlive: true, maxSockets: 1 }), (open) =>
    open.destroy(),
  );
  return {
    async ask(path: string) {
      const request = startRequest(url + path, { agent }).end();
      const [response] = (await once(request, "response")) as [IncomingMessage];
      await once(response.resume(), "end");
      // The agent takes the connection back in the next turn.
      await new Promise(setImmediate);
      return {
        status: response.statusCode,
        connection: response.headers.connection,
        isReused: request.reusedSocket,
      };
    },
  };
}

/** Whether a new connection is accepted. */
async function accepts(url: string): Promise<boolean> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
  const isAccepted = await promise;
  socket.destroy();
  return isAccepted;
}

describe.each(PARTS)("%s while it stops", (_name, { start, health, other }) => {
  it("serves as before during drainDelayMs, and its health endpoint answers 503", async () => {
    const server = await start(stack);
    const proxy = keepsConnection(server.url);
    expect(await proxy.ask(health)).toMatchObject({ status: 200, isReused: false });
    const closing = server.close({ drainDelayMs: HOUR_MS });
    const kept = { connection: "keep-alive", isReused: true };
    expect(await proxy.ask(other)).toEqual({ status: 200, ...kept });
    expect(await proxy.ask(health)).toMatchObject({ status: 503, isReused: true });
    expect(await accepts(server.url)).toBe(true);
    // A second call ends the delay.
    await server.close();
    await closing;
    expect(await accepts(server.url)).toBe(false);
  });

  it("answers what arrives on open connections after its port is closed, and ends them", async () => {
    const server = await start(stack);
    const [busy, unused] = [keepsConnection(server.url), keepsConnection(server.url)];
    await busy.ask(other);
    await unused.ask(other);
    const closing = server.close({ graceMs: HOUR_MS });
    await expect.poll(() => accepts(server.url)).toBe(false);
    expect(await busy.ask(other)).toEqual({ status: 200, connection: "close", isReused: true });
    await expect(busy.ask(other)).rejects.toThrow("ECONNREFUSED");
    // A second later, the connection without a request is closed too, long before graceMs is over.
    vi.advanceTimersByTime(1_000);
    await closing;
  });
});
