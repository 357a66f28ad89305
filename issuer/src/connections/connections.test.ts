import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { AuditEvent, ConnectionOptions, Issuer, IssuerOptions } from "../index.ts";
import {
  problem,
  readToken,
  startAppBackend,
  status,
  type AppBackend,
} from "../test-support/app-backend.ts";
import {
  postgresFixture,
  sqliteFixture,
  START_TIMEOUT_MS,
  type Place,
} from "../test-support/stores.ts";
import { ISSUER_URL, testClock, testIssuer, type TestClock } from "../test-support/test-issuer.ts";
import type { Connection } from "../index.ts";

const ORDERS = { appId: "orders", tenantId: "acme" };
const PLAIN = { appId: "plain", tenantId: "acme" };
const GUIDED = { appId: "guided", tenantId: "acme" };

let backend: AppBackend;
beforeAll(async () => {
  backend = await startAppBackend();
});
afterAll(() => backend.close());

function manifests({ origin }: AppBackend): IssuerOptions["apps"] {
  const app = (id: string) => ({ id, name: id, version: "1.0.0", url: "https://app.example/" });
  return [
    {
      ...app("orders"),
      lifecycle: {
        setupUrl: "https://app.example/setup",
        connectUrl: `${origin}/connect`,
        disconnectUrl: `${origin}/disconnect`,
      },
    },
    app("plain"),
    { ...app("guided"), placements: [{ type: "setup", path: "/setup" }] },
  ];
}

function rejectedWhenAborted(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_done, fail) => {
    signal?.addEventListener("abort", () => fail(new Error("aborted")));
  });
}

/** A door that a backend waits at. */
function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { passed: promise, open: resolve };
}

describe.each([sqliteFixture(), postgresFixture()])("connections in a $name store", (fixture) => {
  let place: Place;
  let clock: TestClock;
  let issuer: Issuer;
  let opened: Issuer[];
  let events: AuditEvent[];
  let first: number;

  beforeAll(() => fixture.start(), START_TIMEOUT_MS);
  afterAll(() => fixture.close());
  beforeEach(async () => {
    place = await fixture.place();
    clock = testClock();
    opened = [];
    events = [];
    first = backend.calls.length;
    backend.answer = status(204);
    issuer = open();
    await issuer.ready;
  });
  afterEach(() => Promise.all(opened.map((each) => each.close())));

  function open(connections: ConnectionOptions = {}, options: Partial<IssuerOptions> = {}): Issuer {
    const made = testIssuer({
      apps: manifests(backend),
      store: place.store(),
      clock,
      audit: (event) => void events.push(event),
      connections: { timeoutMs: 20_000, ...connections },
      ...options,
    });
    opened.push(made);
    return made;
  }

  const calls = () => backend.calls.slice(first);
  const until = async (
    state: Connection["state"],
    key = ORDERS,
    at = issuer,
  ): Promise<Connection> => {
    await expect
      .poll(async () => (await at.connections.get(key))?.state, { interval: 5, timeout: 10_000 })
      .toBe(state);
    return (await at.connections.get(key))!;
  };

  it("tells the app's backend, waits for its setup, and tells it of the end by the same id", async () => {
    const begun = await issuer.connections.connect(ORDERS);
    expect(begun).toMatchObject({ ...ORDERS, state: "connecting" });
    expect(await until("setup")).toMatchObject({ id: begun.id });
    expect(await issuer.connections.completeSetup(ORDERS)).toMatchObject({ state: "connected" });
    expect(await issuer.connections.disconnect(ORDERS)).toMatchObject({ state: "disconnecting" });
    await until("disconnected");
    const said = { ...ORDERS, connectionId: begun.id };
    expect(calls()).toMatchObject([
      { path: "POST /connect", said: { ...said, event: "connect" } },
      { path: "POST /disconnect", said: { ...said, event: "disconnect" } },
    ]);
    const again = await issuer.connections.connect(ORDERS);
    expect(again.id).not.toBe(begun.id);
  });

  it("signs each call for its app, its body and a minute", async () => {
    const { id } = await issuer.connections.connect(ORDERS);
    await until("setup");
    const [received] = calls();
    const { header, claims } = await readToken(received!, await issuer.keys.jwks(), clock.nowMs);
    const [{ kid } = { kid: "" }] = await issuer.keys.list();
    expect(header).toEqual({ alg: "EdDSA", typ: "lifecycle+jwt", kid });
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(received!.body));
    expect(claims).toEqual({
      iss: ISSUER_URL,
      aud: "orders",
      iat: clock.nowMs / 1_000,
      exp: clock.nowMs / 1_000 + 60,
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      event: "connect",
      connectionId: id,
      tenantId: "acme",
      contentDigest: `sha-256=:${Buffer.from(digest).toString("base64")}:`,
    });
    expect(Object.keys(received!.said)).toEqual(["event", "connectionId", "appId", "tenantId"]);
  });

  it("needs no backend, and no setup", async () => {
    expect(await issuer.connections.connect(PLAIN)).toMatchObject({ state: "connected" });
    expect(await issuer.connections.disconnect(PLAIN)).toMatchObject({ state: "disconnected" });
    expect(await issuer.connections.connect(GUIDED)).toMatchObject({ state: "setup" });
    expect(calls()).toEqual([]);
  });

  it("makes one connection and one call of any number of wishes, at two issuers", async () => {
    const other = open();
    const wishes = Array.from({ length: 12 }, (_, index) =>
      (index % 2 === 0 ? issuer : other).connections.connect(ORDERS),
    );
    const ids = new Set((await Promise.all(wishes)).map(({ id }) => id));
    expect(ids.size).toBe(1);
    await until("setup");
    await until("setup", ORDERS, other);
    expect(calls()).toHaveLength(1);
    expect(await issuer.connections.listForTenant("acme")).toHaveLength(1);
    expect(await issuer.connections.listForTenant("globex")).toEqual([]);
  });

  it("shows the backend's reason when it refuses, and tries again when it is asked to", async () => {
    backend.answer = problem(402, { detail: "No plan \u0000includes this." });
    await issuer.connections.connect(ORDERS);
    const { id, failure } = await until("failed");
    expect(failure).toEqual({
      event: "connect",
      reason: "refused",
      detail: "No plan includes this.",
    });
    backend.answer = status(204);
    await issuer.connections.retry(ORDERS);
    expect(await until("setup")).toMatchObject({ id });
    expect(calls()).toHaveLength(2);
  });

  it("tries an outage again after a while, then gives up", async () => {
    backend.answer = status(500);
    await issuer.close();
    opened = [];
    issuer = open({ maxAttempts: 2 });
    await issuer.connections.connect(ORDERS);
    const waiting = await failureIn("connecting");
    expect(waiting).toMatchObject({ failure: { reason: "server-error" } });
    expect(calls()).toHaveLength(1);
    clock.advance(4_000);
    // It wakes by the system's clock; asking wakes it now, and changes nothing.
    await issuer.connections.connect(ORDERS);
    expect(await until("failed")).toMatchObject({ failure: { reason: "server-error" } });
    expect(calls()).toHaveLength(2);
  });

  async function failureIn(state: Connection["state"]): Promise<Connection | undefined> {
    await expect
      .poll(async () => (await issuer.connections.get(ORDERS))?.failure, { timeout: 10_000 })
      .toBeDefined();
    const connection = await issuer.connections.get(ORDERS);
    expect(connection?.state).toBe(state);
    return connection;
  }

  it("takes up what a process left undone, once its claim is over, and hears no more of it", async () => {
    const left = gate();
    const hanging = gate();
    const dying = open({
      fetch: async (...args) => {
        hanging.open();
        await left.passed;
        return fetch(...args);
      },
      timeoutMs: 30_000,
    });
    // Only the one that dies knows of it.
    await issuer.close();
    opened = opened.filter((each) => each !== issuer);
    const { id } = await dying.connections.connect(ORDERS);
    await hanging.passed;
    issuer = open();
    await issuer.connections.retry(ORDERS);
    clock.advance(59_999);
    await issuer.connections.retry(ORDERS);
    expect(calls()).toEqual([]);
    clock.advance(1);
    await issuer.connections.retry(ORDERS);
    expect(await until("setup")).toMatchObject({ id });
    expect(calls()).toHaveLength(1);
    await issuer.connections.completeSetup(ORDERS);
    backend.answer = status(410);
    left.open();
    await expect.poll(() => calls().length, { timeout: 10_000 }).toBe(2);
    await dying.close();
    opened = opened.filter((each) => each !== dying);
    expect(await issuer.connections.get(ORDERS)).toMatchObject({ state: "connected" });
  });

  it("hands a call over at once when its process is closed in order", async () => {
    const begun = gate();
    backend.answer = () => begun.open();
    const { id } = await issuer.connections.connect(ORDERS);
    await begun.passed;
    backend.answer = status(204);
    await issuer.close();
    opened = [];
    issuer = open();
    expect(await until("setup")).toMatchObject({ id });
    expect(calls()).toHaveLength(2);
  });

  it("never has two calls of a connection under way, whoever asks for what", async () => {
    const other = open();
    const slow = gate();
    const arrived = gate();
    backend.answer = async (response) => {
      arrived.open();
      await slow.passed;
      response.writeHead(204).end();
    };
    await issuer.connections.connect(ORDERS);
    await arrived.passed;
    expect(await other.connections.disconnect(ORDERS)).toMatchObject({ state: "disconnecting" });
    for (const each of [issuer, other]) await each.connections.retry(ORDERS);
    await expect(other.connections.connect(ORDERS)).rejects.toMatchObject({
      code: "CONNECTION_CONFLICT",
    });
    expect(calls()).toHaveLength(1);
    slow.open();
    await until("disconnected");
    expect(calls().map(({ said }) => said["event"])).toEqual(["connect", "disconnect"]);
  });

  it("lets no slow app keep the calls of another waiting", async () => {
    const slow = gate();
    let [atOnce, mostAtOnce] = [0, 0];
    const both = { "slow-app": "/slow", "quick-app": "/quick" };
    const apps = Object.entries(both).map(([id, path]) => ({
      id,
      name: id,
      version: "1.0.0",
      url: "https://app.example/",
      lifecycle: { connectUrl: backend.origin + path },
    }));
    backend.answer = async (response, { url }) => {
      if (url === "/slow") {
        mostAtOnce = Math.max(mostAtOnce, (atOnce += 1));
        await slow.passed;
        atOnce -= 1;
      }
      response.writeHead(204).end();
    };
    await issuer.close();
    // One that reaches nobody leaves everything to be done, the quick app's call last.
    const cut = open({ fetch: (_url, init) => rejectedWhenAborted(init?.signal) }, { apps });
    const tenants = Array.from({ length: 40 }, (_, index) => `tenant-${index}`);
    for (const tenantId of tenants) await cut.connections.connect({ appId: "slow-app", tenantId });
    clock.advance(1);
    await cut.connections.connect({ appId: "quick-app", tenantId: "acme" });
    await cut.close();
    const busy = open({ timeoutMs: 20_000 }, { apps });
    opened = [busy];
    await until("connected", { appId: "quick-app", tenantId: "acme" }, busy);
    await expect.poll(() => atOnce, { interval: 5 }).toBe(4);
    slow.open();
    for (const tenantId of tenants) await until("connected", { appId: "slow-app", tenantId }, busy);
    expect(mostAtOnce).toBe(4);
  });

  it("shuts an app out before its backend has heard, and though it refuses its end", async () => {
    await issuer.close();
    opened = [];
    issuer = open({ required: true });
    const { session } = await issuer.sessions.create({ userId: "alice", tenantId: "acme" });
    const mint = () => issuer.sessions.mintToken(session.handle, "orders");
    await issuer.connections.connect(ORDERS);
    await until("setup");
    await mint();
    const slow = gate();
    const heard = gate();
    backend.answer = async (response) => {
      heard.open();
      await slow.passed;
      response.writeHead(409).end();
    };
    await issuer.connections.disconnect(ORDERS);
    await heard.passed;
    await expect(mint()).rejects.toMatchObject({ code: "APP_NOT_ALLOWED" });
    slow.open();
    await until("failed");
    await expect(mint()).rejects.toMatchObject({ code: "APP_NOT_ALLOWED" });
  });

  it("can still disconnect an app that is registered no more", async () => {
    await issuer.connections.connect(PLAIN);
    const later = open({}, { apps: [] });
    await expect(later.connections.connect(PLAIN)).rejects.toMatchObject({ code: "APP_UNKNOWN" });
    expect(await later.connections.disconnect(PLAIN)).toMatchObject({ state: "disconnected" });
  });

  it("tells each step to the audit log, and no secret or word of a backend to anybody", async () => {
    const errors: string[] = [];
    const canary = "canary-9d2b";
    backend.answer = problem(422, { detail: `${canary} refused` });
    const listening = open({}, { onError: (error) => void errors.push(JSON.stringify(error)) });
    const { id } = await listening.connections.connect(ORDERS);
    await until("failed");
    await listening.connections.disconnect(ORDERS);
    await until("failed");
    const told = () => events.filter(({ event }) => event.startsWith("connection."));
    // A line is written once what it tells of is stored.
    await expect
      .poll(() => told().map(({ event, reason }) => [event, reason]), { interval: 5 })
      .toEqual([
        ["connection.connecting", undefined],
        ["connection.failed", "refused"],
        ["connection.disconnecting", undefined],
        ["connection.failed", "refused"],
      ]);
    expect(told()[0]).toMatchObject({ app: "orders", tenant: "acme", connection: id });
    const written = JSON.stringify(events) + errors.join();
    expect(written).not.toContain(canary);
    for (const { token } of calls()) expect(written).not.toContain(token.slice(10, 60));
  });

  it("goes on though the audit log fails, and the log of errors with it", async () => {
    let failures = 0;
    const fail = (): never => {
      failures += 1;
      throw new Error("the disk of the logs is full");
    };
    await issuer.close();
    opened = [];
    issuer = open(
      {},
      { audit: ({ event }) => event === "connection.setup" && fail(), onError: fail },
    );
    await issuer.connections.connect(ORDERS);
    await until("setup");
    await expect.poll(() => failures, { interval: 5 }).toBe(2);
    await issuer.connections.disconnect(ORDERS);
    await until("disconnected");
  });

  it("refuses ids that are none", async () => {
    for (const key of [{ appId: "orders", tenantId: "" }, { appId: "orders" } as never]) {
      await expect(issuer.connections.connect(key)).rejects.toMatchObject({
        code: "REQUEST_MALFORMED",
      });
    }
  });
});

it("an issuer without the option has no connections", async () => {
  const issuer = testIssuer();
  await expect(issuer.connections.connect(ORDERS)).rejects.toMatchObject({
    code: "CONFIG_INVALID",
  });
  await issuer.close();
});
