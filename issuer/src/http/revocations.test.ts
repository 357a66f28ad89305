import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sqliteStore, type Issuer } from "../index.ts";
import { serveIssuer, type IssuerServer } from "../node.ts";
import { readEvents, type EventReader } from "../../test-support/event-source.ts";
import {
  call,
  reasonOf,
  testClock,
  testIssuer,
  type TestClock,
} from "../../test-support/test-issuer.ts";

let clock: TestClock;
let issuer: Issuer;
let server: IssuerServer;
let folder: string;
let file: string;
let readers: EventReader[];

// The issuer's first key has number 1 in the change log.
beforeEach(async () => {
  clock = testClock();
  folder = mkdtempSync(join(tmpdir(), "revocations-"));
  file = join(folder, "issuer.sqlite");
  issuer = testIssuer({ clock, store: sqliteStore({ file, durability: "normal" }) });
  server = await serveIssuer(issuer, { port: 0 });
  readers = [];
});

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(readers.map((reader) => reader.cancel()));
  await issuer.close();
  await server.close();
  rmSync(folder, { recursive: true });
});

const atSeconds = (): number => Math.floor(clock.nowMs / 1_000);

async function openStream(headers: Record<string, string> = {}): Promise<EventReader> {
  const response = await fetch(`${server.url}/auth/revocations`, {
    headers: { accept: "text/event-stream", ...headers },
  });
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  const reader = readEvents(response);
  readers.push(reader);
  return reader;
}

async function poll(after?: number | string): Promise<Response> {
  const query = after === undefined ? "" : `?after=${after}`;
  return fetch(`${server.url}/auth/revocations${query}`, {
    headers: { accept: "application/json" },
  });
}

/** Changes the database without an issuer. */
function behind(sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}

async function revoked(): Promise<string> {
  const { session } = await issuer.sessions.create({ userId: "u", tenantId: "t" });
  await issuer.sessions.revoke(session.handle);
  return session.handle;
}

describe("the stream", () => {
  it("begins with a snapshot of the relevant entries and continues with new ones", async () => {
    const before = await revoked();
    const stream = await openStream();
    const entry = { kind: "session", id: before, atSeconds: atSeconds(), seq: 2 };
    expect(await stream.next()).toEqual({
      id: "2",
      event: "snapshot",
      data: { seq: 2, revocations: [entry] },
    });
    const after = await revoked();
    expect(await stream.next()).toEqual({
      id: "3",
      event: "revoked",
      data: { kind: "session", id: after, atSeconds: atSeconds(), seq: 3 },
    });
  });

  it("resumes after Last-Event-ID with newer entries only", async () => {
    const handles = [await revoked(), await revoked(), await revoked()];
    const stream = await openStream({ "last-event-id": "2" });
    expect(await stream.next()).toMatchObject({ id: "3", data: { id: handles[1] } });
    expect(await stream.next()).toMatchObject({ id: "4", data: { id: handles[2] } });
    const next = await revoked();
    expect(await stream.next()).toMatchObject({ id: "5", data: { id: next } });
  });

  it("starts over when the position is too old, or from another database", async () => {
    await revoked();
    clock.pass(400_000);
    const kept = await revoked();
    for (const position of ["1", "99"]) {
      const stream = await openStream({ "last-event-id": position });
      expect(await stream.next()).toMatchObject({
        event: "snapshot",
        data: { seq: 3, revocations: [{ id: kept }] },
      });
    }
  });

  it("starts over for a reader that has missed more entries than a stream holds", async () => {
    behind(`begin;
      update breezeway_change_counter set seq = 6001;
      with recursive n(seq) as (select 2 union all select seq + 1 from n where seq < 6001)
        insert into breezeway_change (seq, kind, subject, at_seconds)
        select seq, 'session', 's' || seq, ${atSeconds()} from n;
      commit`);
    await revoked();
    const stream = await openStream({ "last-event-id": "1" });
    expect(await stream.next()).toMatchObject({ id: "6002", event: "snapshot" });
    const next = await revoked();
    expect(await stream.next()).toMatchObject({ id: "6003", data: { id: next } });
  });

  it("continues after the database was restored to an earlier state", async () => {
    const kept = await revoked();
    const stream = await openStream();
    await stream.next();
    await revoked();
    await revoked();
    for (const id of ["3", "4"]) expect(await stream.next()).toMatchObject({ id });
    behind(
      "delete from breezeway_change where seq > 2; update breezeway_change_counter set seq = 2",
    );
    const [snapshot, next] = [await stream.next(), await revoked()];
    expect(snapshot).toMatchObject({
      event: "snapshot",
      data: { seq: 2, revocations: [{ id: kept }] },
    });
    expect(await stream.next()).toMatchObject({ id: "3", event: "revoked", data: { id: next } });
    const late = await openStream({ "last-event-id": "4" });
    expect(await late.next()).toMatchObject({ event: "snapshot", data: { seq: 3 } });
  });

  it("starts over when earlier changes were lost", async () => {
    const stream = await openStream();
    await stream.next();
    behind(`begin;
      update breezeway_change_counter set seq = 8;
      insert into breezeway_change (seq, kind, subject, at_seconds)
        values (8, 'session', 'late', ${atSeconds()});
      commit`);
    expect(await stream.next()).toMatchObject({
      event: "snapshot",
      data: { seq: 8, revocations: [{ id: "late" }] },
    });
  });

  it("ends and is refused while the issuer cannot fill a gap", async () => {
    const stream = await openStream();
    await stream.next();
    // The issuer can see that changes are missing, but it cannot read them.
    behind("alter table breezeway_change rename column at_seconds to at_some_time");
    behind("update breezeway_change_counter set seq = seq + 5");
    await expect.poll(async () => (await poll()).status).toBe(503);
    while (await stream.nextBlock());
    behind("alter table breezeway_change rename column at_some_time to at_seconds");
    await expect.poll(async () => (await poll()).status).toBe(200);
    expect(await (await poll()).json()).toMatchObject({ seq: 6 });
  });

  it("contains every revocation that happens while it opens", async () => {
    const handles: string[] = [];
    const revoking = (async () => {
      for (let index = 0; index < 30; index += 1) handles.push(await revoked());
    })();
    const streams = await Promise.all(Array.from({ length: 5 }, () => openStream()));
    await revoking;
    for (const stream of streams) {
      const seen: string[] = [];
      while (seen.length < 30) {
        const { event, data } = (await stream.next()) as { event: string; data: never };
        if (event === "revoked") seen.push((data as { id: string }).id);
        else
          for (const { id } of (data as { revocations: { id: string }[] }).revocations)
            seen.push(id);
      }
      expect(seen).toEqual(handles);
    }
  });

  it("sends heartbeats, so that a dead connection is noticed", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const quick = testIssuer({ revocations: { heartbeatSeconds: 3 } });
    const response = await call(quick, "/revocations", {
      headers: { accept: "text/event-stream" },
    });
    const stream = readEvents(response);
    await stream.next();
    vi.advanceTimersByTime(3_000);
    expect(await stream.nextBlock()).toEqual({ comment: "heartbeat" });
    await quick.close();
    expect(await stream.nextBlock()).toBeUndefined();
  });

  it("sends a heartbeat each second by default", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const plain = testIssuer();
    const stream = readEvents(
      await call(plain, "/revocations", { headers: { accept: "text/event-stream" } }),
    );
    await stream.next();
    vi.advanceTimersByTime(1_000);
    await plain.close();
    expect(await stream.nextBlock()).toEqual({ comment: "heartbeat" });
  });

  it("does not let one address use up all streams", async () => {
    const openFrom = (address: string): Promise<Response> =>
      call(issuer, "/revocations", { headers: { accept: "text/event-stream" }, address });
    for (let index = 0; index < 256; index += 1) {
      readers.push(readEvents(await openFrom("2001:db8:1:2::1")));
    }
    expect(await reasonOf(await openFrom("2001:db8:1:2::9"))).toBe("503 overloaded");
    readers.push(readEvents(await openFrom("192.0.2.1")));
    await readers[0]!.cancel();
    readers.push(readEvents(await openFrom("2001:db8:1:2::9")));
  });
});

describe("a poll", () => {
  it("returns everything first and newer entries afterwards", async () => {
    const first = await revoked();
    expect(await (await poll()).json()).toEqual({
      seq: 2,
      revocations: [{ kind: "session", id: first, atSeconds: atSeconds(), seq: 2 }],
    });
    expect(await (await poll(2)).json()).toEqual({ seq: 2, revocations: [] });
    const second = await revoked();
    expect(await (await poll(2)).json()).toMatchObject({ seq: 3, revocations: [{ id: second }] });
  });

  it("drops a revocation once every token that it could end has expired", async () => {
    await revoked();
    clock.pass(310_000);
    expect(await (await poll()).json()).toMatchObject({ revocations: [{}] });
    clock.pass(1_000);
    expect(await (await poll()).json()).toMatchObject({ seq: 2, revocations: [] });
  });

  it("lists a removed key for two hours, the age that a key set may reach", async () => {
    const [{ kid } = { kid: "" }] = await issuer.keys.list();
    await issuer.keys.remove(kid);
    const handle = await revoked();
    const removal = { kind: "key", id: kid, atSeconds: atSeconds() };
    expect(await (await poll()).json()).toMatchObject({ revocations: [removal, { id: handle }] });
    clock.pass(7_200_000);
    expect(await (await poll()).json()).toMatchObject({ revocations: [removal] });
    const again = testIssuer({ clock, store: sqliteStore({ file }) });
    await again.ready;
    expect(await (await call(again, "/revocations")).json()).toMatchObject({
      revocations: [removal],
    });
    await again.close();
    clock.pass(1_000);
    expect(await (await poll()).json()).toMatchObject({ revocations: [] });
  });

  it("refuses a position that is not a number", async () => {
    expect((await poll("x")).status).toBe(400);
    expect((await poll("-1")).status).toBe(400);
    expect((await poll("9".repeat(16))).status).toBe(400);
  });

  it("is not readable for pages", async () => {
    const response = await fetch(`${server.url}/auth/revocations`, {
      headers: { origin: "https://evil.example" },
    });
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    expect(response.headers.get("cache-control")).toContain("no-store");
  });
});

describe("with secrets", () => {
  it.each([
    ["no secret", undefined, "401 token-missing"],
    ["another secret", "Bearer wrong", "401 token-malformed"],
    ["a prefix of a secret", "Bearer first-secre", "401 token-malformed"],
    ["another scheme", "Basic first-secret", "401 token-missing"],
  ])("refuses a reader that presents %s", async (_case, authorization, reason) => {
    const closed = testIssuer({ revocations: { secrets: ["first-secret", "second-secret"] } });
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    expect(await reasonOf(await call(closed, "/revocations", { headers }))).toBe(reason);
    await closed.close();
  });

  it("accepts any of the secrets", async () => {
    const closed = testIssuer({ revocations: { secrets: ["first-secret", "second-secret"] } });
    for (const secret of ["first-secret", "second-secret"]) {
      const headers = { authorization: `Bearer ${secret}` };
      expect((await call(closed, "/revocations", { headers })).status).toBe(200);
    }
    await closed.close();
  });
});
