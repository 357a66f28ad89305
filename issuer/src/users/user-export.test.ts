import { expect, it } from "vitest";
import { describeStores } from "../../test-support/stores.ts";
import { call, cookieOf, signIn } from "../../test-support/test-issuer.ts";
import { setUpUsers } from "../../test-support/users-stage.ts";

describeStores("the export of a user of a $name store", (place) => {
  const stage = setUpUsers(place);

  it("has everything about the user, and nothing about others", async () => {
    const { session } = await stage.signInAlice();
    const ended = await stage.signInAlice("globex");
    await stage.issuer.sessions.revoke(ended.session.handle);
    await signIn(stage.issuer, "bob");
    await stage.actAsAlice();
    const exported = await stage.issuer.users.export("alice");
    expect(exported).toMatchObject({
      userId: "alice",
      sessions: [
        {
          handle: session.handle,
          device: "curl",
          network: "203.0.113.0/24",
          data: { name: "Alice" },
        },
        { handle: ended.session.handle, tenantId: "globex", endedBecause: "revoked" },
      ],
      grants: [{ appId: "tells", tenantId: "acme", scopes: ["orders:read"] }],
      grantHistory: [{ appId: "tells", tenantId: "acme" }],
      appHistory: [
        { appId: "bills", action: "put" },
        { appId: "bills", action: "suspend", reason: "Under review" },
      ],
      revocations: [],
      erasureCalls: [],
    });
    expect(JSON.parse(JSON.stringify(exported))).toEqual(exported);
    expect(JSON.stringify(exported)).not.toContain("bob");
    expect(await stage.issuer.users.export("nobody")).toMatchObject({ sessions: [], grants: [] });
  });

  it("contains no secret and no hash", async () => {
    const { secret, setCookie } = await stage.signInAlice();
    const refreshed = await call(stage.issuer, "/session/refresh", {
      method: "POST",
      cookie: setCookie.split(";", 1)[0],
    });
    const [row] = await stage.store.db.selectFrom("breezeway_session").selectAll().execute();
    const text = JSON.stringify(await stage.issuer.users.export("alice"));
    const canaries = [secret, cookieOf(refreshed).split("=")[1], row?.selector_hash];
    for (const canary of [...canaries, row?.secret_hash, row?.previous_secret_hash]) {
      expect(canary).toMatch(/.{20}/);
      expect(text).not.toContain(canary);
    }
    expect(text).not.toMatch(/hash|secret|sibling/i);
  });

  it("reads more than one batch of everything", async () => {
    const { session } = await stage.signInAlice();
    const row = await stage.store.db
      .selectFrom("breezeway_session")
      .selectAll()
      .executeTakeFirstOrThrow();
    const rows = Array.from({ length: 250 }, (_, index) => ({
      ...row,
      handle: `copy-${index}`,
      selector_hash: `copy-${index}`,
      revoked_at_ms: index < 120 ? 1 : null,
    }));
    await stage.store.db.insertInto("breezeway_session").values(rows).execute();
    const changes = Array.from({ length: 130 }, (_, number) => ({
      app_id: "bills",
      number,
      action: "put" as const,
      revision: 1,
      tenant_id: null,
      reason: null,
      manifest: null,
      diff: "[]",
      actor: "alice",
      at_ms: 1,
    }));
    await stage.store.db.insertInto("breezeway_app_change").values(changes).execute();
    const { sessions, appHistory } = await stage.issuer.users.export("alice");
    expect(new Set(sessions.map(({ handle }) => handle)).size).toBe(251);
    expect(sessions.some(({ handle }) => handle === session.handle)).toBe(true);
    expect(appHistory.map(({ number }) => number)).toEqual(changes.map(({ number }) => number));
  });
});
