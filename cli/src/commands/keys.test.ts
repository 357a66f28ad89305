import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createIssuer, sqliteStore, type KeyInfo } from "@breezeway/issuer";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCommand, type Outcome } from "../../test-support/run-command.ts";

let folder: string;
let file: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "cli-keys-"));
  file = join(folder, "issuer.sqlite");
  await startOnce(file);
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function startOnce(place: string, encryptionSecret?: string): Promise<void> {
  await using issuer = createIssuer({
    issuer: "http://localhost:4000/auth",
    apps: [],
    store: sqliteStore({ file: place }),
    ...(encryptionSecret === undefined ? {} : { keys: { encryptionSecret } }),
  });
  await issuer.ready;
}

const run = (args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> =>
  runCommand(args, { env });

async function list(): Promise<readonly KeyInfo[]> {
  const { out } = await run(["keys", "list", "--json", "--store", file]);
  return JSON.parse(out) as KeyInfo[];
}

describe("breezeway keys", () => {
  it.each([
    "postgres://me:canary@127.0.0.1:1/none",
    "postgresql://127.0.0.1:1/none?user=me&password=canary",
    "POSTGRES://me:canary@127.0.0.1:1/none",
    "postgres://me:canary@[",
  ])(
    "refuses a store URL with a password as an argument, which all users can see: %s",
    async (store) => {
      const { code, err } = await run(["keys", "list", "--store", store]);
      expect(code).toBe(1);
      expect(err).toContain("--store: must not hold a password");
      expect(err).toContain("BREEZEWAY_STORE");
      expect(err).not.toContain("canary");
      const byEnvironment = await run(["keys", "list"], {
        BREEZEWAY_STORE: "postgres://me:canary@127.0.0.1:1/none",
      });
      expect(byEnvironment.err).toContain("The Postgres store cannot be opened");
    },
  );

  it.each([[["KID", "--emergancy"]], [["--emergancy", "KID"]]])(
    "retires no key when a flag is misspelt: %j",
    async (args) => {
      const [before] = await list();
      const { code, err } = await run(["keys", "retire", ...args, "--store", file]);
      expect(code).toBe(2);
      expect(err).toContain("too many arguments");
      expect(await list()).toEqual([before]);
    },
  );

  it("lists the keys of the store that an option or the environment names", async () => {
    const byOption = await run(["keys", "list", "--store", file]);
    expect(byOption).toMatchObject({ code: 0, err: "" });
    expect(byOption.out).toMatch(/^[\w-]{43} {2}EdDSA {2}active {5}signs from \S+Z$/);
    expect(await run(["keys", "list"], { BREEZEWAY_STORE: file })).toEqual(byOption);
  });

  it("publishes the successor at once on rotation, and signs with it ten minutes later", async () => {
    const { code, out } = await run(["keys", "rotate", "--store", file]);
    expect(code).toBe(0);
    expect(out).toContain("announced");
    const [first, second] = await list();
    expect(first?.retiresAtSeconds).toBe(second?.activatesAtSeconds);
    expect((second?.activatesAtSeconds ?? 0) - (second?.createdAtSeconds ?? 0)).toBe(600);
  });

  it("creates the first key of an algorithm as the signing key", async () => {
    const { out } = await run(["keys", "rotate", "--alg", "ES256", "--store", file]);
    expect(out).toMatch(/ES256 {2}active/);
  });

  it("retires a key in order, or at once with --emergency", async () => {
    const [{ kid } = { kid: "" }] = await list();
    expect((await run(["keys", "retire", kid, "--store", file])).out).toContain("active");
    expect((await list()).map(({ state }) => state)).toEqual(["active", "announced"]);
    const emergency = await run(["keys", "retire", kid, "--emergency", "--store", file]);
    expect(emergency.out).toMatch(/removed {4}removed at \d{4}-/);
    expect(emergency.out).not.toContain("signs from");
    expect((await list()).map(({ state }) => state)).toEqual(["removed", "active"]);
  });

  it("accepts a key id that begins with a dash, before and after an option", async () => {
    for (const args of [
      ["-kid", "--emergency", "--store", file],
      ["--store", file, "-kid"],
    ]) {
      const { code, err } = await run(["keys", "retire", ...args]);
      expect(code).toBe(1);
      expect(err).toContain("no signing key of this id");
    }
  });

  it("decrypts keys with the secret in the environment, and reports a missing secret", async () => {
    const secret = "canary: a long secret";
    const encrypted = join(folder, "encrypted.sqlite");
    await startOnce(encrypted, secret);
    const without = await run(["keys", "list", "--store", encrypted]);
    expect(without.code).toBe(1);
    expect(without.err).toMatch(/^keys-unavailable: Signing key .* is encrypted/);
    const wrong = await run(["keys", "list", "--store", encrypted], {
      BREEZEWAY_KEY_SECRET: "canary: another long secret",
    });
    expect(wrong.code).toBe(1);
    expect(wrong.err).not.toContain("canary");
    const right = await run(["keys", "list", "--store", encrypted], {
      BREEZEWAY_KEY_SECRET: secret,
    });
    expect(right.code).toBe(0);
  });

  it("does not create a missing store", async () => {
    const missing = join(folder, "missing.sqlite");
    const { code, err } = await run(["keys", "rotate", "--store", missing]);
    expect({ code, err }).toEqual({
      code: 1,
      err: `store-unavailable: The session store ${missing} cannot be opened: there is no such file.`,
    });
    expect(() => statSync(missing)).toThrow();
  });

  it.each([
    ["no store", ["keys", "list"], 1, "config-invalid: --store: is required"],
    ["an unknown key", ["keys", "retire", "nope"], 1, "key-unknown: There is no signing key"],
    ["an unknown algorithm", ["keys", "rotate", "--alg", "none"], 1, "config-invalid: --alg"],
    ["an unknown command", ["keys", "forge"], 2, "unknown command 'forge'"],
    ["an unknown option", ["keys", "list", "--all"], 2, "unknown option '--all'"],
    ["a missing argument", ["keys", "retire"], 2, "missing required argument 'kid'"],
  ])("reports %s in one line", async (_case, args, code, message) => {
    const env: Record<string, string> = _case === "no store" ? {} : { BREEZEWAY_STORE: file };
    const outcome = await run(args, env);
    expect(outcome.code).toBe(code);
    expect(outcome.err).toContain(message);
    expect(outcome.err).not.toContain("    at ");
  });

  it("reports a file that is not a store", async () => {
    const other = join(folder, "notes.txt");
    writeFileSync(other, "notes ".repeat(500));
    const { code, err } = await run(["keys", "list", "--store", other]);
    expect(code).toBe(1);
    expect(err).toContain("notes.txt cannot be opened");
  });
});
