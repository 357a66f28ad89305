import { expect, it } from "vitest";
import { ISSUER_URL } from "@breezeway/test-support/issuer-fixture";
import { problem, readToken, status } from "../../test-support/app-backend.ts";
import {
  gate,
  GUIDED,
  ORDERS,
  PLAIN,
  setUpInstallations,
} from "../../test-support/installations.ts";
import { describeStores } from "../../test-support/stores.ts";
import { testIssuer } from "../../test-support/test-issuer.ts";

describeStores("installations in a $name store", (place) => {
  const stage = setUpInstallations(place);

  it("calls the app's backend, waits for the setup, and calls it at the end with the same id", async () => {
    const begun = await stage.issuer.installations.install(ORDERS);
    expect(begun).toMatchObject({ ...ORDERS, state: "installing" });
    expect(await stage.until("setup")).toMatchObject({ id: begun.id });
    expect(await stage.issuer.installations.completeSetup(ORDERS)).toMatchObject({
      state: "installed",
    });
    expect(await stage.issuer.installations.uninstall(ORDERS)).toMatchObject({
      state: "uninstalling",
    });
    await stage.until("uninstalled");
    const said = { ...ORDERS, installationId: begun.id };
    expect(stage.calls()).toMatchObject([
      { path: "POST /connect", said: { ...said, event: "connect" } },
      { path: "POST /disconnect", said: { ...said, event: "disconnect" } },
    ]);
    const again = await stage.issuer.installations.install(ORDERS);
    expect(again.id).not.toBe(begun.id);
  });

  it("signs each call for its app and its body, valid for a minute", async () => {
    const { id } = await stage.issuer.installations.install(ORDERS);
    await stage.until("setup");
    const [received] = stage.calls();
    const { header, claims } = await readToken(
      received!,
      await stage.issuer.keys.jwks(),
      stage.clock.nowMs,
    );
    const [{ kid } = { kid: "" }] = await stage.issuer.keys.list();
    expect(header).toEqual({ alg: "EdDSA", typ: "lifecycle+jwt", kid });
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(received!.body));
    expect(claims).toEqual({
      iss: ISSUER_URL,
      aud: "orders",
      iat: stage.clock.nowMs / 1_000,
      exp: stage.clock.nowMs / 1_000 + 60,
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      event: "connect",
      installationId: id,
      tenantId: "acme",
      contentDigest: `sha-256=:${Buffer.from(digest).toString("base64")}:`,
    });
    expect(Object.keys(received!.said)).toEqual(["event", "installationId", "appId", "tenantId"]);
  });

  it("installs an app that has neither a backend nor a setup", async () => {
    expect(await stage.issuer.installations.install(PLAIN)).toMatchObject({ state: "installed" });
    expect(await stage.issuer.installations.uninstall(PLAIN)).toMatchObject({
      state: "uninstalled",
    });
    expect(await stage.issuer.installations.install(GUIDED)).toMatchObject({ state: "setup" });
    expect(stage.calls()).toEqual([]);
  });

  it("shows the reason of a backend that refuses, and retries on request", async () => {
    stage.backend.answer = problem(402, { detail: "No plan \u0000includes this." });
    await stage.issuer.installations.install(ORDERS);
    const { id, failure } = await stage.until("failed");
    expect(failure).toEqual({
      event: "connect",
      reason: "refused",
      detail: "No plan includes this.",
    });
    stage.backend.answer = status(204);
    await stage.issuer.installations.retry(ORDERS);
    expect(await stage.until("setup")).toMatchObject({ id });
    expect(stage.calls()).toHaveLength(2);
  });

  it("ends an app's access before the disconnect call, even when its backend refuses", async () => {
    await stage.reopen({ required: true });
    const { session } = await stage.issuer.sessions.create({ userId: "alice", tenantId: "acme" });
    const mint = () => stage.issuer.sessions.mintToken(session.handle, "orders");
    await stage.issuer.installations.install(ORDERS);
    await stage.until("setup");
    await mint();
    const slow = gate();
    const heard = gate();
    stage.backend.answer = async (response) => {
      heard.open();
      await slow.passed;
      response.writeHead(409).end();
    };
    await stage.issuer.installations.uninstall(ORDERS);
    await heard.passed;
    await expect(mint()).rejects.toMatchObject({ code: "APP_NOT_ALLOWED" });
    slow.open();
    await stage.until("failed");
    await expect(mint()).rejects.toMatchObject({ code: "APP_NOT_ALLOWED" });
  });

  it("can uninstall an app that is no longer registered", async () => {
    await stage.issuer.installations.install(PLAIN);
    const later = stage.open({}, { apps: [] });
    await expect(later.installations.install(PLAIN)).rejects.toMatchObject({ code: "APP_UNKNOWN" });
    expect(await later.installations.uninstall(PLAIN)).toMatchObject({ state: "uninstalled" });
  });

  it("writes each step to the audit log, without secrets and without text of a backend", async () => {
    const errors: string[] = [];
    const canary = "canary-9d2b";
    stage.backend.answer = problem(422, { detail: `${canary} refused` });
    const listening = stage.open(
      {},
      { onError: (error) => void errors.push(JSON.stringify(error)) },
    );
    const { id } = await listening.installations.install(ORDERS);
    await stage.until("failed");
    await listening.installations.uninstall(ORDERS);
    await stage.until("failed");
    const told = () => stage.events.filter(({ event }) => event.startsWith("installation."));
    // The audit line follows the write to the store.
    await expect
      .poll(() => told().map(({ event, reason }) => [event, reason]), { interval: 5 })
      .toEqual([
        ["installation.installing", undefined],
        ["installation.failed", "refused"],
        ["installation.uninstalling", undefined],
        ["installation.failed", "refused"],
      ]);
    expect(told()[0]).toMatchObject({ app: "orders", tenant: "acme", installation: id });
    const written = JSON.stringify(stage.events) + errors.join();
    expect(written).not.toContain(canary);
    for (const { token } of stage.calls()) expect(written).not.toContain(token.slice(10, 60));
  });

  it("continues when the audit log and the error log fail", async () => {
    let failures = 0;
    const fail = (): never => {
      failures += 1;
      throw new Error("the disk of the logs is full");
    };
    await stage.reopen(
      {},
      { audit: ({ event }) => event === "installation.setup" && fail(), onError: fail },
    );
    await stage.issuer.installations.install(ORDERS);
    await stage.until("setup");
    await expect.poll(() => failures, { interval: 5 }).toBe(2);
    await stage.issuer.installations.uninstall(ORDERS);
    await stage.until("uninstalled");
  });

  it.each([
    ["empty", ""],
    ["too long", "x".repeat(257)],
    ["with a NUL", "ac\0me"],
    ["with half of a surrogate pair", "acme\ud83d"],
    ["not a string", 7 as never],
  ])("refuses an id that is %s, naming the field", async (_name, bad) => {
    const { installations } = stage.issuer;
    const malformed = (field: string) =>
      expect.objectContaining({
        code: "REQUEST_MALFORMED",
        message: expect.stringContaining(`${field}: must`) as string,
      });
    for (const command of ["install", "uninstall", "retry", "completeSetup", "get"] as const) {
      const unknown = installations[command]({ ...ORDERS, tenantId: bad });
      await expect(unknown).rejects.toEqual(malformed("tenantId"));
      await expect(installations[command]({ ...ORDERS, appId: bad })).rejects.toEqual(
        malformed("appId"),
      );
    }
    await expect(installations.listForTenant(bad)).rejects.toEqual(malformed("tenantId"));
  });
});

it("an issuer without the option has no installations", async () => {
  const issuer = testIssuer();
  await expect(issuer.installations.install(ORDERS)).rejects.toMatchObject({
    code: "CONFIG_INVALID",
  });
  await issuer.close();
});
