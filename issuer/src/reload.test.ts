import { mkdtempDisposableSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ManifestInput } from "@breezeway/shared/schemas";
import { MANIFESTS } from "@breezeway/test-support/issuer-fixture";
import { sqliteStore, type Issuer } from "./index.ts";
import { call, reasonOf, signIn, testIssuer } from "../test-support/test-issuer.ts";

const INSPECTOR: ManifestInput = MANIFESTS.find(({ id }) => id === "inspector")!;
const ORDERS: ManifestInput = MANIFESTS.find(({ id }) => id === "orders")!;
const BILLS = { ...INSPECTOR, id: "bills", name: "Bills" };

let issuer: Issuer;

beforeEach(() => {
  issuer = testIssuer({ algorithms: { inspector: "ES256" } });
});

afterEach(() => issuer.close());

async function revokedApps(): Promise<string[]> {
  const feed = await call(issuer, "/revocations", { headers: { accept: "application/json" } });
  const { revocations } = (await feed.json()) as { revocations: { kind: string; id: string }[] };
  return revocations.map(({ kind, id }) => `${kind} ${id}`);
}

describe("issuer.reload", () => {
  it("mints tokens for an added app, and none for a removed one", async () => {
    const body = { appId: "bills" };
    const cookie = await signIn(issuer);
    const mint = (): Promise<Response> =>
      call(issuer, "/session/token", { method: "POST", cookie, body });
    expect(await reasonOf(await mint())).toBe("404 app-unknown");
    await issuer.reload({ apps: [...MANIFESTS, BILLS] });
    expect((await mint()).status).toBe(200);
    await issuer.reload({ apps: MANIFESTS });
    expect(await reasonOf(await mint())).toBe("404 app-unknown");
  });

  it.each([
    ["is gone", [INSPECTOR]],
    ["has another origin", [INSPECTOR, { ...ORDERS, url: "https://orders.example/" }]],
    ["has lost a scope", [INSPECTOR, { ...ORDERS, scopes: ["orders:read"] }]],
  ])("revokes the tokens of an app that %s, and no others", async (_what, apps) => {
    await issuer.reload({ apps });
    expect(await revokedApps()).toEqual(["app orders"]);
  });

  it("retries with the next call the revocations that the store could not take", async () => {
    using folder = mkdtempDisposableSync(join(tmpdir(), "issuer-reload-"));
    const file = join(folder.path, "issuer.sqlite");
    await issuer.close();
    issuer = testIssuer({ store: sqliteStore({ file, busyTimeoutMs: 100 }) });
    await issuer.ready;
    using other = new DatabaseSync(file);
    other.exec("begin immediate");
    await expect(issuer.reload({ apps: [] })).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    other.exec("rollback");
    await issuer.reload({ apps: [] });
    expect(await revokedApps()).toEqual(["app orders", "app inspector"]);
  });

  it("revokes nothing when apps gain scopes or change their texts", async () => {
    const scopes = ["orders:read", "orders:write", "orders:delete"];
    await issuer.reload({ apps: [{ ...ORDERS, scopes, name: "All orders" }, INSPECTOR, BILLS] });
    expect(await revokedApps()).toEqual([]);
  });

  it.each([
    ["a manifest is wrong", [...MANIFESTS, { ...BILLS, url: "x" }], "MANIFEST_INVALID"],
    ["an app with an algorithm is gone", [ORDERS], "CONFIG_INVALID"],
  ])("keeps the old apps when %s", async (_what, apps, code) => {
    await expect(issuer.reload({ apps })).rejects.toMatchObject({ code });
    const { session } = await issuer.sessions.create({ userId: "alice", tenantId: "acme" });
    await expect(issuer.sessions.mintToken(session.handle, "inspector")).resolves.toBeDefined();
    expect(await revokedApps()).toEqual([]);
  });
});
