import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { USERS } from "@breezeway/test-support/issuer-fixture";
import type {
  AuditEvent,
  InstallationOptions,
  Issuer,
  IssuerOptions,
  ManageContext,
} from "../index.ts";
import { readEvents } from "../../test-support/event-source.ts";
import { call, reasonOf, signIn, testIssuer } from "../../test-support/test-issuer.ts";

const COMMANDS = ["install", "uninstall", "retry", "setup-completed"];

let issuer: Issuer;
let asked: ManageContext[];

function start(
  installations: InstallationOptions = {},
  options: Partial<IssuerOptions> = {},
): Issuer {
  asked = [];
  issuer = testIssuer({
    installations: {
      mayManage(context) {
        asked.push(context);
        return context.session.userId === "alice";
      },
      ...installations,
    },
    devLogin: { users: USERS },
    ...options,
  });
  return issuer;
}

beforeEach(() => void start());
afterEach(() => issuer.close());

const post = (path: string, cookie?: string, headers: Record<string, string> = {}) =>
  call(issuer, `/installations/${path}`, {
    method: "POST",
    body: { appId: "orders", tenantId: "acme" },
    cookie,
    headers,
  });

describe("an administrator", () => {
  it("installs, lists and uninstalls apps of the session's tenant", async () => {
    const cookie = await signIn(issuer);
    const made = await post("install", cookie);
    expect(made.status).toBe(200);
    expect(await made.json()).toMatchObject({
      installation: { appId: "orders", tenantId: "acme", state: "installed" },
    });
    const list = await call(issuer, "/installations", { cookie });
    expect(await list.json()).toMatchObject({ installations: [{ state: "installed" }] });
    const over = await post("uninstall", cookie);
    expect(await over.json()).toMatchObject({ installation: { state: "uninstalled" } });
    expect(asked.map(({ action, app }) => [action, app?.id])).toEqual([
      ["install", "orders"],
      ["list", undefined],
      ["uninstall", "orders"],
    ]);
  });

  it("is named in the audit line of the request, without the session's secret", async () => {
    await issuer.close();
    const lines: AuditEvent[] = [];
    start({}, { audit: (event) => void lines.push(event) });
    const cookie = await signIn(issuer);
    const [session] = await issuer.sessions.listForUser("alice");
    await post("install", cookie, { "x-request-id": "request-1" });
    await post("setup-completed", cookie);
    await post("uninstall", await signIn(issuer, "bob"));
    const about = lines.slice(1 + lines.findIndex(({ event }) => event === "session.created"));
    const told = about.filter(({ event }) => /^(?:installation|request)\./.test(event));
    const place = { app: "orders", tenant: "acme" };
    expect(told).toMatchObject([
      { event: "installation.installed", sub: "alice", sid: session?.handle, ...place },
      { event: "request.refused", sub: "bob", reason: "scope-missing", ...place },
    ]);
    expect(told[0]?.requestId).toBe("request-1");
    expect(JSON.stringify(lines)).not.toContain(cookie.split("=")[1]);
  });

  it("has a limit per minute for each kind of request in a tenant", async () => {
    await issuer.close();
    start({}, { rateLimits: { installationChangesPerTenant: 3 } });
    const [cookie, other] = [await signIn(issuer), await signIn(issuer, "alice", "globex")];
    const bob = await signIn(issuer, "bob");
    for (let turn = 0; turn < 5; turn += 1) await post("install", bob);
    for (let turn = 0; turn < 3; turn += 1)
      expect((await post("install", cookie)).status).toBe(200);
    const refused = await post("install", cookie);
    expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(await reasonOf(refused)).toBe("429 rate-limited");
    expect((await post("uninstall", cookie)).status).toBe(200);
    const body = { appId: "orders", tenantId: "globex" };
    const elsewhere = { method: "POST", body, cookie: other };
    expect((await call(issuer, "/installations/install", elsewhere)).status).toBe(200);
  });

  it("gets null for an app that was never installed", async () => {
    const answer = await post("uninstall", await signIn(issuer));
    expect(await answer.json()).toEqual({ installation: null });
  });

  it("gets 409 for a step that does not fit and 404 for an unknown app", async () => {
    const cookie = await signIn(issuer);
    expect(await reasonOf(await post("setup-completed", cookie))).toBe("409 installation-conflict");
    const body = { appId: "nothing", tenantId: "acme" };
    const unknown = await call(issuer, "/installations/install", { method: "POST", body, cookie });
    expect(await reasonOf(unknown)).toBe("404 app-unknown");
  });

  it("can neither see nor change another tenant", async () => {
    await issuer.installations.install({ appId: "orders", tenantId: "globex" });
    const cookie = await signIn(issuer, "alice", "acme");
    expect(await (await call(issuer, "/installations", { cookie })).json()).toEqual({
      installations: [],
    });
    expect(await (await post("uninstall", cookie)).json()).toEqual({ installation: null });
    const body = { appId: "orders", tenantId: "globex" };
    const named = await call(issuer, "/installations/uninstall", { method: "POST", body, cookie });
    expect(await reasonOf(named)).toBe("403 tenant-mismatch");
    expect(await issuer.installations.get({ appId: "orders", tenantId: "globex" })).toMatchObject({
      state: "installed",
    });
  });

  it("gets installations-changed on the session's stream", async () => {
    const cookie = await signIn(issuer);
    const stream = readEvents(
      await call(issuer, "/session/events", { cookie, headers: { accept: "text/event-stream" } }),
    );
    await issuer.installations.install({ appId: "orders", tenantId: "globex" });
    await issuer.installations.install({ appId: "inspector", tenantId: "acme" });
    await issuer.installations.uninstall({ appId: "inspector", tenantId: "acme" });
    for (let turn = 0; turn < 2; turn += 1) {
      expect(await stream.next()).toMatchObject({ event: "installations-changed", data: {} });
    }
    await stream.cancel();
  });
});

describe("installations are refused", () => {
  it.each(COMMANDS)("to a session that may not manage apps: %s", async (command) => {
    expect(await reasonOf(await post(command, await signIn(issuer, "bob")))).toBe(
      "403 scope-missing",
    );
    expect(await issuer.installations.listForTenant("acme")).toEqual([]);
  });

  it("to a session that may not list them", async () => {
    const cookie = await signIn(issuer, "bob");
    expect(await reasonOf(await call(issuer, "/installations", { cookie }))).toBe(
      "403 scope-missing",
    );
  });

  it("to every session when mayManage is not set", async () => {
    await issuer.close();
    start({ mayManage: undefined as never });
    const cookie = await signIn(issuer);
    expect(await reasonOf(await post("install", cookie))).toBe("403 scope-missing");
  });

  it.each([1, "yes", {}, undefined, null])("by a hook that returns %j", async (verdict) => {
    await issuer.close();
    start({ mayManage: () => verdict as never });
    expect(await reasonOf(await post("install", await signIn(issuer)))).toBe("403 scope-missing");
    await issuer.close();
    start({ mayManage: () => Promise.resolve(verdict as never) });
    expect(await reasonOf(await post("install", await signIn(issuer)))).toBe("403 scope-missing");
  });

  it("by a hook that throws", async () => {
    await issuer.close();
    start({
      mayManage() {
        throw new Error("the directory is away");
      },
    });
    const refused = await post("install", await signIn(issuer));
    expect(refused.status).toBe(500);
    expect(await refused.text()).not.toContain("directory");
    expect(await issuer.installations.listForTenant("acme")).toEqual([]);
  });

  it("to a request without a session", async () => {
    expect(await reasonOf(await post("install"))).toBe("401 session-missing");
    expect(await reasonOf(await call(issuer, "/installations"))).toBe("401 session-missing");
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
    expect(await issuer.installations.listForTenant("acme")).toEqual([]);
  });

  it("to a page of another site that reads them", async () => {
    const cookie = await signIn(issuer);
    const headers = { "sec-fetch-site": "same-site" };
    expect(await reasonOf(await call(issuer, "/installations", { cookie, headers }))).toBe(
      "403 csrf-rejected",
    );
  });

  it("when the body does not match the schema", async () => {
    const cookie = await signIn(issuer);
    for (const body of [
      "{}",
      '{"appId":"orders"}',
      '{"appId":"orders","tenantId":"acme","x":1}',
      "[]",
    ]) {
      const answer = await call(issuer, "/installations/install", { method: "POST", body, cookie });
      expect(await reasonOf(answer)).toBe("400 request-malformed");
    }
  });

  it("with 404 when the issuer has no such option", async () => {
    await issuer.close();
    issuer = testIssuer();
    const cookie = await signIn(issuer);
    for (const command of COMMANDS) {
      expect(await reasonOf(await post(command, cookie))).toBe("404 route-unknown");
    }
    expect(await reasonOf(await call(issuer, "/installations", { cookie }))).toBe(
      "404 route-unknown",
    );
  });
});

describe("the grants of a tenant", () => {
  const grant = (cookie: string | undefined, scopes: unknown, more: object = {}) =>
    call(issuer, "/installations/grant", {
      method: "POST",
      body: { appId: "orders", tenantId: "acme", scopes, ...more },
      cookie,
    });

  it("are set and listed by an administrator, who is named in them", async () => {
    const cookie = await signIn(issuer);
    const set = await grant(cookie, ["orders:read"]);
    const expected = { appId: "orders", tenantId: "acme", scopes: ["orders:read"], actor: "alice" };
    expect(await set.json()).toMatchObject({ grant: expected });
    const list = await call(issuer, "/installations/grants", { cookie });
    expect(await list.json()).toMatchObject({ grants: [expected] });
    expect(asked.map(({ action, app }) => [action, app?.id])).toEqual([
      ["grant", "orders"],
      ["list", undefined],
    ]);
  });

  it.each<[string, () => Promise<Response>, string]>([
    ["without a session", () => grant(undefined, []), "401 session-missing"],
    [
      "by somebody who may not manage apps",
      async () => grant(await signIn(issuer, "bob"), ["orders:read"]),
      "403 scope-missing",
    ],
    [
      "in another tenant",
      async () => grant(await signIn(issuer), ["orders:read"], { tenantId: "globex" }),
      "403 tenant-mismatch",
    ],
    [
      "to an unknown app",
      async () => grant(await signIn(issuer), [], { appId: "nothing" }),
      "404 app-unknown",
    ],
    [
      "of a scope that the manifest lacks",
      async () => grant(await signIn(issuer), ["orders:destroy"]),
      "400 request-malformed",
    ],
    ["without scopes", async () => grant(await signIn(issuer), undefined), "400 request-malformed"],
  ])("are not changed %s", async (_what, request, expected) => {
    expect(await reasonOf(await request())).toBe(expected);
    expect(await issuer.installations.grants.listForTenant("acme")).toEqual([]);
  });

  it("are wished for by any user of the tenant, and listed for administrators", async () => {
    const wish = async (cookie: string | undefined, more: object = {}): Promise<Response> =>
      call(issuer, "/installations/wish", {
        method: "POST",
        body: { appId: "orders", tenantId: "acme", scopes: ["orders:read"], ...more },
        cookie,
      });
    const bob = await signIn(issuer, "bob");
    const expected = { appId: "orders", tenantId: "acme", userId: "bob", scopes: ["orders:read"] };
    expect(await (await wish(bob)).json()).toMatchObject({ wish: expected });
    const cookie = await signIn(issuer);
    const list = await call(issuer, "/installations/grants", { cookie });
    expect(await list.json()).toMatchObject({ grants: [], wishes: [expected] });
    await grant(cookie, ["orders:read"]);
    expect(await (await wish(bob)).json()).toEqual({ wish: null });
    for (const [more, reason] of [
      [{ tenantId: "globex" }, "403 tenant-mismatch"],
      [{ appId: "nothing" }, "404 app-unknown"],
      [{ scopes: ["orders:destroy"] }, "400 request-malformed"],
      [{ userId: "alice" }, "400 request-malformed"],
    ] as const) {
      expect(await reasonOf(await wish(bob, more))).toBe(reason);
    }
    expect(await reasonOf(await wish(undefined))).toBe("401 session-missing");
  });

  it("are wished for within a limit that one user cannot use up for the others", async () => {
    await issuer.close();
    start({}, { rateLimits: { installationChangesPerTenant: 2 } });
    const wish = async (cookie: string): Promise<number> =>
      (
        await call(issuer, "/installations/wish", {
          method: "POST",
          body: { appId: "orders", tenantId: "acme", scopes: ["orders:read"] },
          cookie,
        })
      ).status;
    const [bob, alice] = [await signIn(issuer, "bob"), await signIn(issuer)];
    expect([await wish(bob), await wish(bob), await wish(bob)]).toEqual([200, 200, 429]);
    expect(await wish(alice)).toBe(200);
  });

  it("are not listed for somebody who may not manage apps", async () => {
    const cookie = await signIn(issuer, "bob");
    const list = await call(issuer, "/installations/grants", { cookie });
    expect(await reasonOf(list)).toBe("403 scope-missing");
  });
});
