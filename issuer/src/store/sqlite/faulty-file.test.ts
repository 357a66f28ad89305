/** An SQLite store whose file takes no writes: full, read-only, locked, failing. */
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BridgeError } from "@breezeway/shared";
import { temporaryFolder, type TemporaryFolder } from "@breezeway/test-support/temporary-folder";
import { sqliteStore, type Issuer, type Store } from "../../index.ts";
import { openBrowser, type Browser } from "../../../test-support/client.ts";
import { call, reasonOf, signIn, testIssuer } from "../../../test-support/test-issuer.ts";
import type { OpenStore } from "../store.ts";

let folder: TemporaryFolder;
let file: string;
let issuer: Issuer;
let browser: Browser;
/** The store as the issuer has opened it. */
let open: OpenStore;
let reported: string[];

beforeEach(async () => {
  folder = temporaryFolder();
  file = join(folder.path, "issuer.sqlite");
  const inner = sqliteStore({ file, busyTimeoutMs: 50 });
  const store: Store = {
    kind: "sqlite",
    open: async () => {
      open = await inner.open();
      return open;
    },
  };
  reported = [];
  issuer = testIssuer({
    store,
    onError: (error) => reported.push(BridgeError.is(error) ? error.message : String(error)),
  });
  browser = await openBrowser(issuer);
});
afterEach(async () => {
  await issuer.close();
  folder[Symbol.dispose]();
});

const run = (text: string): Promise<unknown> => sql.raw(text).execute(open.db);

interface Fault {
  /** @returns what ends the fault */
  readonly begin: () => Promise<() => unknown>;
  readonly cause: RegExp;
}

/**
 * A limit of pages fails as a full disk does: when a row cannot be inserted, SQLite rolls the transaction
 * back by itself. Each row of an index on a long text needs new pages.
 */
async function fill(): Promise<() => unknown> {
  const text = "hex(zeroblob(20000))";
  await run(`create index filler on breezeway_change (${text} || seq)`);
  await run(`create index filler2 on breezeway_session (${text} || handle)`);
  // The row of the health endpoint alone. The counter's own row would fail before the change is inserted.
  const probe = "(hex(zeroblob(9000 * seq)) || id) where id = 2";
  await run(`create index filler3 on breezeway_change_counter ${probe}`);
  await run("vacuum");
  const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(open.db);
  await run(`pragma max_page_count = ${rows[0]?.page_count}`);
  return () => run("pragma max_page_count = 1000000");
}

const FAULTS: readonly [string, Fault][] = [
  [
    "is on a full disk",
    {
      begin: fill,
      cause: /the disk is full\. Free space \(SQLite 13: database or disk is full\)\.$/,
    },
  ],
  [
    "is read-only",
    {
      begin: async () => {
        await run("pragma query_only = 1");
        return () => run("pragma query_only = 0");
      },
      cause: /the file is read-only\. .* \(SQLite 8: attempt to write a readonly database\)\.$/,
    },
  ],
  [
    "is locked",
    {
      begin: () => {
        const other = new DatabaseSync(file);
        other.exec("begin immediate");
        return Promise.resolve(() => other.close());
      },
      cause:
        /another process writes to the file for too long\. .* \(SQLite 5: database is locked\)\.$/,
    },
  ],
];

describe.each(FAULTS)("an SQLite file that %s", (_name, { begin, cause }) => {
  it("answers each write with 503 and its cause in the log, and goes on afterwards", async () => {
    const { handle } = (await issuer.sessions.listForUser("alice"))[0]!;
    const [key] = await issuer.keys.list();
    const cookie = await signIn(issuer);
    const post = (path: string, body: unknown): Promise<Response> =>
      call(issuer, path, { method: "POST", body, cookie });
    const writes: Record<string, () => Promise<unknown>> = {
      "sign in": () => post("/login/dev", { userId: "alice", tenantId: "acme" }).then(reasonOf),
      "switch tenant": () => post("/session/tenant", { tenantId: "globex" }).then(reasonOf),
      "sign out": () => call(issuer, "/session", { method: "DELETE", cookie }).then(reasonOf),
      create: () => issuer.sessions.create({ userId: "u", tenantId: "t" }),
      revoke: () => issuer.sessions.revoke(handle),
      "revoke a user": () => issuer.sessions.revokeAllForUser("alice"),
      "revoke an app": () => issuer.sessions.revokeTokensForApp("orders"),
      "update claims": () => issuer.sessions.updateClaims(handle, { role: "clerk" }),
      "update data": () => issuer.sessions.updateData(handle, { a: 1 }),
      "rotate keys": () => issuer.keys.rotate(),
      "remove a key": () => issuer.keys.remove(key!.kid),
    };
    const end = await begin();
    for (const [name, write] of Object.entries(writes)) {
      const outcome = await write().catch((error: unknown) => {
        if (BridgeError.is(error)) reported.push(error.message);
        return BridgeError.is(error) ? `503 ${error.reason}` : error;
      });
      expect([name, outcome]).toEqual([name, "503 store-unavailable"]);
      expect([name, reported.at(-1)]).toEqual([name, expect.stringMatching(cause)]);
    }
    expect((await browser.session()).status).toBe(200);
    await end();
    expect((await browser.refresh()).status).toBe(200);
    await issuer.sessions.revoke(handle);
    expect(await reasonOf(await browser.mint())).toBe("401 session-revoked");
  });

  it("is not ready while it takes no writes, and reports the cause once without a request", async () => {
    const end = await begin();
    for (let asked = 0; asked < 3; asked += 1) {
      const health = await call(issuer, "/health");
      expect([health.status, await health.json()]).toEqual([
        503,
        expect.objectContaining({ ready: false, store: true, writes: false, keys: true }),
      ]);
    }
    expect(reported).toEqual([expect.stringMatching(cause)]);
    await end();
    const health = await call(issuer, "/health");
    expect([health.status, await health.json()]).toEqual([
      200,
      expect.objectContaining({ ready: true, store: true, writes: true, keys: true }),
    ]);
  });
});
