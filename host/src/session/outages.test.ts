/** A page whose issuer is away: at the start, later, and again and again. */
import { afterEach, describe, expect, it } from "vitest";
import { BridgeError, toProblem } from "@breezeway/shared";
import type { Host } from "../index.ts";
import { createHostForTesting, createTestIssuer, type TestIssuer } from "../testing.ts";
import type { SessionEventStream } from "./session-events.ts";

const CLOSED = 2;

interface OpenedStream extends SessionEventStream {
  readyState: number;
  tell(type: string): void;
}

interface World {
  readonly issuer: TestIssuer;
  readonly host: Host;
  /** The answer of the issuer; `undefined` while it works. */
  readonly network: { fault: (() => Response) | undefined };
  readonly streams: OpenedStream[];
}

const hosts: Host[] = [];
afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

function start(fault?: () => Response): World {
  const issuer = createTestIssuer();
  const streams: OpenedStream[] = [];
  const openStream = (): OpenedStream => {
    const listeners = new Map<string, (event: object) => void>();
    const stream: OpenedStream = {
      readyState: 1,
      addEventListener: (type, listener) => void listeners.set(type, listener),
      close: () => undefined,
      tell: (type) => listeners.get(type)?.({}),
    };
    streams.push(stream);
    return stream;
  };
  const network = { fault };
  const fetchFrom: typeof fetch = async (...request) =>
    network.fault ? network.fault() : issuer.hostOptions.fetch(...request);
  const host = createHostForTesting(
    { ...issuer.hostOptions, apps: [], fetch: fetchFrom },
    { ...issuer.hooks, openStream },
  );
  hosts.push(host);
  return { issuer, host, network, streams };
}

const FAULTS: readonly [string, () => Response][] = [
  [
    "cannot be reached",
    () => {
      throw new TypeError("no network");
    },
  ],
  [
    "has no store",
    () => {
      const { body, ...init } = toProblem(new BridgeError("STORE_UNAVAILABLE", "away"), {
        requestId: "r",
      });
      return new Response(body, init);
    },
  ],
  ["answers with a page of a proxy", () => new Response("<html>", { status: 502 })],
];

describe.each(FAULTS)("while the issuer %s", (_name, fault) => {
  it("the page asks from its start on, and shows the session once it has an answer", async () => {
    const world = start(fault);
    const { issuer, host } = world;
    await host.session.ready;
    await issuer.advance(60_000);
    expect([host.session.answer.current, world.streams.length]).toEqual([undefined, 0]);
    world.network.fault = undefined;
    await issuer.advance(30_000);
    expect([host.session.current?.userId, world.streams.length]).toEqual(["alice", 1]);
  });

  it("the page keeps its session, and learns of a change after each outage", async () => {
    const world = start();
    const { issuer, host, streams } = world;
    await host.session.ready;
    await issuer.advance(0);
    for (const tenantId of ["globex", "acme", "globex"]) {
      const before = host.session.current?.tenantId;
      const opened = streams.length;
      world.network.fault = fault;
      const stream = streams.at(-1);
      stream!.readyState = CLOSED;
      stream?.tell("error");
      issuer.signIn({ ...issuer.session!, tenantId });
      // Its question about the session is refused, and it waits to open the stream again.
      await issuer.advance(0);
      await issuer.advance(1_000);
      expect([host.session.current?.tenantId, streams.length]).toEqual([before, opened + 1]);
      world.network.fault = undefined;
      streams.at(-1)?.tell("open");
      await issuer.advance(0);
      expect(host.session.current?.tenantId).toBe(tenantId);
    }
  });
});
