import { join } from "node:path";
import { createIssuer, sqliteStore, type Issuer, type UserExport } from "@breezeway/issuer";
import { temporaryFolder } from "@breezeway/test-support/temporary-folder";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCommand, type Outcome } from "../../test-support/run-command.ts";

let folder: ReturnType<typeof temporaryFolder>;
let store: string;
/** Runs on the same store meanwhile. */
let issuer: Issuer;

beforeEach(async () => {
  folder = temporaryFolder();
  store = join(folder.path, "issuer.sqlite");
  issuer = createIssuer({
    issuer: "http://localhost:4000/auth",
    apps: [{ id: "orders", name: "Orders", version: "1.0.0", url: "https://orders.example/" }],
    store: sqliteStore({ file: store }),
    installations: {},
  });
  await issuer.installations.install({ appId: "orders", tenantId: "acme" });
  await issuer.sessions.create({ userId: "alice", tenantId: "acme", data: { name: "Alice" } });
});
afterEach(async () => {
  await issuer.close();
  folder[Symbol.dispose]();
});

const run = (args: readonly string[]): Promise<Outcome> =>
  runCommand(["users", ...args, "--store", store]);

const sessions = async (): Promise<number> => (await issuer.sessions.listForUser("alice")).length;

describe("breezeway users", () => {
  it("exports a user as JSON", async () => {
    const exported = JSON.parse((await run(["export", "alice"])).out) as UserExport;
    expect(exported).toMatchObject({ userId: "alice", sessions: [{ data: { name: "Alice" } }] });
  });

  it("says what an erasure would do, and erases nothing", async () => {
    const { code, out } = await run(["erase", "alice", "--dry-run"]);
    expect(out.split("\n")).toEqual([
      "Sessions that would be ended and deleted: 1",
      "Entries of histories that would be cleared of the user: 0",
      "Requests for scopes that would be deleted: 0",
      "App that would learn of it, if it wants: orders in acme",
    ]);
    expect([code, await sessions()]).toEqual([0, 1]);
  });

  it("erases only with --yes", async () => {
    const refused = await run(["erase", "alice"]);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.err).toContain("--yes: is required");
    expect(await sessions()).toBe(1);
    const { out } = await run([
      "erase",
      "alice",
      "--yes",
      "--json",
      "--tenant",
      "globex",
      "initech",
    ]);
    expect(JSON.parse(out)).toMatchObject({
      sessions: 1,
      told: [{ appId: "orders", tenantId: "acme" }],
      kept: [{ what: "calls", count: 1 }],
    });
    expect(await sessions()).toBe(0);
  });
});
