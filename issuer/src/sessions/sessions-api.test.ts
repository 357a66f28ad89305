import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RESERVED_CLAIMS } from "@breezeway/shared/schemas";
import type { Issuer, SessionWithCookie } from "../index.ts";
import {
  call,
  reasonOf,
  testClock,
  testIssuer,
  type TestClock,
} from "../../test-support/test-issuer.ts";

let clock: TestClock;
let issuer: Issuer;

beforeEach(() => {
  clock = testClock();
  issuer = testIssuer({ clock });
});

afterEach(() => issuer.close());

const open = (userId = "alice", tenantId = "acme"): Promise<SessionWithCookie> =>
  issuer.sessions.create({
    userId,
    tenantId,
    tenants: { acme: { scopes: ["orders:read"] }, globex: { scopes: [] } },
  });

const handles = async (userId: string, tenantId?: string): Promise<string[]> => {
  const list = await issuer.sessions.listForUser(
    userId,
    tenantId === undefined ? {} : { tenantId },
  );
  return list.map(({ handle }) => handle).sort();
};

const cookieOf = ({ setCookie }: SessionWithCookie): string => setCookie.split(";", 1)[0] ?? "";

const mint = (cookie: string): Promise<Response> =>
  call(issuer, "/session/token", { method: "POST", body: { appId: "orders" }, cookie });

const claimsFor = async (cookie: string): Promise<Record<string, unknown>> =>
  decodeJwt(((await (await mint(cookie)).json()) as { token: string }).token);

describe("sessions.listForUser", () => {
  it("gives all live sessions of a user page by page, newest first", async () => {
    const opened: string[] = [];
    for (let count = 0; count < 7; count += 1) {
      opened.push((await open()).session.handle);
      // Several in one millisecond, too.
      if (count % 2 === 0) clock.advance(1);
    }
    await open("bob");
    const seen: string[] = [];
    let page = await issuer.sessions.listForUser("alice", { limit: 3 });
    while (page.length > 0) {
      expect(page.length).toBeLessThanOrEqual(3);
      seen.push(...page.map(({ handle }) => handle));
      const cursor = seen.at(-1) ?? "";
      // A session that has ended is still a cursor.
      if (seen.length === 3) await issuer.sessions.revoke(cursor);
      page = await issuer.sessions.listForUser("alice", { limit: 3, cursor });
    }
    expect(seen.toSorted()).toEqual(opened.toSorted());
    const times = await issuer.sessions.listForUser("alice");
    expect(times.map(({ createdAtSeconds }) => createdAtSeconds)).toEqual(
      times.map(({ createdAtSeconds }) => createdAtSeconds).toSorted((a, b) => b - a),
    );
  });

  it.each<[string, object]>([
    ["limit: must be a whole number from 1 to 1000", { limit: 0 }],
    ["limit: must be a whole number from 1 to 1000", { limit: 1_001 }],
    ["limit: must be a whole number from 1 to 1000", { limit: 1.5 }],
    ["limit: must be", { limit: "10" }],
    ["cursor: ", { cursor: "" }],
    ["cursor: must be the handle of a session of this user", { cursor: "nothing" }],
  ])("refuses a page with the message %s for %o", async (message, filter) => {
    await expect(issuer.sessions.listForUser("alice", filter)).rejects.toMatchObject({
      code: "REQUEST_MALFORMED",
      message: expect.stringContaining(message) as string,
    });
  });

  it("refuses the session of another user as a cursor", async () => {
    const { session } = await open("bob");
    const listed = issuer.sessions.listForUser("alice", { cursor: session.handle });
    await expect(listed).rejects.toMatchObject({ code: "REQUEST_MALFORMED" });
  });
});

describe("revoking very many sessions", () => {
  it("lets other requests pass between its slices", async () => {
    for (let count = 0; count < 1_200; count += 1) await open();
    const { session } = await open("bob");
    const order: string[] = [];
    const revoked = issuer.sessions.revokeAllForUser("alice").then((handles) => {
      order.push("revoked");
      return handles;
    });
    await issuer.sessions.get(session.handle);
    order.push("read");
    expect(await revoked).toHaveLength(1_200);
    expect(order).toEqual(["read", "revoked"]);
    expect(await issuer.sessions.listForUser("alice")).toEqual([]);
  });
});

describe("sessions.create", () => {
  it("opens a session whose cookie works unchanged", async () => {
    const opened = await open();
    expect(opened.session).toMatchObject({
      userId: "alice",
      tenantId: "acme",
      scopes: ["orders:read"],
    });
    expect((await mint(cookieOf(opened))).status).toBe(200);
    expect(await issuer.sessions.fromCookie(`a=b; ${cookieOf(opened)}`)).toEqual(opened.session);
  });

  it("accepts scopes in place of tenants for users of one tenant", async () => {
    const { session } = await issuer.sessions.create({
      userId: "u",
      tenantId: "t",
      scopes: ["orders:read"],
    });
    expect(session.tenants).toEqual({ t: { scopes: ["orders:read"] } });
  });

  it.each([
    ["an empty user id", { userId: "", tenantId: "t" }, "session: userId"],
    ["a user id of 257 characters", { userId: "u".repeat(257), tenantId: "t" }, "session: userId"],
    ["a user id that is not a string", { userId: 7, tenantId: "t" }, "session: userId"],
    ["an unknown field", { userId: "u", tenantId: "t", admin: true }, 'unknown field "admin"'],
    ["a scope with a space", { userId: "u", tenantId: "t", scopes: ["a b"] }, "session: scopes[0]"],
    ["a scope with a quote", { userId: "u", tenantId: "t", scopes: ['a"b'] }, "session: scopes[0]"],
    [
      "claims that are too large",
      { userId: "u", tenantId: "t", claims: { x: "y".repeat(4_096) } },
      "claims: must be at most 4096 bytes",
    ],
    [
      "data that is too large",
      { userId: "u", tenantId: "t", data: { x: "y".repeat(65_536) } },
      "data: must be at most 65536 bytes",
    ],
    [
      "claims that JSON cannot represent",
      { userId: "u", tenantId: "t", claims: { x: 1n } },
      "claims: must be representable",
    ],
    [
      "scopes beside tenants",
      { userId: "u", tenantId: "t", scopes: [], tenants: { t: { scopes: [] } } },
      "scopes: must be absent when tenants is given",
    ],
  ])("refuses %s", async (_case, input, message) => {
    const creating = issuer.sessions.create(input as never);
    await expect(creating).rejects.toThrow(message);
    await expect(creating).rejects.toMatchObject({ code: "REQUEST_MALFORMED" });
  });

  it("refuses an active tenant that is not among the user's tenants", async () => {
    const creating = issuer.sessions.create({
      userId: "u",
      tenantId: "t",
      tenants: { other: { scopes: [] } },
    });
    await expect(creating).rejects.toMatchObject({ code: "TENANT_NOT_ALLOWED" });
  });

  it.each(RESERVED_CLAIMS)("refuses the reserved claim %s", async (name) => {
    const creating = issuer.sessions.create({
      userId: "u",
      tenantId: "t",
      claims: { [name]: "x" },
    });
    await expect(creating).rejects.toThrow(`claims: ${name}: this name is reserved`);
  });
});

describe("finding sessions", () => {
  it("lists a user's handles across tenants, or in one", async () => {
    const a = await open();
    const b = await open("alice", "globex");
    await open("bob");
    expect(await handles("alice")).toEqual([a.session.handle, b.session.handle].sort());
    expect(await handles("alice", "globex")).toEqual([b.session.handle]);
    expect(await handles("nobody")).toEqual([]);
  });

  it("returns the session of a handle, and undefined once the session has ended", async () => {
    const { session } = await open();
    expect(await issuer.sessions.get(session.handle)).toEqual(session);
    clock.advance(7 * 86_400_000);
    expect(await issuer.sessions.get(session.handle)).toBeUndefined();
    expect(await handles("alice")).toEqual([]);
    expect(await issuer.sessions.get("unknown")).toBeUndefined();
  });
});

describe("sessions.mintToken", () => {
  it("mints a token for a handle, from memory or from the store", async () => {
    const opened = await open();
    for (const _source of ["memory", "store"]) {
      const { token, expiresAtSeconds } = await issuer.sessions.mintToken(
        opened.session.handle,
        "orders",
      );
      expect(decodeJwt(token)).toMatchObject({
        sid: opened.session.handle,
        aud: "orders",
        exp: expiresAtSeconds,
      });
      clock.advance(31_000);
    }
  });

  it.each([
    ["an unknown handle", () => "unknown", "orders", "SESSION_UNKNOWN"],
    ["an unknown app", (handle: string) => handle, "nope", "APP_UNKNOWN"],
  ])("refuses %s", async (_case, pick, appId, code) => {
    const { session } = await open();
    const minting = issuer.sessions.mintToken(pick(session.handle), appId);
    await expect(minting).rejects.toMatchObject({ code });
  });

  it("refuses a session that has ended", async () => {
    const { session } = await open();
    await issuer.sessions.mintToken(session.handle, "orders");
    await issuer.sessions.revoke(session.handle);
    await expect(issuer.sessions.mintToken(session.handle, "orders")).rejects.toMatchObject({
      code: "SESSION_REVOKED",
    });
    const { session: old } = await open();
    clock.advance(7 * 86_400_000);
    await expect(issuer.sessions.mintToken(old.handle, "orders")).rejects.toMatchObject({
      code: "SESSION_EXPIRED",
    });
  });
});

describe("ending sessions", () => {
  it("revokes a session once", async () => {
    const opened = await open();
    expect(await issuer.sessions.revoke(opened.session.handle)).toBe(true);
    expect(await issuer.sessions.revoke(opened.session.handle)).toBe(false);
    expect(await reasonOf(await mint(cookieOf(opened)))).toBe("401 session-revoked");
    expect(await issuer.sessions.fromCookie(cookieOf(opened))).toBeUndefined();
  });

  it("revokes all sessions of a user, or those in one tenant", async () => {
    const acme = await open();
    const globex = await open("alice", "globex");
    const bob = await open("bob");
    expect(await issuer.sessions.revokeAllForUser("alice", { tenantId: "globex" })).toEqual([
      globex.session.handle,
    ]);
    expect(await handles("alice")).toEqual([acme.session.handle]);
    expect(await issuer.sessions.revokeAllForUser("alice")).toEqual([acme.session.handle]);
    expect(await handles("bob")).toEqual([bob.session.handle]);
  });

  it("revokes all sessions that are active in a tenant", async () => {
    await open();
    await open("bob");
    const globex = await open("alice", "globex");
    expect(await issuer.sessions.revokeAllInTenant("acme")).toHaveLength(2);
    expect(await handles("alice")).toEqual([globex.session.handle]);
  });

  it("revokes an app's tokens and mints new ones that stay valid", async () => {
    const opened = await open();
    await issuer.sessions.revokeTokensForApp("orders");
    const feed = await call(issuer, "/revocations", { headers: { accept: "application/json" } });
    const { seq, revocations } = (await feed.json()) as { seq: number; revocations: unknown };
    const atSeconds = Math.floor(clock.nowMs / 1_000);
    expect(revocations).toEqual([{ kind: "app", id: "orders", atSeconds, seq }]);
    expect(await claimsFor(cookieOf(opened))).toMatchObject({ iat: atSeconds, rev: seq });
  });
});

describe("changing sessions", () => {
  it("puts updated claims into new tokens, and removes them with null", async () => {
    const opened = await open();
    const { handle } = opened.session;
    await issuer.sessions.updateClaims(handle, { kid: "10042", org_role: "admin" });
    expect(await claimsFor(cookieOf(opened))).toMatchObject({ kid: "10042", org_role: "admin" });
    const after = await issuer.sessions.updateClaims(handle, { org_role: null });
    expect(after.claims).toEqual({ kid: "10042" });
    expect(await claimsFor(cookieOf(opened))).not.toHaveProperty("org_role");
  });

  it("keeps data on the server", async () => {
    const opened = await open();
    const { handle } = opened.session;
    await issuer.sessions.updateData(handle, { cart: [1] });
    expect((await issuer.sessions.get(handle))?.data).toEqual({ cart: [1] });
    expect(await claimsFor(cookieOf(opened))).not.toHaveProperty("cart");
    const summary = await (await call(issuer, "/session", { cookie: cookieOf(opened) })).json();
    expect(summary).not.toHaveProperty("data");
  });

  it.each([
    ["claims", () => issuer.sessions.updateClaims("unknown", {})],
    ["data", () => issuer.sessions.updateData("unknown", {})],
  ])("refuses to change the %s of an unknown session", async (_what, update) => {
    await expect(update()).rejects.toMatchObject({ code: "SESSION_UNKNOWN" });
  });

  it.each(RESERVED_CLAIMS)("refuses to set the reserved claim %s", async (name) => {
    const { session } = await open();
    await expect(
      issuer.sessions.updateClaims(session.handle, { [name]: "x" }),
    ).rejects.toMatchObject({ code: "REQUEST_MALFORMED" });
  });

  it("renews the secret: the old cookie stops working at once", async () => {
    const opened = await open();
    const renewed = await issuer.sessions.renew(opened.session.handle);
    expect((await mint(cookieOf(opened))).status).toBe(401);
    expect((await mint(cookieOf(renewed!))).status).toBe(200);
    expect(renewed?.session.handle).toBe(opened.session.handle);
  });

  it("does not revive an expired session", async () => {
    const opened = await open();
    clock.advance(7 * 86_400_000);
    expect(await issuer.sessions.renew(opened.session.handle)).toBeUndefined();
    expect(await issuer.sessions.get(opened.session.handle)).toBeUndefined();
  });

  it("switches the tenant of a handle and renews", async () => {
    const opened = await open();
    const switched = await issuer.sessions.switchTenant(opened.session.handle, "globex");
    expect(await claimsFor(cookieOf(switched!))).toMatchObject({ tenantId: "globex" });
    await expect(
      issuer.sessions.switchTenant(opened.session.handle, "initech"),
    ).rejects.toMatchObject({ code: "TENANT_NOT_ALLOWED" });
    expect(await issuer.sessions.renew("unknown")).toBeUndefined();
  });
});

describe("the claims hook", () => {
  it("adds claims for the app that the token is for", async () => {
    const hooked = testIssuer({
      claims: ({ session, app }) => Promise.resolve({ org_id: session.tenantId, for_app: app.id }),
    });
    const { setCookie } = await hooked.sessions.create({ userId: "u", tenantId: "t" });
    const response = await call(hooked, "/session/token", {
      method: "POST",
      body: { appId: "orders" },
      cookie: setCookie.split(";", 1)[0],
    });
    const { token } = (await response.json()) as { token: string };
    expect(decodeJwt(token)).toMatchObject({ org_id: "t", for_app: "orders" });
    await hooked.close();
  });

  it.each(RESERVED_CLAIMS)("mints nothing when it sets the reserved name %s", async (name) => {
    const errors: unknown[] = [];
    const hooked = testIssuer({
      claims: () => ({ [name]: "x" }),
      onError: (error) => errors.push(error),
    });
    const { setCookie } = await hooked.sessions.create({ userId: "u", tenantId: "t" });
    const response = await call(hooked, "/session/token", {
      method: "POST",
      body: { appId: "orders" },
      cookie: setCookie.split(";", 1)[0],
    });
    expect(await reasonOf(response)).toBe("500 internal-error");
    expect(String(errors[0])).toContain(name);
    await hooked.close();
  });

  it("refuses to mint a token that is larger than verifiers accept", async () => {
    const errors: unknown[] = [];
    const hooked = testIssuer({
      claims: () => ({ big: "x".repeat(8_192) }),
      onError: (error) => errors.push(error),
    });
    const { setCookie } = await hooked.sessions.create({ userId: "u", tenantId: "t" });
    const response = await call(hooked, "/session/token", {
      method: "POST",
      body: { appId: "orders" },
      cookie: setCookie.split(";", 1)[0],
    });
    expect(await reasonOf(response)).toBe("500 internal-error");
    expect(String(errors[0])).toContain("larger than 8 kB");
    await hooked.close();
  });
});
