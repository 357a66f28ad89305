import type { ManifestInput } from "@breezeway/shared/schemas";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { AuditEvent } from "../audit/audit.ts";
import { createAppManager, type Issuer, type IssuerApps, type Store } from "../index.ts";
import { readEvents } from "../../test-support/event-source.ts";
import { describeStores } from "../../test-support/stores.ts";
import { call, reasonOf, testIssuer } from "../../test-support/test-issuer.ts";

const BETA = { url: "https://bills.example/beta/", version: "2.0.0-rc.1" };
const BILLS = {
  id: "bills",
  name: "Bills",
  version: "1.0.0",
  url: "https://bills.example/",
  scopes: ["bills:read"],
  placements: [{ type: "menu", label: "Bills", path: "/list" }],
  channels: { beta: BETA },
} satisfies ManifestInput;
const FILE_APP = { ...BILLS, id: "filed", url: "https://filed.example/" };

const SECRET = "feed-secret-0123456789";
const TENANTS = Array.from({ length: 40 }, (_, index) => `tenant-${index}`);

interface Listed {
  readonly apps: readonly {
    readonly manifest: { readonly url: string };
    readonly page?: { readonly channel: string; readonly version: string; readonly url: string };
  }[];
}

describeStores("the channels of apps of issuers on $name", (place) => {
  let store: Store;
  let issuer: Issuer;
  /** Another process on the same store. */
  let other: Issuer;
  let audited: AuditEvent[];
  let errors: unknown[];

  const open = (apps: readonly ManifestInput[] = []): Issuer =>
    testIssuer({
      store,
      apps,
      revocations: { secrets: [SECRET] },
      audit: (event) => audited.push(event),
      onError: (error) => errors.push(error),
    });

  beforeEach(async () => {
    audited = [];
    errors = [];
    store = place().store();
    issuer = open();
    await issuer.ready;
    other = open();
    await other.ready;
    await issuer.apps.put(BILLS);
    await other.apps.list();
  });
  afterEach(async () => {
    await issuer.close();
    await other.close();
    expect(errors).toEqual([]);
  });

  async function signIn(tenantId = "acme"): Promise<string> {
    const scopes = ["bills:read"];
    const { setCookie } = await issuer.sessions.create({ userId: "alice", tenantId, scopes });
    return setCookie.split(";", 1)[0] ?? "";
  }

  const ask = (cookie: string, headers: Record<string, string> = {}): Promise<Response> =>
    call(other, "/apps", { cookie, headers });

  /** What the page of a tenant shows, at the other process. */
  async function shown(tenantId: string): Promise<string> {
    const { apps } = (await (await ask(await signIn(tenantId))).json()) as Listed;
    const [app] = apps;
    return `${app?.page?.channel} ${app?.page?.version} ${app?.page?.url}`;
  }

  const STABLE_SHOWN = "stable 1.0.0 https://bills.example/";
  const BETA_SHOWN = "beta 2.0.0-rc.1 https://bills.example/beta/";

  const minted = (): AuditEvent[] => audited.filter(({ event }) => event === "token.minted");

  async function mint(cookie: string): Promise<string> {
    const body = { appId: "bills" };
    const response = await call(other, "/session/token", { method: "POST", cookie, body });
    if (!response.ok) return reasonOf(response);
    const { token } = (await response.json()) as { readonly token: string };
    const payload = Buffer.from(token.split(".")[1] ?? "", "base64url").toString();
    return (JSON.parse(payload) as { readonly scope: string }).scope;
  }

  it("give a tenant the channel's page, at every process, and others the stable one", async () => {
    const place = { appId: "bills", tenantId: "acme" };
    expect(await issuer.apps.setChannel({ ...place, channel: "beta", actor: "olga" })).toEqual({
      isChanged: true,
      before: "stable",
      after: "beta",
    });
    expect([await shown("acme"), await shown("globex")]).toEqual([BETA_SHOWN, STABLE_SHOWN]);
    expect(await other.apps.get("bills")).toMatchObject({
      channels: { tenants: [{ tenantId: "acme", channel: "beta" }], rollOut: null },
    });
    await issuer.apps.setChannel({ ...place, channel: "stable" });
    expect(await shown("acme")).toBe(STABLE_SHOWN);
  });

  it("of other tenants are hidden from pages", async () => {
    await issuer.apps.setChannel({ appId: "bills", tenantId: "acme", channel: "beta" });
    const { channels: _, ...manifest } = BILLS;
    const { apps } = (await (await ask(await signIn())).json()) as Listed;
    expect(apps).toMatchObject([{ manifest, page: { channel: "beta", ...BETA } }]);
    expect(apps[0]?.manifest).not.toHaveProperty("channels");
    expect(await (await ask(await signIn("globex"))).text()).not.toContain("beta");
  });

  it("have another ETag when the tenant's channel changes, and only then", async () => {
    const cookie = await signIn();
    const etag = (await ask(cookie)).headers.get("etag") ?? "";
    const again = async (): Promise<number> =>
      (await ask(cookie, { "if-none-match": etag })).status;
    await issuer.apps.setChannel({ appId: "bills", tenantId: "globex", channel: "beta" });
    expect(await again()).toBe(304);
    await issuer.apps.setChannel({ appId: "bills", tenantId: "acme", channel: "beta" });
    expect(await again()).toBe(200);
  });

  it("are rolled out to a share that only grows, and back in one call", async () => {
    const own = { appId: "bills", tenantId: "tenant-0", channel: "beta" };
    await issuer.apps.setChannel(own);
    let before = new Set<string>();
    for (const percent of [25, 75, 100]) {
      await issuer.apps.rollOut({ appId: "bills", channel: "beta", percent });
      const on = new Set<string>();
      for (const id of TENANTS) if ((await shown(id)) === BETA_SHOWN) on.add(id);
      expect([...before].every((id) => on.has(id))).toBe(true);
      expect(on.size).toBeGreaterThan(before.size);
      before = on;
    }
    expect(before.size).toBe(TENANTS.length);
    expect(await other.apps.rollBack({ appId: "bills" })).toEqual({
      isChanged: true,
      before: { channel: "beta", percent: 100 },
      after: null,
    });
    expect(await shown("tenant-1")).toBe(STABLE_SHOWN);
    expect(await shown("tenant-0")).toBe(BETA_SHOWN);
    expect(await other.apps.rollBack({ appId: "bills" })).toMatchObject({ isChanged: false });
  });

  it("survive a restart", async () => {
    await issuer.apps.setChannel({ appId: "bills", tenantId: "acme", channel: "beta" });
    await issuer.apps.rollOut({ appId: "bills", channel: "beta", percent: 50 });
    await issuer.close();
    issuer = open();
    expect((await issuer.apps.get("bills"))?.channels).toEqual({
      tenants: [{ tenantId: "acme", channel: "beta" }],
      rollOut: { channel: "beta", percent: 50 },
    });
  });

  it("fall back to stable when a new manifest lacks them, which is said", async () => {
    await issuer.apps.setChannel({ appId: "bills", tenantId: "acme", channel: "beta" });
    await issuer.apps.rollOut({ appId: "bills", channel: "beta", percent: 100 });
    const { channels: _, ...without } = BILLS;
    const result = await issuer.apps.put(without);
    expect(result).toMatchObject({
      missingChannels: ["beta"],
      diff: [{ field: "channels.beta", before: BETA }],
      revokesTokens: false,
    });
    expect([await shown("acme"), await shown("globex")]).toEqual([STABLE_SHOWN, STABLE_SHOWN]);
    expect((await other.apps.get("bills"))?.channels).toEqual({
      tenants: [{ tenantId: "acme", channel: "beta", isMissing: true }],
      rollOut: { channel: "beta", percent: 100, isMissing: true },
    });
    expect(audited.filter(({ event }) => event === "app.put").at(-1)).toMatchObject({
      fields: ["channels.beta"],
      missingChannels: ["beta"],
    });
  });

  it("are in the history and the audit log with who changed them", async () => {
    await issuer.apps.setChannel({
      appId: "bills",
      tenantId: "acme",
      channel: "beta",
      actor: "olga",
    });
    await issuer.apps.rollOut({ appId: "bills", channel: "beta", percent: 5, actor: "pavel" });
    await issuer.apps.rollBack({ appId: "bills", actor: "olga" });
    const { items } = await other.apps.history("bills", { limit: 3 });
    expect(items).toMatchObject([
      { action: "roll-back", channel: "beta", actor: "olga", revision: 1 },
      { action: "roll-out", channel: "beta", percent: 5, actor: "pavel" },
      { action: "set-channel", channel: "beta", tenantId: "acme", actor: "olga" },
    ]);
    expect(audited.filter(({ event }) => event.startsWith("app.")).slice(1)).toEqual([
      { event: "app.channel-set", app: "bills", sub: "olga", tenant: "acme", channel: "beta" },
      { event: "app.rolled-out", app: "bills", sub: "pavel", channel: "beta", percent: 5 },
      { event: "app.rolled-back", app: "bills", sub: "olga" },
    ]);
  });

  it("write nothing in a dry run, or when nothing changes", async () => {
    const place = { appId: "bills", tenantId: "acme", channel: "beta", dryRun: true };
    expect(await issuer.apps.setChannel(place)).toMatchObject({ isChanged: true, after: "beta" });
    const rollOut = { appId: "bills", channel: "beta", percent: 5, dryRun: true };
    expect(await issuer.apps.rollOut(rollOut)).toMatchObject({ isChanged: true, before: null });
    await issuer.apps.setChannel({ ...place, channel: "stable", dryRun: false });
    await issuer.apps.rollBack({ appId: "bills" });
    expect((await issuer.apps.history("bills")).items).toHaveLength(1);
  });

  it("are named in the audit record of a token, and change no scope of it", async () => {
    const cookie = await signIn();
    expect(await mint(cookie)).toBe("bills:read");
    await issuer.apps.setChannel({ appId: "bills", tenantId: "acme", channel: "beta" });
    await other.apps.list();
    expect(await mint(cookie)).toBe("bills:read");
    expect(minted()).toMatchObject([
      { app: "bills", channel: "stable", version: "1.0.0" },
      { app: "bills", channel: "beta", version: "2.0.0-rc.1" },
    ]);
  });

  it("revoke no token", async () => {
    await issuer.apps.setChannel({ appId: "bills", tenantId: "acme", channel: "beta" });
    await issuer.apps.rollOut({ appId: "bills", channel: "beta", percent: 50 });
    await issuer.apps.rollBack({ appId: "bills" });
    await other.apps.list();
    const headers = { authorization: `Bearer ${SECRET}` };
    const feed = await (await call(other, "/revocations", { headers })).json();
    expect(feed).toMatchObject({ revocations: [] });
  });

  it("reach the open pages that they concern", async () => {
    const [acme, globex] = await Promise.all(
      ["acme", "globex"].map(async (tenant) =>
        readEvents(await call(other, "/session/events", { cookie: await signIn(tenant) })),
      ),
    );
    await issuer.apps.setChannel({ appId: "bills", tenantId: "acme", channel: "beta" });
    const first = await acme?.next();
    expect(first?.event).toBe("apps-changed");
    await issuer.apps.rollOut({ appId: "bills", channel: "beta", percent: 50 });
    expect(await acme?.next()).toMatchObject({ event: "apps-changed" });
    // The tenant on the channel was not told to this page.
    expect(await globex?.next()).toMatchObject({
      event: "apps-changed",
      id: String(Number(first?.id) + 1),
    });
    await Promise.all([acme?.cancel(), globex?.cancel()]);
  });

  it("are sent to gateways apart from the manifest", async () => {
    await issuer.apps.setChannel({ appId: "bills", tenantId: "acme", channel: "beta" });
    await other.apps.list();
    const headers = { authorization: `Bearer ${SECRET}` };
    const { channels: versions, ...manifest } = BILLS;
    const answer = (await (await call(other, "/registry", { headers })).json()) as {
      readonly apps: readonly [{ readonly manifest: object }];
    };
    expect(answer.apps).toMatchObject([
      {
        manifest,
        channels: { versions, tenants: [{ tenantId: "acme", channel: "beta" }], rollOut: null },
      },
    ]);
    expect(answer.apps[0].manifest).not.toHaveProperty("channels");
  });

  it("can be given to tenants for an app of a file", async () => {
    await using filed = open([
      { ...FILE_APP, channels: { beta: { ...BETA, url: "https://filed.example/beta/" } } },
    ]);
    await filed.ready;
    await filed.apps.setChannel({ appId: "filed", tenantId: "acme", channel: "beta" });
    expect(await filed.apps.get("filed")).toMatchObject({
      source: "file",
      revision: 0,
      channels: { tenants: [{ tenantId: "acme", channel: "beta" }] },
    });
    // A program that does not know the apps of files can place tenants as well.
    await using manager = await createAppManager({ store: place().store() });
    await manager.rollOut({ appId: "filed", channel: "beta", percent: 100 });
    const answer = (await (
      await call(filed, "/apps", { cookie: await signIn("globex") })
    ).json()) as Listed;
    expect(answer.apps.find(({ manifest }) => manifest.url.includes("filed"))).toMatchObject({
      page: { channel: "beta", url: "https://filed.example/beta/" },
    });
  });

  it("are given to at most 1 000 tenants of an app", async () => {
    await using manager = await createAppManager({ store: place().store() });
    const opened = await place().store().open();
    const tenants = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, index) => [`t${index}`, "beta"]),
    );
    await opened.db
      .updateTable("breezeway_app")
      .set({ channels: JSON.stringify({ tenants }) })
      .execute();
    await opened.close();
    const one = { appId: "bills", channel: "beta" };
    await expect(manager.setChannel({ ...one, tenantId: "more" })).rejects.toMatchObject({
      code: "REQUEST_MALFORMED",
      message: expect.stringContaining("1000 tenants"),
    });
    await manager.setChannel({ ...one, tenantId: "t0", channel: "stable" });
    expect(await manager.setChannel({ ...one, tenantId: "more" })).toMatchObject({
      isChanged: true,
    });
  });

  it.each<[string, (apps: IssuerApps) => Promise<unknown>, string]>([
    [
      "an app is unknown",
      (apps) => apps.setChannel({ appId: "none", tenantId: "acme", channel: "beta" }),
      "APP_UNKNOWN none",
    ],
    [
      "an unknown app is rolled back",
      (apps) => apps.rollBack({ appId: "none" }),
      "APP_UNKNOWN none",
    ],
    [
      "the manifest has no such channel",
      (apps) => apps.setChannel({ appId: "bills", tenantId: "acme", channel: "alpha" }),
      "REQUEST_MALFORMED stable, beta",
    ],
    [
      "a rollout names a missing channel",
      (apps) => apps.rollOut({ appId: "bills", channel: "alpha", percent: 5 }),
      "REQUEST_MALFORMED alpha",
    ],
    [
      "stable is rolled out",
      (apps) => apps.rollOut({ appId: "bills", channel: "stable", percent: 5 }),
      "REQUEST_MALFORMED rollBack",
    ],
    [
      "a channel has a malformed name",
      (apps) => apps.setChannel({ appId: "bills", tenantId: "acme", channel: "__proto__" }),
      "REQUEST_MALFORMED channel:",
    ],
    [
      "a tenant is empty",
      (apps) => apps.setChannel({ appId: "bills", tenantId: "", channel: "beta" }),
      "REQUEST_MALFORMED tenantId",
    ],
    ...[0, 101, 0.5].map((percent): [string, (apps: IssuerApps) => Promise<unknown>, string] => [
      `a share is ${percent}`,
      (apps) => apps.rollOut({ appId: "bills", channel: "beta", percent }),
      "REQUEST_MALFORMED percent",
    ]),
    [
      "a channel is at another origin",
      (apps) =>
        apps.put({ ...BILLS, channels: { beta: { ...BETA, url: "https://evil.example/" } } }),
      "MANIFEST_INVALID channels.beta.url",
    ],
    [
      "a channel has scopes",
      (apps) =>
        apps.put({ ...BILLS, channels: { beta: { ...BETA, scopes: ["bills:pay"] } as never } }),
      "MANIFEST_INVALID scopes",
    ],
  ])("are left alone when %s", async (_what, wrong, expected) => {
    const [code = "", word] = expected.split(/ (.*)/);
    await expect(wrong(issuer.apps)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(word ?? ""),
    });
    expect((await issuer.apps.history("bills")).items).toHaveLength(1);
  });

  it.each([
    ["GET", "?channel=beta", {}],
    ["GET", "", { "x-breezeway-channel": "beta" }],
  ])("are not chosen by a page: %s /apps%s %j", async (method, query, headers) => {
    const cookie = await signIn();
    const response = await call(other, `/apps${query}`, { method, cookie, headers });
    expect((await response.json()) as Listed).toMatchObject({
      apps: [{ page: { channel: "stable" } }],
    });
  });
});
