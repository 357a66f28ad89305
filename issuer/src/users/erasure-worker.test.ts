import { expect, it } from "vitest";
import { readToken, status } from "../../test-support/app-backend.ts";
import { describeStores } from "../../test-support/stores.ts";
import { call, testIssuer } from "../../test-support/test-issuer.ts";
import { setUpUsers } from "../../test-support/users-stage.ts";
import { createUserManager } from "../index.ts";

describeStores("apps of an erased user of a $name store", (place) => {
  const stage = setUpUsers(place);

  it("get a signed call, once for each tenant that has them", async () => {
    for (const tenantId of ["acme", "globex", "initech"]) await stage.install("tells", tenantId);
    await stage.install("silent", "acme");
    await stage.signInAlice();
    await stage.signInAlice("globex");
    const { told, kept } = await stage.issuer.users.erase("alice");
    expect(told).toHaveLength(2);
    expect(kept).toMatchObject([{ what: "calls", count: 2 }]);
    await expect.poll(() => stage.calls().length).toBe(2);
    await expect.poll(() => stage.everything()).not.toContain("alice");
    expect(new Set(stage.calls().map(({ said }) => said["tenantId"]))).toEqual(
      new Set(["acme", "globex"]),
    );
    const [received] = stage.calls();
    if (!received) throw new Error("no call");
    expect(received.path).toBe("POST /erased");
    expect(received.said).toMatchObject({
      event: "user-erased",
      userId: "alice",
      appId: "tells",
    });
    const { header, claims } = await readToken(
      received,
      await stage.issuer.keys.jwks(),
      Date.now(),
    );
    expect(header).toMatchObject({ typ: "lifecycle+jwt" });
    expect(claims).toMatchObject({ event: "user-erased", userId: "alice", aud: "tells" });
    expect(stage.events).toContainEqual(
      expect.objectContaining({ event: "user.erasure-delivered", sub: "alice", app: "tells" }),
    );
  });

  it("get a call in tenants that the caller names, after the sessions were forgotten", async () => {
    await stage.install("tells", "initech");
    await stage.issuer.users.erase("alice", { tenantIds: ["initech"] });
    await expect.poll(() => stage.calls().map(({ said }) => said["tenantId"])).toEqual(["initech"]);
  });

  it("are not noted where nobody would call them", async () => {
    await stage.install("tells", "acme");
    await stage.signInAlice();
    await using without = testIssuer({
      store: place().store(),
      apps: (await stage.issuer.apps.list()).items.map(({ app }) => app),
    });
    expect(await without.users.erase("alice")).toMatchObject({ sessions: 1, told: [], kept: [] });
    expect(await stage.waitingCalls()).toEqual([]);
  });

  it("get a call again after a failure, with the id kept until then", async () => {
    await stage.install("tells", "acme");
    await stage.signInAlice();
    stage.backend.answer = status(503);
    await stage.issuer.users.erase("alice");
    await expect.poll(() => stage.calls().length).toBe(1);
    const [waiting] = await stage.waitingCalls();
    expect(waiting).toMatchObject({ user_id: "alice", attempts: 1 });
    expect((await stage.issuer.users.export("alice")).erasureCalls).toEqual([
      { appId: "tells", tenantId: "acme", attempts: 1 },
    ]);
    stage.backend.answer = status(204);
    await stage.store.db.updateTable("breezeway_erasure_call").set({ due_at_ms: 0 }).execute();
    await expect.poll(() => stage.waitingCalls()).toEqual([]);
    expect(stage.calls()).toHaveLength(2);
  });

  it.each([
    ["a refusal", 410, {}],
    ["the last attempt", 503, { maxAttempts: 1 }],
  ] as const)(
    "get no other call after %s, which the audit log has",
    async (_what, code, installations) => {
      await stage.reopen({ installations });
      await stage.install("tells", "acme");
      await stage.signInAlice();
      stage.backend.answer = status(code);
      await stage.issuer.users.erase("alice");
      await expect
        .poll(() => stage.events.map(({ event }) => event))
        .toContain("user.erasure-undelivered");
      expect(await stage.waitingCalls()).toEqual([]);
    },
  );

  it("get a call of a running issuer after an erasure on the command line", async () => {
    await stage.install("tells", "acme");
    await stage.install("silent", "acme");
    const { setCookie } = await stage.signInAlice();
    await using manager = await createUserManager({ store: place().store() });
    const { told } = await manager.erase("alice");
    expect(told.map(({ appId }) => appId)).toEqual(["silent", "tells"]);
    const cookie = setCookie.split(";", 1)[0];
    await expect
      .poll(async () => (await call(stage.issuer, "/session", { cookie })).status, {
        timeout: 5_000,
      })
      .toBe(401);
    await expect.poll(() => stage.calls().length).toBe(1);
    await expect.poll(() => stage.waitingCalls()).toEqual([]);
  });
});
