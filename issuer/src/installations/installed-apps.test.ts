import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Issuer } from "../index.ts";
import { openBrowser, type Browser } from "../../test-support/client.ts";
import { describeStores } from "../../test-support/stores.ts";
import {
  call,
  reasonOf,
  testClock,
  testIssuer,
  type TestClock,
} from "../../test-support/test-issuer.ts";
import { createInstalledApps } from "./installed-apps.ts";
import type { InstallationRecord } from "./installation-machine.ts";

const ORDERS = { appId: "orders", tenantId: "acme" };

describeStores("where only installed apps get tokens, over $name", (place) => {
  let a: Issuer;
  let b: Issuer;
  let alice: Browser;
  let clock: TestClock;

  beforeEach(async () => {
    clock = testClock();
    const open = () =>
      testIssuer({ store: place().store(), clock, installations: { required: true } });
    [a, b] = [open(), open()];
    await Promise.all([a.ready, b.ready]);
    alice = await openBrowser(a);
  });
  afterEach(() => Promise.all([a.close(), b.close()]));

  const minted = async (at: Issuer) => {
    const response = await alice.mint(at);
    return response.ok ? "minted" : reasonOf(response);
  };

  it("an app that is not installed is refused, over HTTP and by the programmatic API", async () => {
    expect(await minted(a)).toBe("403 app-not-allowed");
    const [session] = await a.sessions.listForUser("alice");
    await expect(a.sessions.mintToken(session!.handle, "orders")).rejects.toMatchObject({
      code: "APP_NOT_ALLOWED",
    });
    await a.installations.install({ appId: "inspector", tenantId: "acme" });
    await a.installations.install({ appId: "orders", tenantId: "globex" });
    expect(await minted(a)).toBe("403 app-not-allowed");
  });

  it("an installed app gets tokens at once in the same process, and within a second in others", async () => {
    expect(await minted(b)).toBe("403 app-not-allowed");
    await a.installations.install(ORDERS);
    expect(await minted(a)).toBe("minted");
    await expect.poll(() => minted(b), { interval: 5 }).toBe("minted");
  });

  it("an uninstalled app gets no tokens, and its tokens in this tenant are revoked", async () => {
    await a.installations.install(ORDERS);
    await expect.poll(() => minted(b), { interval: 5 }).toBe("minted");
    await a.installations.uninstall(ORDERS);
    expect(await minted(a)).toBe("403 app-not-allowed");
    await expect.poll(() => minted(b), { interval: 5 }).toBe("403 app-not-allowed");
    const lastRevoked = async (): Promise<unknown> => {
      const feed = await call(b, "/revocations", { headers: { accept: "application/json" } });
      return ((await feed.json()) as { revocations: object[] }).revocations[0];
    };
    await expect
      .poll(lastRevoked, { interval: 5 })
      .toMatchObject({ kind: "app", id: "orders", tenantId: "acme" });
  });

  it("an app that is installed again gets tokens that the revocation does not end", async () => {
    await a.installations.install(ORDERS);
    await a.installations.uninstall(ORDERS);
    await a.installations.install(ORDERS);
    const { token } = (await (await alice.mint(a)).json()) as { token: string };
    const claims = JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()) as {
      rev: number;
    };
    const feed = await call(a, "/revocations", { headers: { accept: "application/json" } });
    const { revocations } = (await feed.json()) as { revocations: { seq: number }[] };
    expect(claims.rev).toBeGreaterThanOrEqual(revocations[0]!.seq);
  });

  it("uninstalling an app in one tenant does not affect it in another", async () => {
    for (const tenantId of ["acme", "globex"]) {
      await a.installations.install({ appId: "orders", tenantId });
    }
    await a.installations.uninstall({ appId: "orders", tenantId: "globex" });
    const { token } = (await (await alice.mint(a)).json()) as { token: string };
    const claims = JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()) as {
      iat: number;
    };
    expect(claims.iat).toBe(clock.nowMs / 1_000);
  });
});

describe("the memory of a tenant's apps", () => {
  const installed = { ...ORDERS, state: "installed" } as InstallationRecord;

  it("is queried once", async () => {
    let queries = 0;
    const apps = createInstalledApps({
      listForTenant: () => {
        queries += 1;
        return Promise.resolve([installed]);
      },
    });
    expect(await apps.admits(ORDERS)).toBe(true);
    for (let turn = 0; turn < 100; turn += 1) expect(apps.admits(ORDERS)).toBe(true);
    expect(apps.admits({ ...ORDERS, appId: "stock" })).toBe(false);
    expect(queries).toBe(1);
  });

  it("does not keep a read that a change overtook", async () => {
    const answers = [Promise.withResolvers<InstallationRecord[]>(), undefined];
    let queries = 0;
    const apps = createInstalledApps({
      listForTenant: () => answers[queries++]?.promise ?? Promise.resolve([]),
    });
    const asked = apps.admits(ORDERS);
    apps.forget("acme");
    answers[0]?.resolve([installed]);
    expect(await asked).toBe(false);
    expect(queries).toBe(2);
  });

  it("is queried once for all who wait, and again after a failure", async () => {
    let queries = 0;
    let answer: Promise<InstallationRecord[]> = Promise.reject(new Error("the database is away"));
    const apps = createInstalledApps({
      listForTenant: () => {
        queries += 1;
        return answer;
      },
    });
    const failed = await Promise.allSettled([apps.admits(ORDERS), apps.admits(ORDERS)]);
    expect(failed.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    answer = Promise.resolve([installed]);
    const asked = [ORDERS, { ...ORDERS, appId: "stock" }].map(async (key) => apps.admits(key));
    expect(await Promise.all(asked)).toEqual([true, false]);
    expect(queries).toBe(2);
  });

  it("is not delayed by changes of other tenants", async () => {
    let queries = 0;
    const apps = createInstalledApps({
      async listForTenant() {
        queries += 1;
        await Promise.resolve();
        if (queries < 100) apps.forget("globex");
        return [installed];
      },
    });
    expect(await apps.admits(ORDERS)).toBe(true);
    expect(queries).toBe(1);
  });

  it.each(["installing", "failed", "uninstalling", "uninstalled"] as const)(
    "does not admit an app that is %s",
    async (state) => {
      const apps = createInstalledApps({
        listForTenant: () => Promise.resolve([{ ...installed, state }]),
      });
      expect(await apps.admits(ORDERS)).toBe(false);
    },
  );

  it("admits an app in setup, whose page needs tokens", async () => {
    const apps = createInstalledApps({
      listForTenant: () => Promise.resolve([{ ...installed, state: "setup" }]),
    });
    expect(await apps.admits(ORDERS)).toBe(true);
  });
});
