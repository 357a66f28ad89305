import type { SessionDevicesResponse } from "@breezeway/shared/schemas";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readEvents } from "../../test-support/event-source.ts";
import { describeStores } from "../../test-support/stores.ts";
import { call, cookieOf, reasonOf, signIn, testIssuer } from "../../test-support/test-issuer.ts";
import type { Issuer, IssuerOptions } from "../index.ts";

const FIREFOX =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0 canary-raw";

async function signInFrom(issuer: Issuer, headers: Record<string, string>, address?: string) {
  const response = await call(issuer, "/login/dev", {
    method: "POST",
    body: { userId: "alice", tenantId: "acme" },
    headers,
    ...(address === undefined ? {} : { address }),
  });
  return cookieOf(response);
}

async function devices(
  issuer: Issuer,
  cookie: string,
  query = "",
): Promise<SessionDevicesResponse> {
  const response = await call(issuer, `/session/devices${query}`, { cookie });
  expect(response.status).toBe(200);
  return (await response.json()) as SessionDevicesResponse;
}

const end = (issuer: Issuer, cookie: string | undefined, body: unknown): Promise<Response> =>
  call(issuer, "/session/devices/end", { method: "POST", body, cookie });

const status = async (issuer: Issuer, cookie: string): Promise<number> =>
  (await call(issuer, "/session", { cookie })).status;

describeStores("devices on a $name store", (place) => {
  let issuer: Issuer;
  const open = (options: Partial<IssuerOptions> = {}): Issuer =>
    testIssuer({ store: place().store(), rateLimits: false, ...options });

  beforeEach(() => {
    issuer = open();
  });
  afterEach(() => issuer.close());

  describe("of a session", () => {
    it("are kept as a description and a network, not as header and address", async () => {
      const cookie = await signInFrom(issuer, { "user-agent": FIREFOX }, "203.0.113.77");
      const expected = { device: "Firefox on Windows", network: "203.0.113.0/24" };
      expect((await devices(issuer, cookie)).sessions).toMatchObject([expected]);
      expect(await issuer.sessions.listForUser("alice")).toMatchObject([expected]);
      const store = await place().store().open();
      const rows = await store.db.selectFrom("breezeway_session").selectAll().execute();
      await store.close();
      expect(rows).toMatchObject([expected]);
      expect(JSON.stringify(rows)).not.toMatch(/canary|203\.0\.113\.77/);
    });

    it("come from the host's own login", async () => {
      const client = { userAgent: FIREFOX, address: "2001:db8:1:2::3" };
      const { session } = await issuer.sessions.create({ userId: "a", tenantId: "t", client });
      expect(session).toMatchObject({ device: "Firefox on Windows", network: "2001:db8:1::/48" });
    });

    it("refuses an invalid address of a host's login", async () => {
      const creating = issuer.sessions.create({
        userId: "a",
        tenantId: "t",
        client: { address: "203.0.113.7:443" },
      });
      await expect(creating).rejects.toThrow("session: client.address: must be an IP address");
    });

    it("stay as they were when another device refreshes", async () => {
      const cookie = await signInFrom(issuer, { "user-agent": FIREFOX }, "203.0.113.77");
      const refreshed = await call(issuer, "/session/refresh", {
        method: "POST",
        cookie,
        headers: { "user-agent": "curl/8" },
        address: "198.51.100.1",
      });
      expect((await devices(issuer, cookieOf(refreshed))).sessions).toMatchObject([
        { device: "Firefox on Windows", network: "203.0.113.0/24" },
      ]);
    });

    it.each([
      ["browser", { device: "Firefox on Windows", network: null }],
      ["none", { device: null, network: null }],
    ] as const)("keep less with the option %s", async (device, expected) => {
      await issuer.close();
      issuer = open({ sessions: { device } });
      const cookie = await signInFrom(issuer, { "user-agent": FIREFOX }, "203.0.113.77");
      expect((await devices(issuer, cookie)).sessions).toMatchObject([expected]);
    });
  });

  describe("GET /session/devices", () => {
    it("lists the caller's sessions in all tenants, the caller's first, without secrets", async () => {
      const own = await signIn(issuer);
      await signIn(issuer, "alice", "globex");
      await signIn(issuer, "bob");
      const { sessions, nextCursor } = await devices(issuer, own);
      expect(nextCursor).toBeNull();
      expect(sessions.map(({ tenantId, isCurrent }) => [tenantId, isCurrent])).toEqual([
        ["acme", true],
        ["globex", false],
      ]);
      expect(Object.keys(sessions[0] ?? {}).sort()).toEqual([
        "createdAtSeconds",
        "device",
        "handle",
        "isCurrent",
        "lastActiveAtSeconds",
        "network",
        "tenantId",
      ]);
    });

    it("has pages, and each session once", async () => {
      const own = await signIn(issuer);
      const handles: string[] = [];
      for (let index = 0; index < 120; index += 1) {
        const { session } = await issuer.sessions.create({ userId: "alice", tenantId: "acme" });
        handles.push(session.handle);
      }
      const first = await devices(issuer, own);
      const second = await devices(issuer, own, `?cursor=${first.nextCursor}`);
      expect(second.nextCursor).toBeNull();
      const all = [...first.sessions, ...second.sessions];
      expect(all[0]?.isCurrent).toBe(true);
      expect(all).toHaveLength(121);
      expect(new Set(all.map(({ handle }) => handle)).size).toBe(121);
      expect(
        all
          .slice(1)
          .map(({ handle }) => handle)
          .sort(),
      ).toEqual(handles.sort());
    });

    it("refuses a cursor of another user as an unknown one", async () => {
      const own = await signIn(issuer);
      const { session } = await issuer.sessions.create({ userId: "bob", tenantId: "acme" });
      const refused = await call(issuer, `/session/devices?cursor=${session.handle}`, {
        cookie: own,
      });
      expect(await reasonOf(refused)).toBe("400 request-malformed");
    });

    it("needs a session, and refuses pages of other sites", async () => {
      expect(await reasonOf(await call(issuer, "/session/devices"))).toBe("401 session-missing");
      const headers = { "sec-fetch-site": "same-site" };
      const other = await call(issuer, "/session/devices", {
        cookie: await signIn(issuer),
        headers,
      });
      expect(await reasonOf(other)).toBe("403 csrf-rejected");
    });
  });

  describe("POST /session/devices/end", () => {
    it("ends one other session, whose page and tokens end at once", async () => {
      const own = await signIn(issuer);
      const other = await signIn(issuer);
      const stream = readEvents(await call(issuer, "/session/events", { cookie: other }));
      const { sessions } = await devices(issuer, own);
      const handle = sessions[1]?.handle;
      const response = await end(issuer, own, { handle });
      expect(await response.json()).toEqual({ ended: 1, hasMore: false });
      expect(await stream.next()).toMatchObject({
        event: "revoked",
        data: { reason: "ended-by-user" },
      });
      expect([await status(issuer, own), await status(issuer, other)]).toEqual([200, 401]);
      const feed = await call(issuer, "/revocations");
      expect(JSON.stringify(await feed.json())).toContain(handle);
    });

    it("ends all others, exactly, also of an issuer beside this one", async () => {
      const own = await signIn(issuer);
      const others = [await signIn(issuer), await signIn(issuer, "alice", "globex")];
      const bob = await signIn(issuer, "bob");
      await using beside = open();
      for (const cookie of others) expect(await status(beside, cookie)).toBe(200);
      const response = await end(issuer, own, { others: true });
      expect(await response.json()).toEqual({ ended: 2, hasMore: false });
      for (const cookie of others) {
        await expect.poll(() => status(beside, cookie), { timeout: 5_000 }).toBe(401);
      }
      expect([await status(beside, own), await status(beside, bob)]).toEqual([200, 200]);
      expect((await devices(issuer, own)).sessions).toHaveLength(1);
    });

    it("ends more than a thousand in several calls, and the own session stays", async () => {
      const own = await signIn(issuer);
      const store = await place().store().open();
      const row = await store.db
        .selectFrom("breezeway_session")
        .selectAll()
        .executeTakeFirstOrThrow();
      for (let batch = 0; batch < 11; batch += 1) {
        const rows = Array.from({ length: 100 }, (_, index) => {
          const id = `copy-${batch}-${index}`;
          return { ...row, handle: id, selector_hash: id };
        });
        await store.db.insertInto("breezeway_session").values(rows).execute();
      }
      await store.close();
      expect(await (await end(issuer, own, { others: true })).json()).toEqual({
        ended: 1_000,
        hasMore: true,
      });
      expect(await (await end(issuer, own, { others: true })).json()).toEqual({
        ended: 100,
        hasMore: false,
      });
      expect(await status(issuer, own)).toBe(200);
    });

    it("answers a session of another user, an ended one and the own one as unknown", async () => {
      const own = await signIn(issuer);
      const bob = await signIn(issuer, "bob");
      const [theirs] = await issuer.sessions.listForUser("bob");
      const [mine] = await issuer.sessions.listForUser("alice");
      const ended = await issuer.sessions.create({ userId: "alice", tenantId: "acme" });
      await issuer.sessions.revoke(ended.session.handle);
      const answers = new Set<string>();
      for (const handle of [theirs?.handle, mine?.handle, ended.session.handle, "no-such"]) {
        const response = await end(issuer, own, { handle });
        const { requestId: _, ...problem } = (await response.json()) as Record<string, unknown>;
        answers.add(JSON.stringify(problem));
        expect(response.status).toBe(404);
      }
      expect(answers.size).toBe(1);
      expect([await status(issuer, own), await status(issuer, bob)]).toEqual([200, 200]);
    });

    it.each([
      [{}],
      [{ others: false }],
      [{ handle: "" }],
      [{ handle: "a", others: true }],
      [{ handle: "a\0" }],
    ])("refuses %j and ends nothing", async (body) => {
      const own = await signIn(issuer);
      const other = await signIn(issuer);
      expect(await reasonOf(await end(issuer, own, body))).toBe("400 request-malformed");
      expect(await status(issuer, other)).toBe(200);
    });

    it("needs a session and the header against other sites", async () => {
      expect(await reasonOf(await end(issuer, undefined, { others: true }))).toBe(
        "401 session-missing",
      );
      const response = await call(issuer, "/session/devices/end", {
        method: "POST",
        body: { others: true },
        cookie: await signIn(issuer),
        headers: { "x-breezeway-request": "0" },
      });
      expect(await reasonOf(response)).toBe("403 csrf-rejected");
    });
  });
});
