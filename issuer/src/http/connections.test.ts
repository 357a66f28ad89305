import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type {
  AuditEvent,
  ConnectionOptions,
  Issuer,
  IssuerOptions,
  ManageContext,
} from "../index.ts";
import { readEvents } from "../../test-support/event-source.ts";
import { call, reasonOf, signIn, testIssuer, USERS } from "../../test-support/test-issuer.ts";

const COMMANDS = ["connect", "disconnect", "retry", "setup-completed"];

let issuer: Issuer;
let asked: ManageContext[];

function start(connections: ConnectionOptions = {}, options: Partial<IssuerOptions> = {}): Issuer {
  asked = [];
  issuer = testIssuer({
    connections: {
      mayManage(context) {
        asked.push(context);
        return context.session.userId === "alice";
      },
      ...connections,
    },
    devLogin: { users: USERS },
    ...options,
  });
  return issuer;
}

beforeEach(() => void start());
afterEach(() => issuer.close());

const post = (path: string, cookie?: string, headers: Record<string, string> = {}) =>
  call(issuer, `/connections/${path}`, {
    method: "POST",
    body: { appId: "orders", tenantId: "acme" },
    cookie,
    headers,
  });

describe("an administrator", () => {
  it("connects, lists and disconnects apps of the session's tenant", async () => {
    const cookie = await signIn(issuer);
    const made = await post("connect", cookie);
    expect(made.status).toBe(200);
    expect(await made.json()).toMatchObject({
      connection: { appId: "orders", tenantId: "acme", state: "connected" },
    });
    const list = await call(issuer, "/connections", { cookie });
    expect(await list.json()).toMatchObject({ connections: [{ state: "connected" }] });
    const over = await post("disconnect", cookie);
    expect(await over.json()).toMatchObject({ connection: { state: "disconnected" } });
    expect(asked.map(({ action, app }) => [action, app?.id])).toEqual([
      ["connect", "orders"],
      ["list", undefined],
      ["disconnect", "orders"],
    ]);
  });

  it("is named on the audit line of what was asked for, and nothing of the session's secret is", async () => {
    await issuer.close();
    const lines: AuditEvent[] = [];
    start({}, { audit: (event) => void lines.push(event) });
    const cookie = await signIn(issuer);
    const [session] = await issuer.sessions.listForUser("alice");
    await post("connect", cookie, { "x-request-id": "request-1" });
    await post("setup-completed", cookie);
    await post("disconnect", await signIn(issuer, "bob"));
    const about = lines.slice(1 + lines.findIndex(({ event }) => event === "session.created"));
    const told = about.filter(({ event }) => /^(?:connection|request)\./.test(event));
    const place = { app: "orders", tenant: "acme" };
    expect(told).toMatchObject([
      { event: "connection.connected", sub: "alice", sid: session?.handle, ...place },
      { event: "request.refused", sub: "bob", reason: "scope-missing", ...place },
    ]);
    expect(told[0]?.requestId).toBe("request-1");
    expect(JSON.stringify(lines)).not.toContain(cookie.split("=")[1]);
  });

  it("may ask for so many things of one kind in a minute, in one tenant", async () => {
    await issuer.close();
    start({}, { rateLimits: { connectionChangesPerTenant: 3 } });
    const [cookie, other] = [await signIn(issuer), await signIn(issuer, "alice", "globex")];
    const bob = await signIn(issuer, "bob");
    for (let turn = 0; turn < 5; turn += 1) await post("connect", bob);
    for (let turn = 0; turn < 3; turn += 1)
      expect((await post("connect", cookie)).status).toBe(200);
    const refused = await post("connect", cookie);
    expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(await reasonOf(refused)).toBe("429 rate-limited");
    expect((await post("disconnect", cookie)).status).toBe(200);
    const body = { appId: "orders", tenantId: "globex" };
    const elsewhere = { method: "POST", body, cookie: other };
    expect((await call(issuer, "/connections/connect", elsewhere)).status).toBe(200);
  });

  it("is told that nothing was ever connected", async () => {
    const answer = await post("disconnect", await signIn(issuer));
    expect(await answer.json()).toEqual({ connection: null });
  });

  it("is told of a step that does not fit, and of an app that is none", async () => {
    const cookie = await signIn(issuer);
    expect(await reasonOf(await post("setup-completed", cookie))).toBe("409 connection-conflict");
    const body = { appId: "nothing", tenantId: "acme" };
    const unknown = await call(issuer, "/connections/connect", { method: "POST", body, cookie });
    expect(await reasonOf(unknown)).toBe("404 app-unknown");
  });

  it("sees and changes nothing of another tenant", async () => {
    await issuer.connections.connect({ appId: "orders", tenantId: "globex" });
    const cookie = await signIn(issuer, "alice", "acme");
    expect(await (await call(issuer, "/connections", { cookie })).json()).toEqual({
      connections: [],
    });
    expect(await (await post("disconnect", cookie)).json()).toEqual({ connection: null });
    const body = { appId: "orders", tenantId: "globex" };
    const named = await call(issuer, "/connections/disconnect", { method: "POST", body, cookie });
    expect(await reasonOf(named)).toBe("403 tenant-mismatch");
    expect(await issuer.connections.get({ appId: "orders", tenantId: "globex" })).toMatchObject({
      state: "connected",
    });
  });

  it("hears on the session's stream that connections of the tenant have changed", async () => {
    const cookie = await signIn(issuer);
    const stream = readEvents(
      await call(issuer, "/session/events", { cookie, headers: { accept: "text/event-stream" } }),
    );
    await issuer.connections.connect({ appId: "orders", tenantId: "globex" });
    await issuer.connections.connect({ appId: "inspector", tenantId: "acme" });
    await issuer.connections.disconnect({ appId: "inspector", tenantId: "acme" });
    for (let turn = 0; turn < 2; turn += 1) {
      expect(await stream.next()).toMatchObject({ event: "connections-changed", data: {} });
    }
    await stream.cancel();
  });
});

describe("connections are closed", () => {
  it.each(COMMANDS)("to a session that may not manage apps: %s", async (command) => {
    expect(await reasonOf(await post(command, await signIn(issuer, "bob")))).toBe(
      "403 scope-missing",
    );
    expect(await issuer.connections.listForTenant("acme")).toEqual([]);
  });

  it("to such a session's question what there is", async () => {
    const cookie = await signIn(issuer, "bob");
    expect(await reasonOf(await call(issuer, "/connections", { cookie }))).toBe(
      "403 scope-missing",
    );
  });

  it("to everybody when the host does not say who may", async () => {
    await issuer.close();
    start({ mayManage: undefined as never });
    const cookie = await signIn(issuer);
    expect(await reasonOf(await post("connect", cookie))).toBe("403 scope-missing");
  });

  it.each([1, "yes", {}, undefined, null])("by a hook that answers %j", async (verdict) => {
    await issuer.close();
    start({ mayManage: () => verdict as never });
    expect(await reasonOf(await post("connect", await signIn(issuer)))).toBe("403 scope-missing");
    await issuer.close();
    start({ mayManage: () => Promise.resolve(verdict as never) });
    expect(await reasonOf(await post("connect", await signIn(issuer)))).toBe("403 scope-missing");
  });

  it("by a hook that fails", async () => {
    await issuer.close();
    start({
      mayManage() {
        throw new Error("the directory is away");
      },
    });
    const refused = await post("connect", await signIn(issuer));
    expect(refused.status).toBe(500);
    expect(await refused.text()).not.toContain("directory");
    expect(await issuer.connections.listForTenant("acme")).toEqual([]);
  });

  it("to whoever is not signed in", async () => {
    expect(await reasonOf(await post("connect"))).toBe("401 session-missing");
    expect(await reasonOf(await call(issuer, "/connections"))).toBe("401 session-missing");
  });

  it.each(COMMANDS)("to a page elsewhere, and to a form: %s", async (command) => {
    const cookie = await signIn(issuer);
    const elsewhere: Record<string, string>[] = [
      { "x-breezeway-request": "" },
      { origin: "https://evil.example" },
      { origin: "null" },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "cross-site" },
    ];
    for (const headers of elsewhere) {
      expect(await reasonOf(await post(command, cookie, headers))).toBe("403 csrf-rejected");
    }
    expect(await issuer.connections.listForTenant("acme")).toEqual([]);
  });

  it("to a page elsewhere that only asks", async () => {
    const cookie = await signIn(issuer);
    const headers = { "sec-fetch-site": "same-site" };
    expect(await reasonOf(await call(issuer, "/connections", { cookie, headers }))).toBe(
      "403 csrf-rejected",
    );
  });

  it("to a body that is no JSON of this form", async () => {
    const cookie = await signIn(issuer);
    for (const body of [
      "{}",
      '{"appId":"orders"}',
      '{"appId":"orders","tenantId":"acme","x":1}',
      "[]",
    ]) {
      const answer = await call(issuer, "/connections/connect", { method: "POST", body, cookie });
      expect(await reasonOf(answer)).toBe("400 request-malformed");
    }
  });

  it("where the issuer has no such option: there is nothing at their paths", async () => {
    await issuer.close();
    issuer = testIssuer();
    const cookie = await signIn(issuer);
    for (const command of COMMANDS) {
      expect(await reasonOf(await post(command, cookie))).toBe("404 route-unknown");
    }
    expect(await reasonOf(await call(issuer, "/connections", { cookie }))).toBe(
      "404 route-unknown",
    );
  });
});
