/** Tests the answers to readers of the feed while the issuer cannot read the change log. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  startPostgresRelay,
  type PostgresRelay,
  startPostgres,
  type PostgresServer,
  START_TIMEOUT_MS,
} from "@breezeway/test-support/postgres";
import type { Issuer } from "../index.ts";
import { postgresStore } from "../postgres.ts";
import {
  readEvents,
  type EventReader,
  type ReceivedEvent,
} from "../../test-support/event-source.ts";
import { call, signIn, testIssuer } from "../../test-support/test-issuer.ts";

let server: PostgresServer;
let relay: PostgresRelay;
/** This issuer reaches its database through the relay. */
let issuer: Issuer;
/** Another process with a direct connection to the same database. */
let other: Issuer;

beforeAll(async () => {
  server = await startPostgres();
}, START_TIMEOUT_MS);
afterAll(() => server.close());

beforeEach(async () => {
  const connectionString = await server.createDatabase();
  relay = await startPostgresRelay(connectionString);
  issuer = behindRelay(1_000);
  other = testIssuer({ store: postgresStore({ connectionString }) });
  await Promise.all([issuer.ready, other.ready]);
});

afterEach(async () => {
  await Promise.all([issuer.close(), other.close()]);
  await relay[Symbol.asyncDispose]();
});

function behindRelay(statementTimeoutMs: number): Issuer {
  const { connectionString } = relay;
  const store = postgresStore({ connectionString, connectTimeoutMs: 1_000, statementTimeoutMs });
  return testIssuer({ store, onError: () => undefined });
}

function ask(headers: Record<string, string> = {}, asked = issuer): Promise<Response> {
  return call(asked, "/revocations", { headers: { accept: "text/event-stream", ...headers } });
}

async function open(headers: Record<string, string> = {}): Promise<EventReader> {
  const response = await ask(headers);
  expect(response.status).toBe(200);
  return readEvents(response);
}

async function revokeElsewhere(): Promise<string> {
  const { session } = await other.sessions.create({ userId: "u", tenantId: "t" });
  await other.sessions.revoke(session.handle);
  return session.handle;
}

/** The text of the stream until the issuer ends it. */
async function untilEnd(stream: EventReader): Promise<ReceivedEvent[]> {
  const blocks: ReceivedEvent[] = [];
  for (;;) {
    const block = await stream.nextBlock();
    if (!block) return blocks;
    blocks.push(block);
  }
}

describe.each(["cut", "freeze"] as const)("during a %s of the database connection", (fault) => {
  it("disconnects readers, answers 503 to new ones, and they miss nothing afterwards", async () => {
    const stream = await open();
    const { id = "" } = (await stream.next()) ?? {};
    relay[fault]();
    const handle = await revokeElsewhere();
    const last = await untilEnd(stream);
    // Only heartbeats from before the issuer could notice the outage.
    expect(last.filter(({ comment }) => comment === undefined)).toEqual([]);
    expect(last.length).toBeLessThan(4);
    for (const headers of [{}, { "last-event-id": id }, { accept: "application/json" }]) {
      const refusal = await ask(headers);
      expect([refusal.status, refusal.headers.get("retry-after")]).toEqual([503, "1"]);
      expect(await refusal.json()).toMatchObject({ reason: "store-unavailable" });
    }
    relay.restore();
    await expect.poll(async () => (await ask()).status).toBe(200);
    const resumed = await open({ "last-event-id": id });
    expect(await resumed.next()).toMatchObject({ event: "revoked", data: { id: handle } });
    await resumed.cancel();
  });

  it("keeps the streams of pages and sends the missed events afterwards", async () => {
    const cookie = await signIn(other);
    const [session] = await other.sessions.listForUser("alice");
    const page = readEvents(await call(issuer, "/session/events", { cookie }));
    await page.nextBlock();
    const feed = await open();
    relay[fault]();
    await other.sessions.switchTenant(session!.handle, "globex");
    await untilEnd(feed);
    relay.restore();
    expect(await page.next()).toMatchObject({
      event: "tenant-changed",
      data: { tenantId: "globex" },
    });
    await other.sessions.revoke(session!.handle);
    expect(await page.next()).toMatchObject({ event: "revoked" });
  });
});

it("answers new readers while the database hangs", async () => {
  const patient = behindRelay(600_000);
  await patient.ready;
  relay.freeze();
  await expect.poll(async () => (await ask({}, patient)).status).toBe(503);
  relay.cut();
  await patient.close();
});
