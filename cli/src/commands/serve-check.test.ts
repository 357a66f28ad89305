import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { main } from "../main.ts";
import { readServePlan } from "../serve/serve-plan.ts";
import { ISSUER, ORDERS, type Config } from "../../test-support/serve-place.ts";
import { SECRET, useServe } from "../../test-support/use-serve.ts";

const fixture = useServe();
const { serve, change } = fixture;

const oidc = { provider: "https://login.example", clientId: "shell" };

describe("breezeway serve --check", () => {
  it("prints that a valid file is valid, and creates no store", async () => {
    const { code, out, err } = await serve(["--check"]);
    expect({ code, out, err }).toEqual({ code: 0, out: [`${fixture.place.file}: valid`], err: "" });
    expect(() => readFileSync(join(fixture.place.folder, "data/issuer.sqlite"))).toThrow("ENOENT");
  });

  it.each<[string, (config: Config) => object | string, string]>([
    [
      "text that is not JSON",
      () => '{\n  "canary"\n}',
      ": this is not valid JSON (line 3 column 1)",
    ],
    [
      "a manifest that is not JSON",
      () => change({}, {}, { apps: ["typo.mjs"] }),
      "typo.mjs: this is not valid JSON (line 1 column 1)",
    ],
    ["an unknown field", () => change({}, {}, { app: [] }), ': unknown field "app"'],
    ["an unknown field of the issuer", () => change({ prot: 1 }), ': issuer: unknown field "prot"'],
    [
      "an unknown field of the gateway",
      () => change({}, { jwks: "" }),
      ": gateway: jwks: unknown option",
    ],
    ["no URL", () => change({ url: undefined }), ": issuer.url: is required"],
    [
      "a URL on plain http",
      () => change({ url: "http://shell.example/auth" }),
      ": issuer.url: must be an https URL",
    ],
    ["no address", () => change({ host: "" }), ": issuer.host: must"],
    [
      "no address for operations",
      () => change({}, { operationsHost: "" }),
      "gateway.operationsHost:",
    ],
    ["no port", () => change({ port: 65_536 }), ": issuer.port: must be at most 65535"],
    [
      "a token lifetime out of range",
      () => change({ tokenTtlSeconds: 5 }),
      ": issuer.tokenTtlSeconds: must be a whole number from 15 to 300",
    ],
    [
      "an unknown rate limit",
      () => change({ rateLimits: { signIns: 5 } }),
      ": issuer.rateLimits.signIns: unknown option",
    ],
    [
      "an algorithm that no app uses",
      () => change({ algorithms: { bills: "ES256" } }),
      ": issuer.algorithms: no app bills",
    ],
    [
      "an invalid route",
      () => change({}, { routes: [{ prefix: "x" }] }),
      ": gateway: routes[0].prefix: must be",
    ],
    [
      "a scope that no app has",
      () => change({}, { routes: [{ prefix: "/x", scopes: ["a:b"] }] }),
      ": gateway: routes[0].scopes: no app",
    ],
    [
      "an invalid manifest",
      () => change({}, {}, { apps: [{ ...ORDERS, url: "x" }] }),
      ": apps[0]: url:",
    ],
    ["a missing manifest", () => change({}, {}, { apps: ["a.json"] }), ": apps[0]: "],
    [
      "a duplicate app",
      () => change({}, {}, { apps: [ORDERS, ORDERS] }),
      ": apps: orders: id: must be unique",
    ],
    [
      "a proxy that is not an address",
      () => change({}, {}, { trustedProxies: ["nginx"] }),
      ": trustedProxies[0]: must be",
    ],
    [
      "a secret in the file",
      () => change({ oidc: { ...oidc, clientSecret: SECRET } }),
      ': issuer.oidc.clientSecret: must be { "env"',
    ],
    [
      "a secret whose environment variable is not set",
      () => change({ store: { kind: "postgres", url: { env: "canary" } } }),
      ": issuer.store.url.env: must name an environment variable that is set",
    ],
    [
      "a secret whose file is missing",
      () => change({ keys: { encryptionSecret: { file: "none" } } }),
      ": issuer.keys.encryptionSecret: ",
    ],
    [
      "a secret that is too short",
      () => change({ keys: { encryptionSecret: { env: "SHORT" } } }),
      ": issuer.keys.encryptionSecret: must have at least 16",
    ],
    [
      "sign-in without a hook",
      () => change({ oidc }),
      ": issuer.hooks: must name a module that exports mapUser",
    ],
    ["a misspelt hook", () => change({ hooks: "typo.mjs" }), 'typo.mjs: unknown field "mapuser"'],
    [
      "a hook that is not a function",
      () => change({ hooks: "text.mjs" }),
      "text.mjs: claims: must be a function",
    ],
    [
      "a hook time-out of 0 ms",
      () => change({ hookTimeoutMs: 0 }),
      ": issuer.hookTimeoutMs: must be at least 1",
    ],
    [
      "a doubled name",
      () => '{ "issuer": {}, "issuer": {} }',
      ": a name appears twice in one object (line 1 column 17)",
    ],
    [
      "a tenant named __proto__",
      ({ apps, gateway }) =>
        JSON.stringify({ issuer: { url: ISSUER, x: "canary" }, gateway, apps }).replace(
          '"x":',
          '"__proto__":',
        ),
      ": the name __proto__ is reserved (line 1 column",
    ],
    [
      "an app with the id constructor",
      () => change({}, {}, { apps: [{ ...ORDERS, id: "constructor" }] }),
      ": apps[0]: id: must not be the name",
    ],
    [
      "a manifest whose name has a line break",
      () => change({}, {}, { apps: [{ ...ORDERS, name: "canary\nx" }] }),
      ": apps[0]: name: must not contain control characters",
    ],
    [
      "a manifest whose name changes the direction of the text",
      () => change({}, {}, { apps: [{ ...ORDERS, name: "canary\u202e" }] }),
      ": apps[0]: name: must not contain control characters",
    ],
    ...["canary", "http://canary/db", "postgres://u:ca#nary@host/db"].map(
      (url): [string, () => object, string] => [
        `${url} as the URL of Postgres`,
        () => {
          fixture.env = { STORE: url };
          return change({ store: { kind: "postgres", url: { env: "STORE" } } });
        },
        ": issuer.store.url: must be a URL such as postgres://",
      ],
    ),
    ...[
      [{ port: 4_100 }, { port: 4_100 }, ": gateway.port: must differ from issuer.port"],
      [
        { port: 4_100, host: "0.0.0.0" },
        { port: 4_100, host: "127.0.0.1" },
        ": gateway.port: must differ from issuer.port",
      ],
      [
        { port: 4_100, host: "localhost" },
        { port: 0, operationsPort: 4_100 },
        ": gateway.operationsPort: must differ from issuer.port",
      ],
      [
        {},
        { port: 4_100, operationsPort: 4_100 },
        ": gateway.operationsPort: must differ from gateway.port",
      ],
      [
        {},
        { port: 4_100, routes: [{ prefix: "/x", upstream: "http://localhost:4100/y" }] },
        ": gateway.routes[0].upstream: must not be the gateway itself",
      ],
    ].map(([issuer, gateway, message]): [string, () => object, string] => [
      `the listeners ${JSON.stringify([issuer, gateway])}`,
      () => change(issuer as object, gateway as object),
      message as string,
    ]),
    [
      "two users with one id",
      () => {
        const user = { id: "a", name: "A", tenants: {} };
        return change({ devLogin: { users: [user, user] } });
      },
      ": issuer.devLogin.users[1].id: must be unique",
    ],
    [
      "routes but no apps",
      () => change({}, {}, { apps: [] }),
      ": gateway: apps: is empty, but routes[0] names apps or scopes",
    ],
    ["no routes", () => change({}, { routes: [] }), ": gateway: routes: must have at least one"],
    [
      "a slash at the end of the issuer's URL",
      () => change({ url: `${ISSUER}/` }),
      `: issuer.url: must be written ${ISSUER}. Remove the slash at the end`,
    ],
    ["hooks that fail", () => change({ hooks: "fails.mjs" }), ": issuer.hooks: "],
  ])("names file and field for %s, and quotes no value", async (_case, configOf, message) => {
    fixture.env = { SHORT: "canary" };
    const write = (name: string, text: string): void =>
      writeFileSync(join(fixture.place.folder, name), text);
    write("typo.mjs", "export const mapuser = () => undefined;");
    write("text.mjs", 'export const claims = "canary";');
    write("fails.mjs", 'throw new Error("canary");');
    fixture.place.write(configOf(fixture.place.config));
    const { code, out, err } = await serve(["--check"]);
    expect({ code, out }).toEqual({ code: 1, out: [] });
    expect(err).toContain(fixture.place.folder);
    expect(err).toContain(message);
    expect(err).not.toContain("canary");
  });

  it("fails when a hooks module does not finish loading", async () => {
    writeFileSync(join(fixture.place.folder, "hooks.mjs"), "await new Promise(() => {});");
    fixture.place.write(change({ hooks: "hooks.mjs" }));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const read = readServePlan(fixture.place.file, { env: fixture.env, out: () => {} });
    // The time limit starts after the configuration was read, in several turns.
    while (vi.getTimerCount() === 0) await new Promise(setImmediate);
    vi.advanceTimersByTime(30_000);
    await expect(read).rejects.toThrow("issuer.hooks: ");
    await expect(read).rejects.toThrow("(TimeoutError)");
  });

  it.each([
    [
      "the configuration",
      () => fixture.place.file,
      `configuration: every user of this machine can write`,
    ],
    ["a manifest", () => join(fixture.place.folder, "a.json"), "apps[0]: every user"],
    [
      "a secret",
      () => join(fixture.place.folder, "secret"),
      "issuer.keys.encryptionSecret: every user",
    ],
    ["the hooks", () => join(fixture.place.folder, "hooks.mjs"), "issuer.hooks: every user"],
  ])("refuses %s when every user can write to it", async (_what, fileOf, message) => {
    writeFileSync(join(fixture.place.folder, "secret"), SECRET);
    writeFileSync(join(fixture.place.folder, "hooks.mjs"), "");
    writeFileSync(join(fixture.place.folder, "a.json"), JSON.stringify(ORDERS));
    const keys = { encryptionSecret: { file: "secret" } };
    fixture.place.write(change({ keys, hooks: "hooks.mjs" }, {}, { apps: ["a.json"] }));
    expect(await serve(["--check"])).toMatchObject({ code: 0 });
    chmodSync(fileOf(), 0o666);
    const { code, err } = await serve(["--check"]);
    expect(code).toBe(1);
    expect(err).toContain(message);
  });

  it("refuses a file in a folder in which every user can replace the file", async () => {
    const open = join(fixture.place.folder, "open");
    mkdirSync(open);
    writeFileSync(join(open, "secret"), SECRET);
    symlinkSync(join(open, "secret"), join(fixture.place.folder, "link"));
    for (const file of ["open/secret", "link"]) {
      fixture.place.write(change({ keys: { encryptionSecret: { file } } }));
      // With the sticky bit, as in /tmp, only the owner of a file may replace it.
      chmodSync(open, 0o1777);
      expect(await serve(["--check"])).toMatchObject({ code: 0 });
      chmodSync(open, 0o777);
      const { code, err } = await serve(["--check"]);
      expect(code).toBe(1);
      expect(err).toContain("issuer.keys.encryptionSecret: every user of this machine can replace");
      expect(err).toContain(`chmod o-w on the folder ${open}`);
    }
  });

  it("refuses a file below a folder in which every user can replace a subfolder", async () => {
    const [open, inner] = [join(fixture.place.folder, "open"), "open/inner"];
    mkdirSync(join(fixture.place.folder, inner), { recursive: true });
    writeFileSync(join(fixture.place.folder, inner, "secret"), SECRET);
    // The second of these two links is in a folder in which every user can replace it.
    symlinkSync("inner/secret", join(open, "second"));
    symlinkSync("open/second", join(fixture.place.folder, "first"));
    for (const file of [`${inner}/secret`, "first"]) {
      fixture.place.write(change({ keys: { encryptionSecret: { file } } }));
      chmodSync(open, 0o755);
      expect(await serve(["--check"])).toMatchObject({ code: 0 });
      chmodSync(open, 0o777);
      const { code, err } = await serve(["--check"]);
      expect(code).toBe(1);
      expect(err).toContain(`chmod o-w on the folder ${open}`);
    }
  });

  it("refuses a file that another user created in a folder that every user can write to", async () => {
    const open = join(fixture.place.folder, "open");
    mkdirSync(open);
    chmodSync(open, 0o1777);
    const secret = join(open, "secret");
    writeFileSync(secret, SECRET);
    fixture.place.write(change({ keys: { encryptionSecret: { file: "open/secret" } } }));
    expect(await serve(["--check"])).toMatchObject({ code: 0 });
    const uid = process.getuid?.() ?? 0;
    // Only root may change a file's owner; without root, the test changes the reader instead.
    if (uid === 0) chownSync(secret, 12_345, 12_345);
    else vi.spyOn(process, "getuid").mockReturnValue(uid + 1);
    const { code, err } = await serve(["--check"]);
    expect(code).toBe(1);
    expect(err).toContain("another user created ");
    expect(err).not.toContain("canary");
  });

  it("shows the file's name without terminal control characters", async () => {
    fixture.place.write(change({ rateLimits: { "\u001b[2J\u009b2J\u202e": 1 } }));
    const { code, err } = await serve(["--check"]);
    expect(code).toBe(1);
    expect(err).toContain("issuer.rateLimits.�[2J�2J�: unknown option");
  });

  it("refuses a pipe without waiting for it, and a file above 1 MiB", async () => {
    execFileSync("mkfifo", [join(fixture.place.folder, "pipe")]);
    fixture.place.write(change({ keys: { encryptionSecret: { file: "pipe" } } }));
    expect((await serve(["--check"])).err).toContain("pipe is not a file");
    fixture.place.write(" ".repeat(1_048_577));
    expect((await serve(["--check"])).err).toContain("is larger than 1048576 bytes");
  });

  it.each([
    ["is missing", (file: string) => `${file}.none`, "does not exist"],
    [
      "is in a missing folder",
      (file: string) => join(file, "..", "none", "a.json"),
      "does not exist",
    ],
    ["is a folder", () => fixture.place.folder, "is not a file"],
  ])("reports that a file %s", async (_what, fileOf, message) => {
    const errors: string[] = [];
    const code = await main(["serve", fileOf(fixture.place.file)], {
      out: () => {},
      err: (line) => errors.push(line),
      stdin: () => Promise.resolve(""),
      untilStopped: () => Promise.resolve(),
      env: {},
    });
    expect(code).toBe(1);
    expect(errors.join()).toContain(message);
  });

  it.each([
    ["production", ISSUER, "refused when NODE_ENV is production"],
    ["", "https://shell.example/auth", "shell.example is not this machine"],
  ])("refuses sign-in without a password with NODE_ENV=%s at %s", async (name, url, message) => {
    vi.stubEnv("NODE_ENV", name);
    fixture.place.write(change({ url }));
    const { code, err } = await serve(["--check"]);
    expect(code).toBe(1);
    expect(err).toContain(`${fixture.place.file}: issuer.devLogin: `);
    expect(err).toContain(message);
  });
});

describe("the serve plan", () => {
  it("passes the secrets and the hooks to the options of the issuer and the gateway", async () => {
    const hooks = "export const mapUser = (person) => ({ userId: person.sub, tenantId: 'acme' });";
    writeFileSync(join(fixture.place.folder, "hooks.mjs"), hooks);
    writeFileSync(join(fixture.place.folder, "secret"), `${SECRET}\n`);
    fixture.place.write(
      change({
        oidc: { ...oidc, clientSecret: { file: "secret" } },
        hooks: "hooks.mjs",
        keys: { encryptionSecret: { file: "secret" } },
        revocations: { secrets: [{ env: "FEED" }] },
        store: { kind: "postgres", url: { env: "DATABASE_URL" } },
        algorithms: { orders: "ES256" },
        installations: { timeoutMs: 1_000, allowPrivateAddresses: true },
      }),
    );
    fixture.env = { FEED: "feed-secret", DATABASE_URL: "postgres://127.0.0.1/none" };
    const { issuer, gateway } = await readServePlan(fixture.place.file, {
      env: fixture.env,
      out: () => {},
    });
    expect(issuer).toMatchObject({
      oidc: { clientId: "shell", clientSecret: SECRET },
      keys: { encryptionSecret: SECRET },
      revocations: { secrets: ["feed-secret"] },
      store: { kind: "postgres" },
      installations: { timeoutMs: 1_000, allowPrivateAddresses: true },
    });
    expect(issuer.oidc?.mapUser({ sub: "alice", iss: "" })).toMatchObject({ userId: "alice" });
    expect(gateway.algorithms).toEqual(["EdDSA", "ES256"]);
  });
});
