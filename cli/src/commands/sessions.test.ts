import { join } from "node:path";
import { createIssuer, sqliteStore, type Issuer, type SessionInfo } from "@breezeway/issuer";
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
    apps: [],
    store: sqliteStore({ file: store }),
  });
  await issuer.ready;
});
afterEach(async () => {
  await issuer.close();
  folder[Symbol.dispose]();
});

const run = (args: readonly string[]): Promise<Outcome> =>
  runCommand(["sessions", ...args, "--store", store]);

async function signIn(userId: string, tenantId = "acme"): Promise<string> {
  return (await issuer.sessions.create({ userId, tenantId })).session.handle;
}

const isLive = async (handle: string): Promise<boolean> =>
  (await issuer.sessions.get(handle)) !== undefined;

describe("breezeway sessions", () => {
  it("lists and shows the sessions of a user, and of no one else", async () => {
    const [first, second] = [await signIn("alice"), await signIn("alice", "globex")];
    await signIn("bob");
    const { out } = await run(["list", "--user", "alice"]);
    expect(out.split("\n")).toHaveLength(2);
    expect(out).toMatch(/^\S{22} {2}\S+ +since \S+Z {2}last used \S+Z {2}unknown device/m);
    expect((await run(["list", "--user", "alice", "--tenant", "globex"])).out).toContain(second);
    const json = JSON.parse(
      (await run(["list", "--user", "alice", "--json"])).out,
    ) as SessionInfo[];
    expect(new Set(json.map(({ handle }) => handle))).toEqual(new Set([first, second]));
    expect(JSON.parse((await run(["show", first])).out)).toMatchObject({ userId: "alice" });
    expect((await run(["list", "--user", "nobody"])).out).toBe("The user has no sessions.");
  });

  it("shows the device of a session, and where it signed in", async () => {
    const client = { userAgent: "curl/8 \u001b[31m", address: "203.0.113.77" };
    const { session } = await issuer.sessions.create({ userId: "dora", tenantId: "acme", client });
    expect((await run(["list", "--user", "dora"])).out).toMatch(/Z {2}curl {2}203\.0\.113\.0\/24$/);
    expect(JSON.parse((await run(["show", session.handle])).out)).toMatchObject({
      device: "curl",
      network: "203.0.113.0/24",
    });
  });

  it("prints no secret", async () => {
    const { setCookie, session } = await issuer.sessions.create({
      userId: "alice",
      tenantId: "acme",
    });
    const secret = setCookie.split(";", 1)[0]?.split("=")[1] ?? "none";
    const shown =
      (await run(["show", session.handle])).out +
      (await run(["list", "--user", "alice", "--json"])).out;
    for (const part of secret.split(".")) expect(shown).not.toContain(part);
    expect(shown).not.toMatch(/hash/i);
  });

  it("ends one session, all of a user, those in one tenant, or all of a tenant", async () => {
    const [one, two, elsewhere] = [
      await signIn("alice"),
      await signIn("alice"),
      await signIn("alice", "globex"),
    ];
    const bob = await signIn("bob");
    expect((await run(["revoke", one])).out).toBe("1 session ended.");
    // The issuer follows within a second.
    await expect.poll(() => isLive(one)).toBe(false);
    expect(await isLive(two)).toBe(true);
    expect((await run(["revoke", "--user", "alice", "--tenant", "acme"])).out).toBe(
      "1 session ended.",
    );
    await expect.poll(() => isLive(two)).toBe(false);
    expect(await isLive(elsewhere)).toBe(true);
    expect((await run(["revoke", "--user", "alice"])).out).toBe("1 session ended.");
    await signIn("carol");
    expect((await run(["revoke", "--tenant", "acme", "--yes"])).out).toBe("2 sessions ended.");
    await expect.poll(() => isLive(bob)).toBe(false);
  });

  it("says with --dry-run how many would end, and ends none", async () => {
    const handle = await signIn("alice");
    await signIn("alice");
    for (const [args, expected] of [
      [["--user", "alice"], "2 sessions would end."],
      [["--tenant", "acme"], "2 sessions would end."],
      [[handle], "1 session would end."],
    ] as const) {
      expect((await run(["revoke", ...args, "--dry-run"])).out).toBe(expected);
    }
    expect(await isLive(handle)).toBe(true);
  });

  it.each<[string, readonly string[], string]>([
    [
      "all of a tenant without --yes",
      ["--tenant", "acme"],
      "--yes: is required to end all 1 session of a tenant",
    ],
    ["nothing named", [], "Name either the handle"],
    ["a handle and a user", ["HANDLE", "--user", "alice"], "Name either the handle"],
    ["an unknown handle", ["nothing"], "session-unknown"],
    ["an unknown handle with --dry-run", ["nothing", "--dry-run"], "session-unknown"],
    ["an empty user", ["--user", ""], "userId"],
  ])("ends no session for %s", async (_what, args, message) => {
    const handle = await signIn("alice");
    const { code, err } = await run([
      "revoke",
      ...args.map((arg) => (arg === "HANDLE" ? handle : arg)),
    ]);
    expect(code).toBe(1);
    expect(err).toContain(message);
    expect(await isLive(handle)).toBe(true);
  });
});
