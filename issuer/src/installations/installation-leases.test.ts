import { expect, it } from "vitest";
import type { Installation } from "../index.ts";
import { status } from "../../test-support/app-backend.ts";
import { gate, ORDERS, setUpInstallations } from "../../test-support/installations.ts";
import { describeStores } from "../../test-support/stores.ts";

const DAY_MS = 86_400_000;

describeStores("calls of installations in a $name store", (place) => {
  const stage = setUpInstallations(place);

  it("makes one installation and one call from concurrent requests at two issuers", async () => {
    const other = stage.open();
    const wishes = Array.from({ length: 12 }, (_, index) =>
      (index % 2 === 0 ? stage.issuer : other).installations.install(ORDERS),
    );
    const ids = new Set((await Promise.all(wishes)).map(({ id }) => id));
    expect(ids.size).toBe(1);
    await stage.until("setup");
    expect(await other.installations.get(ORDERS)).toMatchObject({ state: "setup" });
    expect(stage.calls()).toHaveLength(1);
    expect(await stage.issuer.installations.listForTenant("acme")).toHaveLength(1);
    expect(await stage.issuer.installations.listForTenant("globex")).toEqual([]);
  });

  it("retries after an outage, then fails", async () => {
    stage.backend.answer = status(500);
    await stage.reopen({ maxAttempts: 2 });
    await stage.issuer.installations.install(ORDERS);
    const waiting = await failureIn("installing");
    expect(waiting).toMatchObject({ failure: { reason: "server-error" } });
    expect(stage.calls()).toHaveLength(1);
    stage.clock.advance(4_000);
    // The worker wakes by the system's clock. This call wakes it now and changes nothing.
    await stage.issuer.installations.install(ORDERS);
    expect(await stage.until("failed")).toMatchObject({ failure: { reason: "server-error" } });
    expect(stage.calls()).toHaveLength(2);
  });

  it("takes up the call of a dead process once its claim has ended, and ignores that process afterwards", async () => {
    const left = gate();
    const hanging = gate();
    const dying = stage.open({
      fetch: async (...args) => {
        hanging.open();
        await left.passed;
        return fetch(...args);
      },
      timeoutMs: 30_000,
    });
    // Only the dying process makes this call.
    await stage.issuer.close();
    const { id } = await dying.installations.install(ORDERS);
    await hanging.passed;
    await stage.reopen();
    await stage.issuer.installations.retry(ORDERS);
    stage.clock.advance(59_999);
    await stage.issuer.installations.retry(ORDERS);
    expect(stage.calls()).toEqual([]);
    stage.clock.advance(1);
    await stage.issuer.installations.retry(ORDERS);
    expect(await stage.until("setup")).toMatchObject({ id });
    expect(stage.calls()).toHaveLength(1);
    await stage.issuer.installations.completeSetup(ORDERS);
    stage.backend.answer = status(410);
    left.open();
    await expect.poll(() => stage.calls().length).toBe(2);
    await dying.close();
    expect(await stage.issuer.installations.get(ORDERS)).toMatchObject({ state: "installed" });
  });

  it("takes up at once a call that a clock a day ahead has postponed", async () => {
    const hanging = gate();
    await stage.issuer.close();
    stage.clock.advance(DAY_MS);
    const dying = stage.open({
      fetch(_url, init) {
        hanging.open();
        return rejectedWhenAborted(init?.signal);
      },
    });
    const { id } = await dying.installations.install(ORDERS);
    await hanging.passed;
    stage.clock.advance(-DAY_MS);
    await stage.reopen();
    expect(await stage.until("setup")).toMatchObject({ id });
  });

  it("hands a call over at once when its process closes", async () => {
    const begun = gate();
    stage.backend.answer = () => begun.open();
    const { id } = await stage.issuer.installations.install(ORDERS);
    await begun.passed;
    stage.backend.answer = status(204);
    await stage.reopen();
    expect(await stage.until("setup")).toMatchObject({ id });
    expect(stage.calls()).toHaveLength(2);
  });

  it("never runs two calls of one installation at once", async () => {
    const other = stage.open();
    const slow = gate();
    const arrived = gate();
    stage.backend.answer = async (response) => {
      arrived.open();
      await slow.passed;
      response.writeHead(204).end();
    };
    await stage.issuer.installations.install(ORDERS);
    await arrived.passed;
    expect(await other.installations.uninstall(ORDERS)).toMatchObject({ state: "uninstalling" });
    for (const each of [stage.issuer, other]) await each.installations.retry(ORDERS);
    await expect(other.installations.install(ORDERS)).rejects.toMatchObject({
      code: "INSTALLATION_CONFLICT",
    });
    expect(stage.calls()).toHaveLength(1);
    slow.open();
    await stage.until("uninstalled");
    expect(stage.calls().map(({ said }) => said["event"])).toEqual(["connect", "disconnect"]);
  });

  it("does not let a slow app delay the calls of another", async () => {
    const slow = gate();
    let [atOnce, mostAtOnce] = [0, 0];
    const both = { "slow-app": "/slow", "quick-app": "/quick" };
    const apps = Object.entries(both).map(([id, path]) => ({
      id,
      name: id,
      version: "1.0.0",
      url: "https://app.example/",
      lifecycle: { connectUrl: stage.backend.origin + path },
    }));
    stage.backend.answer = async (response, { url }) => {
      if (url === "/slow") {
        mostAtOnce = Math.max(mostAtOnce, (atOnce += 1));
        await slow.passed;
        atOnce -= 1;
      }
      response.writeHead(204).end();
    };
    await stage.issuer.close();
    // An issuer that reaches no backend leaves all calls behind, the quick app's call last.
    const cut = stage.open({ fetch: (_url, init) => rejectedWhenAborted(init?.signal) }, { apps });
    const tenants = Array.from({ length: 40 }, (_, index) => `tenant-${index}`);
    for (const tenantId of tenants)
      await cut.installations.install({ appId: "slow-app", tenantId });
    stage.clock.advance(1);
    await cut.installations.install({ appId: "quick-app", tenantId: "acme" });
    await cut.close();
    await stage.reopen({}, { apps });
    await stage.until("installed", { appId: "quick-app" });
    await expect.poll(() => atOnce, { interval: 5 }).toBe(4);
    slow.open();
    for (const tenantId of tenants) await stage.until("installed", { appId: "slow-app", tenantId });
    expect(mostAtOnce).toBe(4);
  });

  async function failureIn(state: Installation["state"]): Promise<Installation | undefined> {
    await expect
      .poll(async () => (await stage.issuer.installations.get(ORDERS))?.failure)
      .toBeDefined();
    const installation = await stage.issuer.installations.get(ORDERS);
    expect(installation?.state).toBe(state);
    return installation;
  }
});

function rejectedWhenAborted(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_done, fail) => {
    signal?.addEventListener("abort", () => fail(new Error("aborted")));
  });
}
