import { afterEach, beforeEach, expect, it } from "vitest";
import { readChanges } from "../changes/change-log.ts";
import type { AuditEvent } from "../audit/audit.ts";
import type { Issuer } from "../index.ts";
import type { OpenStore } from "../store/store.ts";
import { openBrowser } from "../../test-support/client.ts";
import { maintainedIssuer } from "../../test-support/maintained.ts";
import { copySessions } from "../../test-support/many-sessions.ts";
import { describeStores } from "../../test-support/stores.ts";
import { reasonOf, testClock, testIssuer, type TestClock } from "../../test-support/test-issuer.ts";
import { tableScans, watchedStore, type WatchedStore } from "../../test-support/watched-store.ts";
import { MAX_SESSION_CHANGES, REVOKE_SLICE } from "./session-revocation.ts";

const MANY = MAX_SESSION_CHANGES + REVOKE_SLICE / 2;
const MINUTE = 60_000;
/** Updates sessions by their handles, in one slice. */
const SLICE = /^update "breezeway_session" set "revoked_at_ms"/;

describeStores("an issuer on $name that revokes very many sessions", (place) => {
  let clock: TestClock;
  let store: WatchedStore;
  let direct: OpenStore;
  let issuer: Issuer;
  let audited: AuditEvent[];
  /** The slice at which the store fails this issuer, as if the process had ended. */
  let failsAt: number;

  beforeEach(async () => {
    clock = testClock();
    audited = [];
    failsAt = Number.POSITIVE_INFINITY;
    store = watchedStore(place().store(), () => {
      if (store.matching(SLICE).length >= failsAt) throw new Error("the power failed");
    });
    direct = await place().store().open();
    issuer = testIssuer({ store, clock, audit: (event) => audited.push(event) });
    await issuer.ready;
  });
  afterEach(async () => {
    await issuer.close();
    await direct.close();
    store.stop();
  });

  async function fill(count = MANY): Promise<string[]> {
    const { session } = await issuer.sessions.create({ userId: "alice", tenantId: "acme" });
    return [session.handle, ...(await copySessions(direct, count - 1))];
  }

  /** The log without the changes of keys: kind and subject. */
  async function logged(): Promise<string[]> {
    const changes = await readChanges(direct.db, 0, 1_000);
    return changes
      .filter(({ kind }) => kind !== "keys-changed")
      .map(({ kind, subject }) => `${kind} ${subject}`);
  }

  async function live(): Promise<number> {
    const rows = direct.db.selectFrom("breezeway_session").select("handle");
    return (await rows.where("revoked_at_ms", "is", null).execute()).length;
  }

  const all = {
    user: () => issuer.sessions.revokeAllForUser("alice"),
    "user in a tenant": () => issuer.sessions.revokeAllForUser("alice", { tenantId: "acme" }),
    tenant: () => issuer.sessions.revokeAllInTenant("acme"),
  };
  const subjects = { user: "user alice", "user in a tenant": "user alice", tenant: "tenant acme" };
  const cases = ["user", "user in a tenant", "tenant"] as const;

  it.each(cases)("announces those of a %s as a whole, with one audit line", async (which) => {
    const handles = await fill();
    await copySessions(direct, 2, (n) => ({
      handle: `other-${n}`,
      selector_hash: `other-${n}`,
      tenant_id: "globex",
      ...(which === "user" ? { user_id: "bob" } : {}),
    }));
    expect((await all[which]()).sort()).toEqual(handles.sort());
    expect(await live()).toBe(2);
    const log = await logged();
    const entry = subjects[which];
    expect(log.at(0)).toBe(entry);
    expect(log.at(-1)).toBe(entry);
    const between = `sessions-ended ${entry.split(" ")[1]}`;
    // A slow machine may need an entry for a second that passed.
    expect(log.every((change) => change === entry || change === between)).toBe(true);
    const lines = audited.filter(({ event }) => event === "session.revoked");
    const tenant = which === "user" ? {} : { tenant: "acme" };
    const sub = which === "tenant" ? {} : { sub: "alice" };
    expect(lines).toEqual([
      { event: "session.revoked", reason: "revoked", count: MANY, ...sub, ...tenant },
    ]);
    expect(await all[which]()).toEqual([]);
  });

  it("revokes in small statements by an index, with a turn for others between", async () => {
    await fill();
    store.statements.length = 0;
    await all.tenant();
    const slices = store.matching(SLICE);
    expect(slices).toHaveLength(Math.ceil(MANY / REVOKE_SLICE));
    expect(slices.every(({ rows }) => rows <= REVOKE_SLICE)).toBe(true);
    expect(new Set(slices.map(({ turn }) => turn)).size).toBe(slices.length);
    await all.user();
    await all["user in a tenant"]();
    await issuer.sessions.listForUser("alice", { tenantId: "acme" });
    for (const { query } of store.matching(/ "breezeway_(?:session|revocation)"/)) {
      expect(await tableScans(direct, query), query.sql).toEqual([]);
    }
  });

  it("ends tokens of other processes at once and for good", async () => {
    const other = testIssuer({ store: place().store(), clock });
    const browser = await openBrowser(other);
    await copySessions(direct, MANY);
    expect((await browser.mint()).status).toBe(200);
    await all.tenant();
    await expect
      .poll(async () => {
        const response = await browser.mint();
        return response.ok ? "granted" : reasonOf(response);
      })
      .toBe("401 session-revoked");
    await other.close();
  });

  it("is finished by the next call when it failed in the middle, whatever is left", async () => {
    const handles = await fill();
    // A tenth of the sessions is left, fewer than those for which the feed names the tenant.
    failsAt = Math.ceil(MANY / REVOKE_SLICE);
    await expect(all.tenant()).rejects.toThrow("the power failed");
    const left = await live();
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(MAX_SESSION_CHANGES);
    failsAt = Number.POSITIVE_INFINITY;
    expect(await all.tenant()).toHaveLength(left);
    expect(await live()).toBe(0);
    expect((await logged()).at(-1)).toBe("tenant acme");
    expect(audited.at(-1)).toMatchObject({ event: "session.revoked", count: handles.length });
  });

  it("announces the end to readers of the feed although nothing was left to revoke", async () => {
    await fill();
    failsAt = 2;
    await expect(all.tenant()).rejects.toThrow("the power failed");
    await direct.db.deleteFrom("breezeway_session").where("revoked_at_ms", "is", null).execute();
    const before = (await logged()).length;
    failsAt = Number.POSITIVE_INFINITY;
    expect(await all.tenant()).toEqual([]);
    expect((await logged()).slice(before)).toEqual(["tenant acme", "tenant acme"]);
  });

  it("is finished by the maintenance of another process after a minute", async () => {
    await fill();
    failsAt = 2;
    await expect(all.tenant()).rejects.toThrow("the power failed");
    const other = await maintainedIssuer(place().store(), clock);
    await other.maintain();
    expect(await live()).toBeGreaterThan(0);
    clock.advance(MINUTE + 1);
    await other.maintain();
    expect(await live()).toBe(0);
    expect((await logged()).at(-1)).toBe("tenant acme");
    await other.issuer.close();
  });
});
