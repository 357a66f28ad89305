import type { ManifestInput } from "@breezeway/shared/schemas";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { AuditEvent } from "../audit/audit.ts";
import type { Issuer, IssuerApps, Store } from "../index.ts";
import { readEvents } from "../../test-support/event-source.ts";
import { watchedStore } from "../../test-support/watched-store.ts";
import { describeStores } from "../../test-support/stores.ts";
import { call, reasonOf, testIssuer } from "../../test-support/test-issuer.ts";

const BILLS = {
  id: "bills",
  name: "Bills",
  version: "1.0.0",
  url: "https://bills.example/",
  scopes: ["bills:read", "bills:write"],
} satisfies ManifestInput;

const SECRET = "feed-secret-0123456789";

interface Listed {
  readonly apps: readonly {
    readonly manifest: { readonly id: string; readonly version: string };
    readonly suspended?: { readonly reason: string } | null;
    readonly suspensions?: readonly unknown[];
  }[];
}

describeStores("the apps of issuers on $name", (place) => {
  let store: Store;
  let issuer: Issuer;
  /** Another process on the same store. */
  let other: Issuer;
  let audited: AuditEvent[];
  let errors: unknown[];

  const open = (): Issuer =>
    testIssuer({
      store,
      apps: [],
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
  });
  afterEach(async () => {
    await issuer.close();
    await other.close();
    expect(errors).toEqual([]);
  });

  async function signIn(tenantId = "acme"): Promise<string> {
    const scopes = ["bills:read", "bills:write"];
    const { setCookie } = await issuer.sessions.create({ userId: "alice", tenantId, scopes });
    return setCookie.split(";", 1)[0] ?? "";
  }

  const mint = (cookie: string): Promise<Response> =>
    call(other, "/session/token", { method: "POST", cookie, body: { appId: "bills" } });

  /** What the other process says once it knows the changes, which takes up to a second. */
  async function outcome(cookie: string): Promise<string> {
    await other.apps.list();
    const response = await mint(cookie);
    return response.ok ? "minted" : reasonOf(response);
  }

  async function revoked(): Promise<string[]> {
    await other.apps.list();
    const headers = { authorization: `Bearer ${SECRET}` };
    const feed = (await (await call(other, "/revocations", { headers })).json()) as {
      readonly revocations: readonly { kind: string; id: string; tenantId?: string }[];
    };
    return feed.revocations.map(({ kind, id, tenantId = "" }) =>
      `${kind} ${id} ${tenantId}`.trim(),
    );
  }

  const list = (cookie: string, headers: Record<string, string> = {}): Promise<Response> =>
    call(other, "/apps", { cookie, headers });

  it("can be put, replaced and removed, and every process follows", async () => {
    const cookie = await signIn();
    expect(await outcome(cookie)).toBe("404 app-unknown");
    const first = await issuer.apps.put(BILLS, { expectedRevision: 0, actor: "olga" });
    expect(first).toMatchObject({ revision: 1, app: { origin: "https://bills.example" } });
    expect(await outcome(cookie)).toBe("minted");
    const second = await issuer.apps.put({ ...BILLS, version: "1.1.0" }, { expectedRevision: 1 });
    expect(second).toMatchObject({
      revision: 2,
      diff: [{ field: "version", before: "1.0.0", after: "1.1.0" }],
    });
    expect(await other.apps.get("bills")).toMatchObject({
      app: { version: "1.1.0" },
      revision: 2,
      source: "store",
      suspensions: [],
    });
    expect(await issuer.apps.remove("bills", { expectedRevision: 2 })).toBe(true);
    expect(await issuer.apps.remove("bills")).toBe(false);
    expect(await outcome(cookie)).toBe("404 app-unknown");
    expect(await other.apps.get("bills")).toBeUndefined();
    expect(await issuer.apps.put(BILLS)).toMatchObject({ revision: 4 });
  });

  it("survive a restart", async () => {
    await issuer.apps.put(BILLS);
    await issuer.apps.suspend("bills", { reason: "Under review", tenantId: "globex" });
    await issuer.close();
    issuer = open();
    expect(await issuer.apps.get("bills")).toMatchObject({
      revision: 1,
      suspensions: [{ tenantId: "globex", reason: "Under review" }],
    });
  });

  it("write nothing for the same manifest again", async () => {
    await issuer.apps.put(BILLS);
    expect(await issuer.apps.put(BILLS)).toMatchObject({ revision: 1, diff: [] });
    expect((await issuer.apps.history("bills")).items).toHaveLength(1);
  });

  it("let one of two writers win that expect the same revision", async () => {
    await issuer.apps.put(BILLS);
    const write = (at: Issuer, name: string): Promise<unknown> =>
      at.apps.put({ ...BILLS, name }, { expectedRevision: 1 }).catch((error: unknown) => error);
    const results = await Promise.all([write(issuer, "A"), write(other, "B")]);
    const [loser] = results.filter((result) => result instanceof Error);
    expect(results.filter((result) => result instanceof Error)).toHaveLength(1);
    expect(loser).toMatchObject({ code: "REVISION_CONFLICT", details: { revision: 2 } });
  });

  it.each<[string, Partial<ManifestInput>, boolean]>([
    ["gains a scope", { scopes: [...BILLS.scopes, "bills:pay"] }, false],
    ["has another name", { name: "Invoices" }, false],
    ["loses a scope", { scopes: ["bills:read"] }, true],
    ["moves to another origin", { url: "https://bills.test/" }, true],
    ["now needs proofs", { proofRequired: true }, true],
  ])("have their tokens revoked when one %s: %s, %s", async (_what, change, isRevoked) => {
    await issuer.apps.put(BILLS);
    await issuer.apps.put({ ...BILLS, ...change });
    expect(await revoked()).toEqual(isRevoked ? ["app bills"] : []);
  });

  it("get no tokens while suspended, in one tenant or everywhere", async () => {
    const [acme, globex] = [await signIn(), await signIn("globex")];
    await issuer.apps.put(BILLS);
    await issuer.apps.suspend("bills", { reason: "Under review", tenantId: "acme" });
    expect([await outcome(acme), await outcome(globex)]).toEqual(["403 app-suspended", "minted"]);
    const { detail } = (await (await mint(acme)).json()) as { detail: string };
    expect(detail).toBe("The app is suspended: Under review");
    await issuer.apps.suspend("bills", { reason: "Leaks data" });
    expect(await outcome(globex)).toBe("403 app-suspended");
    expect(await revoked()).toEqual(["app bills acme", "app bills"]);
    expect(await issuer.apps.resume("bills")).toBe(true);
    expect(await issuer.apps.resume("bills")).toBe(false);
    expect([await outcome(acme), await outcome(globex)]).toEqual(["403 app-suspended", "minted"]);
    await issuer.apps.resume("bills", { tenantId: "acme" });
    expect(await outcome(acme)).toBe("minted");
  });

  it("mint nothing between the news of a suspension and its reading", async () => {
    const watched = watchedStore(place().store(), ({ query: { sql } }) => {
      if (isAway && sql.startsWith('select * from "breezeway_app"'))
        throw new Error("still reading");
    });
    let isAway = false;
    await using busy = testIssuer({ store: watched, apps: [], onError: () => undefined });
    await busy.ready;
    const cookie = await signIn();
    await issuer.apps.put(BILLS);
    await busy.apps.list();
    const ask = (): Promise<Response> =>
      call(busy, "/session/token", { method: "POST", cookie, body: { appId: "bills" } });
    expect((await ask()).status).toBe(200);
    isAway = true;
    await issuer.apps.suspend("bills", { reason: "Under review" });
    // The endpoint reads the log before it needs the apps.
    expect((await call(busy, "/apps", { cookie })).status).toBe(500);
    expect((await ask()).status).toBe(500);
    isAway = false;
    expect(await reasonOf(await ask())).toBe("403 app-suspended");
    watched.stop();
  });

  it("have a history with actors, reasons and differences, in pages", async () => {
    await issuer.apps.put(BILLS, { actor: "olga" });
    await issuer.apps.put({ ...BILLS, scopes: ["bills:read", "bills:pay"] }, { actor: "pavel" });
    await issuer.apps.suspend("bills", { reason: "Under review", tenantId: "acme", actor: "olga" });
    await issuer.apps.resume("bills", { tenantId: "acme" });
    await issuer.apps.remove("bills", { actor: "olga" });
    const { items, nextCursor } = await other.apps.history("bills", { limit: 3 });
    expect(items).toMatchObject([
      { number: 5, action: "remove", revision: 3, actor: "olga" },
      { number: 4, action: "resume", revision: 2, tenantId: "acme", diff: [] },
      { number: 3, action: "suspend", tenantId: "acme", reason: "Under review", actor: "olga" },
    ]);
    const rest = await other.apps.history("bills", { limit: 3, cursor: nextCursor ?? "" });
    expect(rest.items).toMatchObject([
      {
        number: 2,
        actor: "pavel",
        diff: [{ field: "scopes", added: ["bills:pay"], removed: ["bills:write"] }],
      },
      { number: 1, action: "put", revision: 1, manifest: BILLS },
    ]);
    expect(rest.nextCursor).toBeUndefined();
    expect(audited.filter(({ event }) => event.startsWith("app."))).toEqual([
      {
        event: "app.put",
        app: "bills",
        sub: "olga",
        revision: 1,
        fields: expect.arrayContaining(["url"]),
      },
      { event: "app.put", app: "bills", sub: "pavel", revision: 2, fields: ["scopes"] },
      { event: "app.suspended", app: "bills", sub: "olga", tenant: "acme" },
      { event: "app.resumed", app: "bills", tenant: "acme" },
      { event: "app.removed", app: "bills", sub: "olga", revision: 3 },
    ]);
  });

  it("are listed by id, in pages", async () => {
    for (const id of ["c", "a", "b"])
      await issuer.apps.put({ ...BILLS, id, url: `https://${id}.example/` });
    const { items, nextCursor } = await other.apps.list({ limit: 2 });
    expect(items.map(({ app }) => app.id)).toEqual(["a", "b"]);
    const rest = await other.apps.list({ limit: 2, cursor: nextCursor ?? "" });
    expect(rest.items.map(({ app }) => app.id)).toEqual(["c"]);
    expect(rest.nextCursor).toBeUndefined();
  });

  it("are sent to pages with an ETag, without the addresses of backends", async () => {
    const cookie = await signIn();
    const lifecycle = {
      connectUrl: "https://bills.example/in",
      setupUrl: "https://bills.example/setup",
    };
    await issuer.apps.put({ ...BILLS, lifecycle });
    const response = await list(cookie);
    const text = await response.text();
    expect(JSON.parse(text) as Listed).toMatchObject({
      apps: [
        { manifest: { id: "bills", lifecycle: { setupUrl: lifecycle.setupUrl } }, suspended: null },
      ],
    });
    expect(text).not.toContain(lifecycle.connectUrl);
    const headers = { "if-none-match": response.headers.get("etag") ?? "" };
    expect((await list(cookie, headers)).status).toBe(304);
    await issuer.apps.suspend("bills", { reason: "Under review", tenantId: "acme" });
    const changed = await list(cookie, headers);
    expect(((await changed.json()) as Listed).apps[0]?.suspended).toEqual({
      reason: "Under review",
    });
    expect(
      ((await (await list(await signIn("globex"))).json()) as Listed).apps[0]?.suspended,
    ).toBeNull();
  });

  it("are sent to nobody without a session", async () => {
    expect(await reasonOf(await call(other, "/apps"))).toBe("401 session-missing");
  });

  it("are sent whole to gateways that present the secret", async () => {
    await issuer.apps.put(BILLS);
    await issuer.apps.suspend("bills", { reason: "Under review", tenantId: "acme" });
    const registry = (headers: Record<string, string>): Promise<Response> =>
      call(other, "/registry", { headers });
    expect(await reasonOf(await registry({}))).toBe("401 token-missing");
    expect(await reasonOf(await registry({ authorization: "Bearer other" }))).toBe(
      "401 token-malformed",
    );
    const response = await registry({ authorization: `Bearer ${SECRET}` });
    expect(await response.json()).toMatchObject({
      apps: [
        { manifest: { id: "bills" }, suspensions: [{ tenantId: "acme", reason: "Under review" }] },
      ],
    });
  });

  it("are named on the session's event stream and on the feed when they change", async () => {
    const [acme, globex] = [await signIn(), await signIn("globex")];
    const headers = { authorization: `Bearer ${SECRET}`, accept: "text/event-stream" };
    const feed = readEvents(await call(other, "/revocations", { headers }));
    const pages = await Promise.all(
      [acme, globex].map(async (cookie) =>
        readEvents(await call(other, "/session/events", { cookie })),
      ),
    );
    expect((await feed.next())?.event).toBe("snapshot");
    await issuer.apps.put(BILLS);
    const told = await Promise.all([...pages, feed].map((reader) => reader.next()));
    expect(told.map((event) => event?.event)).toEqual(["apps-changed", "apps-changed", "registry"]);
    await issuer.apps.suspend("bills", { reason: "Under review", tenantId: "globex" });
    expect((await pages[1]?.next())?.event).toBe("apps-changed");
    // They arrive together, or one turn after the other.
    const both = new Set([(await feed.next())?.event, (await feed.next())?.event]);
    expect(both).toEqual(new Set(["registry", "revoked"]));
    await issuer.apps.resume("bills", { tenantId: "globex" });
    await issuer.apps.put({ ...BILLS, name: "Invoices" });
    // The suspension in the other tenant was not told to this page.
    expect(await pages[0]?.next()).toMatchObject({
      event: "apps-changed",
      id: String(Number(told[0]?.id) + 4),
    });
    await Promise.all([...pages, feed].map((reader) => reader.cancel()));
  });

  it("of files cannot be put or removed, but suspended", async () => {
    await issuer.reload({ apps: [{ ...BILLS, id: "files", url: "https://files.example/" }] });
    const readOnly = { code: "APP_READ_ONLY", message: expect.stringContaining("files") };
    const put = issuer.apps.put({ ...BILLS, id: "files", url: "https://files.example/" });
    await expect(put).rejects.toMatchObject(readOnly);
    await expect(issuer.apps.remove("files")).rejects.toMatchObject(readOnly);
    await issuer.apps.suspend("files", { reason: "Under review" });
    expect(await issuer.apps.get("files")).toMatchObject({ source: "file", revision: 0 });
    await issuer.apps.resume("files");
  });

  it("are refused where the option apps has the same id, at a start and at a reload", async () => {
    await issuer.apps.put(BILLS);
    const refusal = { code: "CONFIG_INVALID", message: expect.stringContaining("bills") };
    await other.apps.list();
    await expect(other.reload({ apps: [BILLS] })).rejects.toMatchObject(refusal);
    await using third = testIssuer({ store: place().store(), apps: [BILLS] });
    await expect(third.ready).rejects.toMatchObject(refusal);
  });

  it("may have the origin of another app only on purpose", async () => {
    await issuer.apps.put(BILLS);
    const twin = { ...BILLS, id: "twin" };
    await expect(other.apps.put(twin)).rejects.toMatchObject({
      code: "MANIFEST_INVALID",
      message: expect.stringContaining("belongs to the app bills"),
    });
    expect(await other.apps.put(twin, { sharesOrigin: true })).toMatchObject({ revision: 1 });
  });

  it.each<[string, (apps: IssuerApps) => Promise<unknown>, string]>([
    [
      "an unknown app is suspended",
      (apps) => apps.suspend("none", { reason: "x" }),
      "APP_UNKNOWN none",
    ],
    ["an unknown app is resumed", (apps) => apps.resume("none"), "APP_UNKNOWN none"],
    [
      "a reason is empty",
      (apps) => apps.suspend("bills", { reason: "" }),
      "REQUEST_MALFORMED reason",
    ],
    [
      "a reason has two lines",
      (apps) => apps.suspend("bills", { reason: "a\nb" }),
      "REQUEST_MALFORMED reason",
    ],
    [
      "a tenant is empty",
      (apps) => apps.resume("bills", { tenantId: "" }),
      "REQUEST_MALFORMED tenantId",
    ],
    [
      "a revision is negative",
      (apps) => apps.put(BILLS, { expectedRevision: -1 }),
      "REQUEST_MALFORMED expectedRevision",
    ],
    [
      "an option is unknown",
      (apps) => apps.put(BILLS, { force: true } as object),
      "REQUEST_MALFORMED force",
    ],
    [
      "a manifest is wrong",
      (apps) => apps.put({ ...BILLS, url: "ftp://x" }),
      "MANIFEST_INVALID url",
    ],
    [
      "a manifest is too large",
      (apps) => apps.put({ ...BILLS, capabilities: Array(20_000).fill("a:b") }),
      "MANIFEST_INVALID bytes",
    ],
    ["a page is too long", (apps) => apps.list({ limit: 1_001 }), "REQUEST_MALFORMED limit"],
    [
      "a cursor is foreign",
      (apps) => apps.history("bills", { cursor: "x" }),
      "REQUEST_MALFORMED cursor",
    ],
    [
      "a removal expects another revision",
      (apps) => apps.remove("bills", { expectedRevision: 7 }),
      "REVISION_CONFLICT expectedRevision",
    ],
  ])("are left alone when %s", async (_what, wrong, expected) => {
    await issuer.apps.put(BILLS);
    const [code, word] = expected.split(" ");
    await expect(wrong(issuer.apps)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(word ?? ""),
    });
    expect((await issuer.apps.history("bills")).items).toHaveLength(1);
  });
});
