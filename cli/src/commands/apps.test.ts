import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createIssuer, sqliteStore, type AppInfo, type Issuer } from "@breezeway/issuer";
import { temporaryFolder } from "@breezeway/test-support/temporary-folder";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCommand, type Outcome } from "../../test-support/run-command.ts";

const BILLS = {
  id: "bills",
  name: "Bills",
  version: "1.0.0",
  url: "https://bills.example/",
  scopes: ["bills:read", "bills:write"],
};
const FILE_APP = { ...BILLS, id: "filed", url: "https://filed.example/" };

let folder: ReturnType<typeof temporaryFolder>;
let store: string;
/** Runs on the same store meanwhile. */
let issuer: Issuer;

beforeEach(async () => {
  folder = temporaryFolder();
  store = join(folder.path, "issuer.sqlite");
  issuer = createIssuer({
    issuer: "http://localhost:4000/auth",
    apps: [FILE_APP],
    store: sqliteStore({ file: store }),
  });
  await issuer.ready;
});
afterEach(async () => {
  await issuer.close();
  folder[Symbol.dispose]();
});

const run = (args: readonly string[], stdin = ""): Promise<Outcome> =>
  runCommand(["apps", ...args, "--store", store], { env: { USER: "olga" }, stdin });

function manifest(change: object = {}): string {
  const file = join(folder.path, "bills.json");
  writeFileSync(file, JSON.stringify({ ...BILLS, ...change }));
  return file;
}

describe("breezeway apps", () => {
  it("puts, lists, shows and removes an app, and running issuers follow", async () => {
    expect((await run(["list"])).out).toBe("The store has no apps.");
    const put = await run(["put", manifest()]);
    expect(put.out).toContain("bills has revision 1.\n");
    expect(put.out).toContain("  scopes: +bills:read +bills:write");
    expect(await issuer.apps.get("bills")).toMatchObject({ revision: 1 });
    expect((await run(["list"])).out).toBe(
      "bills  1.0.0  revision 1  active  stable  https://bills.example/",
    );
    const [listed] = JSON.parse((await run(["list", "--json"])).out) as AppInfo[];
    expect(listed).toMatchObject({ app: { id: "bills" }, revision: 1, suspensions: [] });
    expect(JSON.parse((await run(["show", "bills"])).out)).toEqual(listed);
    expect((await run(["remove", "bills"])).out).toBe("bills is removed.");
    expect(await issuer.apps.get("bills")).toBeUndefined();
    expect(await run(["remove", "bills"])).toMatchObject({
      code: 1,
      err: "app-unknown: The store has no app bills. See `breezeway apps list`.",
    });
  });

  it("shows what a manifest would change, and writes nothing", async () => {
    await run(["put", manifest()]);
    const file = manifest({ version: "1.1.0", scopes: ["bills:read", "bills:pay"] });
    const expected = [
      "bills would have revision 2.",
      '  version: "1.0.0" → "1.1.0"',
      "  scopes: -bills:write +bills:pay",
      "Its older tokens would be revoked.",
    ].join("\n");
    for (const args of [
      ["diff", file],
      ["put", file, "--dry-run"],
    ]) {
      expect(await run(args)).toEqual({ code: 0, out: expected, err: "" });
    }
    expect(await issuer.apps.get("bills")).toMatchObject({ revision: 1 });
    expect((await run(["diff", manifest()])).out).toBe(
      "bills would stay at revision 1: nothing differs.",
    );
  });

  it("reads a manifest from standard input", async () => {
    expect((await run(["put", "-"], JSON.stringify(BILLS))).code).toBe(0);
    const wrong = await run(["put", "-"], "{");
    expect(wrong).toMatchObject({
      code: 1,
      err: expect.stringContaining("standard input") as string,
    });
  });

  it("suspends and resumes, in one tenant or everywhere, also an app of a file", async () => {
    await run(["put", manifest()]);
    const suspended = await run([
      "suspend",
      "bills",
      "--reason",
      "Under review",
      "--tenant",
      "acme",
    ]);
    expect(suspended.out).toBe("bills is suspended in acme.");
    expect((await run(["list"])).out).toContain("suspended in 1");
    await run(["suspend", "bills", "--reason", "Under review"]);
    expect((await run(["list"])).out).toContain("  suspended  ");
    expect((await run(["resume", "bills"])).out).toBe("bills is resumed everywhere.");
    expect((await run(["resume", "bills"])).out).toBe("bills was not suspended everywhere.");
    await run(["suspend", "filed", "--reason", "Under review"]);
    expect(await issuer.apps.get("filed")).toMatchObject({
      source: "file",
      suspensions: [{ reason: "Under review" }],
    });
  });

  it("lists the history with actors and differences", async () => {
    await run(["put", manifest()]);
    await run(["put", manifest({ name: "Invoices" }), "--actor", "pavel"]);
    await run(["suspend", "bills", "--reason", "Under review"]);
    const { out } = await run(["history", "bills"]);
    expect(
      out
        .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "TIME")
        .split("\n")
        .slice(0, 4),
    ).toEqual([
      "3  TIME  suspend by olga, revision 2: Under review",
      "2  TIME  put by pavel, revision 2",
      '   name: "Bills" → "Invoices"',
      "1  TIME  put by olga, revision 1",
    ]);
  });

  describe("with channels", () => {
    const channels = { beta: { url: "https://bills.example/beta/", version: "2.0.0-rc.1" } };
    beforeEach(async () => {
      expect((await run(["put", manifest({ channels })])).code).toBe(0);
    });
    const current = async (): Promise<AppInfo["channels"] | undefined> =>
      (await issuer.apps.get("bills"))?.channels;

    it("puts a tenant on one and takes it off, and names both in list, show and history", async () => {
      expect((await run(["channel", "bills", "acme", "beta"])).out).toBe(
        "acme: stable → beta of bills.",
      );
      expect(await current()).toMatchObject({ tenants: [{ tenantId: "acme", channel: "beta" }] });
      expect((await run(["list"])).out).toContain("  1 on channels  ");
      expect(JSON.parse((await run(["show", "bills"])).out)).toMatchObject({
        channels: { tenants: [{ tenantId: "acme", channel: "beta" }] },
      });
      expect((await run(["history", "bills"])).out).toContain(
        "set-channel beta in acme by olga, revision 1",
      );
      expect((await run(["channel", "bills", "acme", "beta"])).out).toBe(
        "acme stays on beta of bills.",
      );
      const off = await run(["channel", "bills", "acme", "stable", "--json", "--actor", "pavel"]);
      expect(JSON.parse(off.out)).toEqual({ isChanged: true, before: "beta", after: "stable" });
      expect((await current())?.tenants).toEqual([]);
    });

    it("rolls one out and back, also for an app of a file", async () => {
      expect((await run(["roll-out", "bills", "beta", "10"])).out).toBe(
        "bills: no rollout → beta 10 %.",
      );
      expect((await run(["list"])).out).toContain("  beta 10 %  ");
      expect((await run(["roll-out", "bills", "beta", "50"])).out).toBe(
        "bills: beta 10 % → beta 50 %.",
      );
      expect((await run(["history", "bills"])).out).toContain("roll-out beta 50 % by olga");
      expect((await run(["roll-back", "bills"])).out).toBe("bills: beta 50 % → no rollout.");
      expect((await run(["roll-back", "bills"])).out).toBe("bills has no rollout.");
      expect((await run(["roll-out", "filed", "beta", "10"])).code).toBe(0);
      expect((await issuer.apps.get("filed"))?.channels.rollOut).toEqual({
        channel: "beta",
        percent: 10,
        isMissing: true,
      });
    });

    it("writes nothing in a dry run", async () => {
      for (const [args, out] of [
        [["channel", "bills", "acme", "beta"], "Would write: acme: stable → beta of bills."],
        [["roll-out", "bills", "beta", "10"], "Would write: bills: no rollout → beta 10 %."],
        [["roll-back", "bills"], "bills has no rollout."],
      ] as const) {
        expect(await run([...args, "--dry-run"])).toEqual({ code: 0, out, err: "" });
      }
      expect(await current()).toEqual({ tenants: [], rollOut: null });
    });

    it("says who falls back to stable when a manifest lacks the channel", async () => {
      await run(["channel", "bills", "acme", "beta"]);
      const { out } = await run(["put", manifest()]);
      expect(out).toContain("Tenants on beta are on stable: the manifest has no such channel.");
      expect((await run(["list"])).out).toContain("1 on channels, 1 on missing ones");
    });

    it.each<[string, readonly string[], string]>([
      ["an unknown channel", ["channel", "bills", "acme", "alpha"], "has no channel alpha"],
      ["a share in words", ["roll-out", "bills", "beta", "half"], "<percent>"],
      ["a share of 0", ["roll-out", "bills", "beta", "0"], "percent"],
      ["stable as a rollout", ["roll-out", "bills", "stable", "5"], "must not be stable"],
    ])("refuses %s, and names it", async (_what, args, message) => {
      expect(await run(args)).toMatchObject({
        code: 1,
        err: expect.stringContaining(message) as string,
      });
      expect(await current()).toEqual({ tenants: [], rollOut: null });
    });
  });

  it.each<[string, readonly string[], string]>([
    [
      "another revision",
      ["put", "FILE", "--expect-revision", "7"],
      "revision-conflict: expectedRevision: is 7",
    ],
    ["a revision in letters", ["put", "FILE", "--expect-revision", "x"], "--expect-revision"],
    ["a missing file", ["put", "nothing.json"], "nothing.json: cannot be read"],
    ["an unknown app to show", ["show", "none"], "app-unknown"],
    ["an unknown app's history", ["history", "none"], "app-unknown"],
    ["a reason with a line break", ["suspend", "bills", "--reason", "a\nb"], "reason"],
  ])("refuses %s, and names it", async (_what, args, message) => {
    await run(["put", manifest()]);
    const { code, err } = await run(
      args.map((arg) => (arg === "FILE" ? manifest({ name: "x" }) : arg)),
    );
    expect(code).toBe(1);
    expect(err).toContain(message);
    expect(await issuer.apps.get("bills")).toMatchObject({ revision: 1, suspensions: [] });
  });

  it("refuses a suspension without a reason", async () => {
    expect((await run(["suspend", "bills"])).code).toBe(2);
  });
});
