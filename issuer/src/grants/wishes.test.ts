import { afterEach, beforeEach, expect, it } from "vitest";
import type { ManifestInput } from "@breezeway/shared/schemas";
import { testIssuer } from "../../test-support/test-issuer.ts";
import { describeStores } from "../../test-support/stores.ts";
import type { AuditEvent } from "../audit/audit.ts";
import type { Grant, Issuer, IssuerOptions, Store } from "../index.ts";

const BILLS = {
  id: "bills",
  name: "Bills",
  version: "1.0.0",
  url: "https://bills.example/",
  scopes: ["bills:read", "bills:write"],
  optionalScopes: ["bills:pay"],
} satisfies ManifestInput;
const REPORTS = { ...BILLS, id: "reports", name: "Reports", url: "https://reports.example/" };
const KEY = { appId: "bills", tenantId: "acme" };

describeStores("on $name", (place) => {
  let store: Store;
  let issuer: Issuer;
  /** Another process on the same store. */
  let other: Issuer;
  let audited: AuditEvent[];

  const open = async (options: Partial<IssuerOptions> = {}): Promise<Issuer> => {
    const opened = testIssuer({
      store,
      apps: [BILLS, REPORTS],
      consent: "required",
      audit: (event) => audited.push(event),
      ...options,
    });
    await opened.ready;
    return opened;
  };
  const grants = (at = issuer): Issuer["installations"]["grants"] => at.installations.grants;

  beforeEach(async () => {
    audited = [];
    store = place().store();
    issuer = await open();
    other = await open();
  });
  afterEach(async () => {
    await issuer.close();
    await other.close();
  });

  it("a wish waits, grows, and is seen by every process", async () => {
    const wish = { ...KEY, userId: "alice" };
    await grants().wish({ ...wish, scopes: ["bills:write"] });
    await grants(other).wish({ ...wish, scopes: ["bills:pay", "bills:write"] });
    await grants().wish({ ...wish, userId: "bob", scopes: ["bills:read"] });
    // The wish has this scope already.
    await grants().wish({ ...wish, scopes: ["bills:pay"] });
    expect(await grants(other).wishes("acme")).toMatchObject([
      { ...KEY, userId: "bob", scopes: ["bills:read"] },
      { ...wish, scopes: ["bills:write", "bills:pay"] },
    ]);
    expect(await grants().wishes("acme", 1)).toHaveLength(1);
    expect(await grants().wishes("globex")).toEqual([]);
    expect(audited.filter(({ event }) => event === "grant.wished")).toHaveLength(3);
  });

  it("a decision settles the wishes for its app, and for no other", async () => {
    for (const appId of ["bills", "reports"]) {
      await grants().wish({ ...KEY, appId, userId: "alice", scopes: ["bills:pay"] });
    }
    // To refuse is to decide, too.
    await grants().set({ ...KEY, scopes: [] });
    expect(await grants().wishes("acme")).toMatchObject([{ appId: "reports" }]);
  });

  it("a decision settles the wishes of more users than one batch has", async () => {
    const users = Array.from({ length: 501 }, (_, index) => `user-${index}`);
    for (const userId of users) await grants().wish({ ...KEY, userId, scopes: ["bills:pay"] });
    expect(await grants().wishes("acme", 1_000)).toHaveLength(501);
    await grants().set({ ...KEY, scopes: [] });
    expect(await grants().wishes("acme", 1_000)).toEqual([]);
  });

  it("what is added to a grant keeps what it has, and leaves wishes for the rest", async () => {
    await grants().set({ ...KEY, scopes: ["bills:read"] });
    await grants().wish({ ...KEY, userId: "alice", scopes: ["bills:write", "bills:pay"] });
    const grant = await grants(other).set({ ...KEY, scopes: ["bills:pay"], add: true });
    expect(grant.scopes).toEqual(["bills:read", "bills:pay"]);
    expect(await grants().wishes("acme")).toMatchObject([{ scopes: ["bills:write"] }]);
    const granted = { ...KEY, userId: "alice", scopes: ["bills:pay"] };
    expect(await grants().wish(granted)).toBeUndefined();
  });

  it("two that add at once both have what they added", async () => {
    await Promise.all(
      [issuer, other].map((each, index) =>
        grants(each).set({ ...KEY, scopes: [BILLS.scopes[index] ?? ""], add: true }),
      ),
    );
    expect((await grants().get(KEY))?.scopes).toEqual(BILLS.scopes);
  });

  it.each<[string, object, string]>([
    ["an unknown app", { appId: "none" }, "APP_UNKNOWN app"],
    [
      "a scope that the manifest lacks",
      { scopes: ["bills:audit"] },
      "REQUEST_MALFORMED bills:audit",
    ],
    ["an empty user", { userId: "" }, "REQUEST_MALFORMED userId"],
    ["an unknown member", { add: true }, "REQUEST_MALFORMED add"],
  ])("a wish with %s is refused, and named", async (_what, change, expected) => {
    const [code, word] = expected.split(" ");
    const wish = { ...KEY, userId: "alice", scopes: ["bills:read"], ...change };
    await expect(grants().wish(wish)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(word ?? "") as string,
    });
    expect(await grants().wishes("acme")).toEqual([]);
  });

  const adopted = async (
    settings?: Parameters<Issuer["installations"]["grants"]["adopt"]>[0],
  ): Promise<string[]> => {
    const found: Grant[] = [];
    for await (const grant of grants().adopt(settings)) found.push(grant);
    return found.map(({ appId, tenantId, scopes }) => `${tenantId} ${appId} ${scopes.length}`);
  };

  it("grants of the day before are adopted, listed, once, and never against a decision", async () => {
    for (const tenantId of ["globex", "Acme", "acme", "umbrella"]) {
      await issuer.sessions.create({ userId: "alice", tenantId });
    }
    await grants().set({ ...KEY, scopes: [] });
    const expected = [
      "Acme bills 3",
      "Acme reports 3",
      "acme reports 3",
      "globex bills 3",
      "globex reports 3",
      "umbrella bills 3",
      "umbrella reports 3",
    ];
    const sorted = (lines: readonly string[]): string[] => [...lines].sort();
    expect(sorted(await adopted({ dryRun: true }))).toEqual(expected);
    expect(await grants().listForTenant("globex")).toEqual([]);
    expect(sorted(await adopted({ actor: "olga" }))).toEqual(expected);
    expect(await adopted()).toEqual([]);
    expect(await grants().get(KEY)).toMatchObject({ scopes: [] });
    expect(await grants(other).get({ appId: "bills", tenantId: "globex" })).toMatchObject({
      scopes: [...BILLS.scopes, ...BILLS.optionalScopes],
      actor: "olga",
    });
    expect(await adopted({ tenantIds: ["wonka"] })).toEqual(["wonka bills 3", "wonka reports 3"]);
  });
});
