/** Rolling upgrades: earlier versions work on the schema of this version, beside it. */
import { randomUUID } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EARLIER_STATEMENTS } from "../../test-support/earlier-statements.ts";
import {
  openEarlierVersion,
  type EarlierVersion,
  type Values,
} from "../../test-support/earlier-version.ts";
import { describeStores, type Place } from "../../test-support/stores.ts";
import { call, cookieOf, reasonOf, signIn, testIssuer } from "../../test-support/test-issuer.ts";
import { readChanges } from "../changes/change-log.ts";
import type { Issuer } from "../index.ts";
import { createKeyStore, type StoredKey } from "../keys/key-store.ts";
import { createSecret, parseSecret, type IssuedSecret } from "../sessions/session-secret.ts";
import { purgeSessions } from "../sessions/session-purge.ts";
import { migrationsOf } from "./migrations.ts";
import type { OpenStore } from "./store.ts";

const VERSIONS = Object.keys(EARLIER_STATEMENTS);
const DAY_MS = 24 * 3_600_000;

function sessionValues(secret: IssuedSecret, given: Values = {}): Values {
  const nowMs = Date.now();
  return {
    handle: randomUUID(),
    selector_hash: secret.selectorHash,
    secret_hash: secret.secretHash,
    previous_secret_hash: null,
    previous_since_ms: null,
    siblings: "[]",
    user_id: "bob",
    tenant_id: "acme",
    tenants: JSON.stringify({ acme: { scopes: ["orders:read"] } }),
    claims: "{}",
    data: "{}",
    created_at_ms: nowMs,
    last_active_at_ms: nowMs,
    expires_at_ms: nowMs + DAY_MS,
    revoked_at_ms: null,
    revoked_reason: null,
    review_at_ms: nowMs + DAY_MS,
    device: "Firefox on Linux",
    network: null,
    ...given,
  };
}

const changeValues = (kind: string, subject: string, given: Values = {}): Values => ({
  kind,
  subject,
  change_tenant_id: null,
  detail: null,
  at_seconds: Math.floor(Date.now() / 1_000),
  ...given,
});

const key = (kid: string, ordinal: number): StoredKey => ({
  kid,
  alg: "EdDSA",
  ordinal,
  publicJwk: { kty: "OKP", crv: "Ed25519", x: kid },
  reference: `private-${kid}`,
  createdAtMs: 1,
  activatesAtMs: 2,
  activatedAtMs: undefined,
  retiresAtMs: undefined,
  removedAtMs: undefined,
});

const keyValues = (kid: string, ordinal: number): Values => ({
  kid,
  alg: "EdDSA",
  ordinal,
  public_jwk: JSON.stringify(key(kid, ordinal).publicJwk),
  private_reference: `private-${kid}`,
  created_at_ms: 1,
  activates_at_ms: 2,
  retires_at_ms: null,
  removed_at_ms: null,
  activated_at_ms: null,
  ...changeValues("keys-changed", kid),
});

it("has the statements of the version before the newest migration", async () => {
  const names = Object.keys(await migrationsOf("sqlite").getMigrations()).sort();
  expect(VERSIONS).toContain(names.at(-2));
});

describeStores("on a $name store", (place, { name: kind }) => {
  describe.each(VERSIONS)("that this version has migrated, version %s", (version) => {
    let issuer: Issuer;
    let store: OpenStore;
    let earlier: EarlierVersion;
    beforeEach(async () => {
      store = await place().store().open();
      issuer = testIssuer({ store: place().store() });
      await issuer.ready;
      earlier = openEarlierVersion(version, kind, place().location);
    });
    afterEach(async () => {
      await issuer.close();
      await store.close();
      await earlier[Symbol.asyncDispose]();
    });

    /** A session that the earlier version creates, and its cookie for this one. */
    async function createEarlier(given: Values = {}) {
      const [cookieName] = (await signIn(issuer)).split("=");
      const secret = createSecret();
      const values = sessionValues(secret, given);
      await earlier.run("createSession", values);
      const cookieFor = ({ cookieValue }: IssuedSecret): string => `${cookieName}=${cookieValue}`;
      return { secret, values, cookie: cookieFor(secret), cookieFor };
    }

    const session = (cookie: string): Promise<Response> => call(issuer, "/session", { cookie });

    it("creates sessions that this version accepts, refreshes and mints for", async () => {
      const { values, cookie, secret } = await createEarlier();
      expect((await session(cookie)).status).toBe(200);
      const body = { appId: "orders" };
      const minted = await call(issuer, "/session/token", { method: "POST", cookie, body });
      expect(minted.status).toBe(200);
      const refreshed = await call(issuer, "/session/refresh", { method: "POST", cookie });
      expect(refreshed.status).toBe(200);
      const next = parseSecret(cookieOf(refreshed).split("=")[1] ?? "");
      expect(await earlier.run("findSession", values)).toMatchObject([
        {
          handle: values["handle"],
          secret_hash: next?.secretHash,
          previous_secret_hash: secret.secretHash,
        },
      ]);
    });

    it("rotates secrets, and this version learns of each rotation", async () => {
      const { values, secret, cookie, cookieFor } = await createEarlier();
      expect((await session(cookie)).status).toBe(200);
      const next = createSecret(secret.selector);
      await earlier.run("rotateSecret", {
        ...values,
        next_secret_hash: next.secretHash,
        next_siblings: "[]",
        previous_secret_hash: secret.secretHash,
        previous_since_ms: Date.now(),
      });
      expect((await session(cookieFor(next))).status).toBe(200);
      expect(await earlier.run("findSession", values)).toMatchObject([
        { secret_hash: next.secretHash },
      ]);
      const rotations = await store.db.selectFrom("breezeway_rotation").selectAll().execute();
      expect(rotations).toMatchObject([{ handle: values["handle"] }]);
    });

    it("revokes and changes sessions of this version, which notices it", async () => {
      const cookie = await signIn(issuer, "bob");
      expect((await session(cookie)).status).toBe(200);
      const values = { user_id: "bob", limit: 10 };
      const [found = {}] = await earlier.run("findLive", values);
      const handle = String(found["handle"]);
      await earlier.run("updateSession", {
        handle,
        claims: '{"plan":"pro"}',
        ...changeValues("claims-changed", handle),
      });
      await expect
        .poll(async () => (await issuer.sessions.get(handle))?.claims)
        .toEqual({ plan: "pro" });
      await earlier.run("revokeSession", {
        handle,
        revoked_at_ms: Date.now(),
        revoked_reason: "revoked",
        review_at_ms: Date.now() + DAY_MS,
        ...changeValues("session", handle, { detail: "revoked" }),
      });
      await expect.poll(() => session(cookie).then(reasonOf)).toBe("401 session-revoked");
      expect(await earlier.run("findLive", values)).toEqual([]);
    });

    it("reads what this version revokes from the log", async () => {
      const { values, cookie } = await createEarlier({ user_id: "carol" });
      expect(await issuer.sessions.revokeAllForUser("carol")).toEqual([values["handle"]]);
      expect((await session(cookie)).status).toBe(401);
      expect(await earlier.run("findLive", { user_id: "carol", limit: 10 })).toEqual([]);
      expect(await earlier.run("readChanges", { after: 0, limit: 100 })).toContainEqual(
        expect.objectContaining({ kind: "session", subject: values["handle"], detail: "revoked" }),
      );
    });

    it("shares keys with this version", async () => {
      const keys = createKeyStore(store);
      const [own] = await keys.list();
      if (!own) throw new Error("an issuer that is ready has a key");
      await earlier.run("addKey", keyValues("theirs", own.ordinal + 1));
      expect(await keys.list()).toContainEqual(key("theirs", own.ordinal + 1));
      expect(await keys.add(key("ours", own.ordinal + 1), Date.now())).toBe(false);
      expect(await keys.add(key("ours", own.ordinal + 2), Date.now())).toBe(true);
      expect(await earlier.run("listKeys", {})).toMatchObject([
        { kid: own.kid },
        { kid: "theirs", activated_at_ms: null },
        { kid: "ours" },
      ]);
      await earlier.run("removeKey", {
        kid: "theirs",
        removed_at_ms: 3,
        ...changeValues("key", "theirs"),
      });
      expect(await keys.list()).toContainEqual({
        ...key("theirs", own.ordinal + 1),
        reference: "",
        removedAtMs: 3,
      });
    });

    it("shares sign-ins and installations with this version", async () => {
      const login = { state: "s", nonce: "n", code_verifier: "c", return_to: "/" };
      await earlier.run("addLogin", { id_hash: "h", ...login, expires_at_ms: 5 });
      expect(await store.db.selectFrom("breezeway_login_attempt").selectAll().execute()).toEqual([
        { id_hash: "h", ...login, expires_at_ms: 5 },
      ]);
      expect(await earlier.run("takeLogin", { id_hash: "h" })).toMatchObject([{ state: "s" }]);
      await earlier.run("install", {
        app_id: "orders",
        tenant_id: "acme",
        id: "i1",
        state: "installed",
        failure_event: null,
        failure_reason: null,
        failure_detail: null,
        attempts: 0,
        due_at_ms: 0,
        lease_id: null,
        created_at_ms: 1,
        changed_at_ms: 1,
        ...changeValues("installations-changed", "acme"),
      });
      expect(
        await store.db.selectFrom("breezeway_installation").selectAll().execute(),
      ).toMatchObject([{ app_id: "orders", id: "i1" }]);
      expect(await earlier.run("listInstallations", { tenant_id: "acme" })).toHaveLength(1);
    });

    it("leaves ended sessions to the clean-up of this version, and keeps live ones", async () => {
      const ended = await createEarlier({
        expires_at_ms: Date.now() - 2 * DAY_MS,
        review_at_ms: 0,
      });
      const live = await createEarlier();
      await purgeSessions(store, { nowMs: Date.now(), idleMs: 30 * DAY_MS, limit: 100 });
      expect(await earlier.run("findSession", ended.values)).toEqual([]);
      expect(await earlier.run("findSession", live.values)).toHaveLength(1);
    });
  });

  it("keeps the channels of an app that a version without channels changes", async () => {
    await using issuer = testIssuer({ store: place().store(), apps: [] });
    await issuer.ready;
    const beta = { url: "https://bills.example/beta/", version: "2.0.0" };
    const bills = { id: "bills", name: "Bills", version: "1.0.0", url: "https://bills.example/" };
    await issuer.apps.put({ ...bills, channels: { beta } });
    await issuer.apps.setChannel({ appId: "bills", tenantId: "acme", channel: "beta" });
    await using earlier = openEarlierVersion("0009_wishes", kind, place().location);
    const [row = {}] = await earlier.run("readApps", {});
    const change = { ...row, suspensions: '{"":"Under review"}', changes: 3 };
    await earlier.run("changeApp", {
      ...change,
      action: "suspend",
      tenant_id: null,
      reason: "Under review",
      diff: "[]",
      actor: null,
      ...changeValues("apps-changed", "bills"),
    });
    expect(await issuer.apps.get("bills")).toMatchObject({
      suspensions: [{ reason: "Under review" }],
      channels: { tenants: [{ tenantId: "acme", channel: "beta" }] },
    });
    expect((await issuer.apps.history("bills")).items[0]).toMatchObject({ action: "suspend" });
  });

  describe.each(VERSIONS)("that this version migrates meanwhile, version %s", (version) => {
    it("loses no write, and every change has its number", async () => {
      const earlier = openEarlierVersion(version, kind, place().location);
      await earlier.migrate();
      const written: string[] = [];
      const isMigrated = Promise.withResolvers<void>();
      const working = workUntil(earlier, isMigrated.promise, written);
      const { store, subjects } = await migrateAndWrite(place());
      isMigrated.resolve();
      await working;
      const sessions = await store.db.selectFrom("breezeway_session").select("handle").execute();
      expect(sessions.map(({ handle }) => handle).sort()).toEqual(written.toSorted());
      const changes = await readChanges(store.db, 0, 10_000);
      expect(changes.map(({ seq }) => seq)).toEqual(changes.map((_change, index) => index + 1));
      expect(changes.map(({ subject }) => subject).sort()).toEqual(
        [...written, ...subjects].sort(),
      );
      await store.close();
      await earlier[Symbol.asyncDispose]();
    });
  });
});

/** Creates sessions, each with a change, from before the end of `until` to after it. */
async function workUntil(
  earlier: EarlierVersion,
  until: Promise<void>,
  written: string[],
): Promise<void> {
  let isOver = false;
  void until.then(() => (isOver = true));
  for (let after = 0; after < 3; after += isOver ? 1 : 0) {
    const values = sessionValues(createSecret());
    await earlier.run("createSession", values);
    await earlier.run("append", {
      ...values,
      ...changeValues("renewed", String(values["handle"])),
    });
    written.push(String(values["handle"]));
    // SQLite answers within a turn, and the one that migrates needs turns, too.
    await setImmediate();
  }
}

/** Opens the store, which migrates it, and writes changes. */
async function migrateAndWrite(
  place: Place,
): Promise<{ readonly store: OpenStore; readonly subjects: readonly string[] }> {
  const store = await place.store().open();
  const keys = createKeyStore(store);
  const subjects = ["a", "b", "c"];
  for (const [index, kid] of subjects.entries()) await keys.add(key(kid, index), Date.now());
  return { store, subjects };
}
