import type { ManifestInput } from "@breezeway/shared/schemas";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AuditEvent } from "../audit/audit.ts";
import type { Issuer, IssuerOptions, Store } from "../index.ts";
import { readEvents } from "../../test-support/event-source.ts";
import { describeStores } from "../../test-support/stores.ts";
import { call, testIssuer } from "../../test-support/test-issuer.ts";
import { watchedStore } from "../../test-support/watched-store.ts";

const BILLS = {
  id: "bills",
  name: "Bills",
  version: "1.0.0",
  url: "https://bills.example/",
  scopes: ["bills:read", "bills:write"],
  optionalScopes: ["bills:pay"],
} satisfies ManifestInput;
const KEY = { appId: "bills", tenantId: "acme" };
const USER = ["bills:read", "bills:write", "bills:pay", "bills:audit"];

describeStores("the grants of tenants on $name", (place) => {
  let store: Store;
  let issuer: Issuer;
  /** Another process on the same store. */
  let other: Issuer;
  let audited: AuditEvent[];

  const open = (options: Partial<IssuerOptions> = {}): Issuer =>
    testIssuer({
      store,
      apps: [],
      consent: "required",
      audit: (event) => audited.push(event),
      ...options,
    });

  beforeEach(async () => {
    audited = [];
    store = place().store();
    issuer = open();
    await issuer.ready;
    other = open();
    await other.ready;
    await issuer.apps.put(BILLS);
  });
  afterEach(async () => {
    await issuer.close();
    await other.close();
  });

  async function signIn(
    scopes = USER,
    tenantId = "acme",
  ): Promise<{ handle: string; cookie: string }> {
    const { session, setCookie } = await issuer.sessions.create({
      userId: "alice",
      tenantId,
      scopes,
    });
    return { handle: session.handle, cookie: setCookie.split(";", 1)[0] ?? "" };
  }

  async function scopeOf(handle: string, at = other): Promise<string> {
    // The other process reads the log first, which it does by itself within a second.
    await at.apps.list();
    const { token } = await at.sessions.mintToken(handle, "bills");
    const claims = Buffer.from(token.split(".")[1] ?? "", "base64url").toString();
    return (JSON.parse(claims) as { readonly scope: string }).scope;
  }

  const grants = (): Issuer["installations"]["grants"] => issuer.installations.grants;

  async function revoked(): Promise<string[]> {
    await other.apps.list();
    const feed = (await (await call(other, "/revocations")).json()) as {
      readonly revocations: readonly { kind: string; id: string; tenantId?: string }[];
    };
    return feed.revocations.map(({ kind, id, tenantId = "" }) => `${kind} ${id} ${tenantId}`);
  }

  it("are empty until somebody decides, and give nothing", async () => {
    const { handle } = await signIn();
    expect(await grants().get(KEY)).toBeUndefined();
    expect(await scopeOf(handle)).toBe("");
  });

  it("are what tokens have, within the manifest and the user's own scopes", async () => {
    const [all, few] = [await signIn(), await signIn(["bills:write"])];
    const elsewhere = await signIn(USER, "globex");
    const grant = await grants().set({
      ...KEY,
      scopes: ["bills:pay", "bills:read"],
      actor: "olga",
    });
    expect(grant).toMatchObject({
      scopes: ["bills:read", "bills:pay"],
      appRevision: 1,
      actor: "olga",
    });
    expect(await scopeOf(all.handle)).toBe("bills:read bills:pay");
    expect(await scopeOf(few.handle)).toBe("");
    expect(await scopeOf(elsewhere.handle)).toBe("");
    expect(await other.installations.grants.listForTenant("acme")).toEqual([grant]);
  });

  it("stay as they are when a manifest gains scopes, and follow when it loses some", async () => {
    const { handle } = await signIn();
    await grants().set({ ...KEY, scopes: BILLS.scopes });
    await issuer.apps.put({ ...BILLS, scopes: [...BILLS.scopes, "bills:audit"] });
    expect(await scopeOf(handle)).toBe("bills:read bills:write");
    await issuer.apps.put({ ...BILLS, scopes: ["bills:read"] });
    expect(await scopeOf(handle)).toBe("bills:read");
    expect(await revoked()).toEqual(["app bills "]);
  });

  it("revoke the app's tokens in the tenant when they become narrower, and only then", async () => {
    await grants().set({ ...KEY, scopes: ["bills:read"] });
    await grants().set({ ...KEY, scopes: ["bills:read", "bills:write"] });
    expect(await revoked()).toEqual([]);
    await grants().set({ ...KEY, scopes: ["bills:write"] });
    expect(await revoked()).toEqual(["app bills acme"]);
  });

  it("have pages of the tenant mint again, and no others", async () => {
    const [acme, globex] = [await signIn(), await signIn(USER, "globex")];
    // The other process knows the app before the streams open.
    await other.apps.list();
    const [page, elsewhere] = await Promise.all(
      [acme, globex].map(async ({ cookie }) =>
        readEvents(await call(other, "/session/events", { cookie })),
      ),
    );
    await grants().set({ ...KEY, scopes: ["bills:read"] });
    expect((await page?.next())?.event).toBe("claims-changed");
    await grants().set({ ...KEY, tenantId: "globex", scopes: ["bills:read"] });
    expect((await elsewhere?.next())?.event).toBe("claims-changed");
    await Promise.all([page?.cancel(), elsewhere?.cancel()]);
    const listed = (await (await call(other, "/apps", { cookie: acme.cookie })).json()) as {
      readonly apps: readonly { readonly granted: unknown }[];
    };
    expect(listed.apps.map(({ granted }) => granted)).toEqual([["bills:read"]]);
  });

  it("have a history, and write nothing when nothing changes", async () => {
    await grants().set({ ...KEY, scopes: ["bills:read"], actor: "olga" });
    await grants().set({ ...KEY, scopes: ["bills:read"], actor: "pavel" });
    await grants().set({ ...KEY, scopes: [], actor: "pavel" });
    expect(await other.installations.grants.history(KEY)).toMatchObject([
      { number: 2, scopes: [], actor: "pavel", appRevision: 1 },
      { number: 1, scopes: ["bills:read"], actor: "olga" },
    ]);
    expect(await grants().history(KEY, 1)).toHaveLength(1);
    expect(audited.filter(({ event }) => event === "grant.set")).toEqual([
      { event: "grant.set", app: "bills", tenant: "acme", sub: "olga", scopes: ["bills:read"] },
      { event: "grant.set", app: "bills", tenant: "acme", sub: "pavel", scopes: [] },
    ]);
  });

  it("mint nothing between the news of a narrower grant and its reading", async () => {
    let isAway = false;
    const watched = watchedStore(place().store(), ({ query: { sql } }) => {
      if (isAway && sql.includes('from "breezeway_grant"')) throw new Error("still reading");
    });
    await using busy = testIssuer({
      store: watched,
      apps: [],
      consent: "required",
      onError: () => undefined,
    });
    await busy.ready;
    const { handle } = await signIn();
    await grants().set({ ...KEY, scopes: BILLS.scopes });
    expect(await scopeOf(handle, busy)).toBe("bills:read bills:write");
    isAway = true;
    await grants().set({ ...KEY, scopes: ["bills:read"] });
    await expect(scopeOf(handle, busy)).rejects.toThrow("still reading");
    isAway = false;
    expect(await scopeOf(handle, busy)).toBe("bills:read");
    watched.stop();
  });

  it.each<[string, object, string]>([
    ["an unknown app", { ...KEY, appId: "none", scopes: [] }, "APP_UNKNOWN app"],
    [
      "a scope that the manifest lacks",
      { ...KEY, scopes: ["bills:audit"] },
      "REQUEST_MALFORMED bills:audit",
    ],
    ["an empty tenant", { ...KEY, tenantId: "", scopes: [] }, "REQUEST_MALFORMED tenantId"],
    ["no scopes", KEY, "REQUEST_MALFORMED scopes"],
    ["an unknown member", { ...KEY, scopes: [], scope: "x" }, "REQUEST_MALFORMED scope"],
  ])("refuse %s, and name it", async (_what, settings, expected) => {
    const [code, word] = expected.split(" ");
    await expect(grants().set(settings as never)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(word ?? "") as string,
    });
    expect(await grants().listForTenant("acme")).toEqual([]);
  });
});

describe("an issuer without the option consent", () => {
  it("puts all scopes of the manifest into tokens, optional ones too, and says so to pages", async () => {
    await using issuer = testIssuer({ apps: [BILLS] });
    const user = { userId: "alice", tenantId: "acme", scopes: USER };
    const { session, setCookie } = await issuer.sessions.create(user);
    const { token } = await issuer.sessions.mintToken(session.handle, "bills");
    const claims = Buffer.from(token.split(".")[1] ?? "", "base64url").toString();
    expect(JSON.parse(claims)).toMatchObject({ scope: "bills:read bills:write bills:pay" });
    const cookie = setCookie.split(";", 1)[0] ?? "";
    expect(await (await call(issuer, "/apps", { cookie })).json()).toMatchObject({
      apps: [{ granted: null }],
    });
  });
});
