import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createIssuer, sqliteStore } from "@breezeway/issuer";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { main } from "../main.ts";
import { readServePlan } from "../serve/serve-plan.ts";
import {
  addressesIn,
  createServePlace,
  ISSUER,
  ORDERS,
  send,
  signIn,
  tokenFor,
  type Config,
  type LogLine,
  type ServePlace,
} from "../test-support/serve-place.ts";

const SECRET = "canary-0123456789abcdef";

interface Outcome {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: string;
}

let place: ServePlace;
let env: Record<string, string> = {};

beforeEach(async () => {
  place = await createServePlace();
  env = {};
});

afterEach(async () => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
  await place[Symbol.asyncDispose]();
});

/** Runs the command; it is asked to stop once `whileRunning` has ended. */
async function serve(
  args: readonly string[],
  whileRunning: (lines: readonly LogLine[]) => Promise<void> = () => Promise.resolve(),
): Promise<Outcome> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await main(["serve", place.file, ...args], {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    stdin: () => Promise.resolve(""),
    untilStopped: () => whileRunning(out.map((line) => JSON.parse(line) as LogLine)),
    env,
  });
  return { code, out, err: err.join("\n") };
}

const change = (issuer: object, gateway: object = {}, rest: object = {}): object => {
  const { config } = place;
  return {
    ...config,
    issuer: { ...config.issuer, ...issuer },
    gateway: { ...config.gateway, ...gateway },
    ...rest,
  };
};

const oidc = { provider: "https://login.example", clientId: "shell" };

describe("breezeway serve --check", () => {
  it("says that the file is valid, and opens nothing", async () => {
    const { code, out, err } = await serve(["--check"]);
    expect({ code, out, err }).toEqual({ code: 0, out: [`${place.file}: valid`], err: "" });
    expect(() => readFileSync(join(place.folder, "data/issuer.sqlite"))).toThrow("ENOENT");
  });

  it.each<[string, (config: Config) => object | string, string]>([
    ["text that is not JSON", () => "{", ": this is not valid JSON"],
    ["an unknown field", () => change({}, {}, { app: [] }), ': unknown field "app"'],
    ["an unknown field of the issuer", () => change({ prot: 1 }), ': issuer: unknown field "prot"'],
    [
      "an unknown field of the gateway",
      () => change({}, { jwks: "" }),
      ': gateway: unknown field "jwks"',
    ],
    ["no URL", () => change({ url: undefined }), ": issuer.url: is required"],
    [
      "a URL that nobody may trust",
      () => change({ url: "http://shell.example/auth" }),
      ": issuer.url: must be an https URL",
    ],
    ["no address", () => change({ host: "" }), ": issuer.host: must"],
    [
      "no address of operations",
      () => change({}, { operationsHost: "" }),
      "gateway.operationsHost:",
    ],
    ["no port", () => change({ port: 65_536 }), ": issuer.port: must be at most 65535"],
    [
      "a life of tokens out of bounds",
      () => change({ tokenTtlSeconds: 5 }),
      ": issuer.tokenTtlSeconds: must be 15 to 300",
    ],
    [
      "an unknown rate limit",
      () => change({ rateLimits: { logins: 5 } }),
      ": issuer.rateLimits.logins: is not an option",
    ],
    [
      "an algorithm for no app",
      () => change({ algorithms: { bills: "ES256" } }),
      ": issuer.algorithms: no app bills",
    ],
    [
      "a route that is none",
      () => change({}, { routes: [{ prefix: "x" }] }),
      ": gateway: routes[0].prefix: must be",
    ],
    [
      "a scope that no app has",
      () => change({}, { routes: [{ prefix: "/x", scopes: ["a:b"] }] }),
      ": gateway: routes[0].scopes: no app",
    ],
    [
      "a manifest that is wrong",
      () => change({}, {}, { apps: [{ ...ORDERS, url: "x" }] }),
      ": apps[0]: url:",
    ],
    ["a manifest that is not there", () => change({}, {}, { apps: ["a.json"] }), ": apps[0]: "],
    [
      "an app that is said twice",
      () => change({}, {}, { apps: [ORDERS, ORDERS] }),
      ": apps: orders: id: two apps",
    ],
    [
      "a proxy that is no address",
      () => change({}, {}, { trustedProxies: ["nginx"] }),
      ": trustedProxies[0]: must be",
    ],
    [
      "a secret in the file",
      () => change({ oidc: { ...oidc, clientSecret: SECRET } }),
      ': issuer.oidc.clientSecret: must be { "env"',
    ],
    [
      "a secret that the environment lacks",
      () => change({ store: { kind: "postgres", url: { env: "canary" } } }),
      ": issuer.store.url.env: the environment has no variable of this name",
    ],
    [
      "a secret whose file is not there",
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
    [
      "a hook that is misspelt",
      () => change({ hooks: "typo.mjs" }),
      'typo.mjs: unknown field "mapuser"',
    ],
    [
      "a hook that is no function",
      () => change({ hooks: "text.mjs" }),
      "text.mjs: claims: must be a function",
    ],
    ["hooks that fail", () => change({ hooks: "fails.mjs" }), ": issuer.hooks: "],
  ])("names file and field for %s, and quotes no value", async (_case, configOf, message) => {
    env = { SHORT: "canary" };
    const write = (name: string, text: string): void =>
      writeFileSync(join(place.folder, name), text);
    write("typo.mjs", "export const mapuser = () => undefined;");
    write("text.mjs", 'export const claims = "canary";');
    write("fails.mjs", 'throw new Error("canary");');
    place.write(configOf(place.config));
    const { code, out, err } = await serve(["--check"]);
    expect({ code, out }).toEqual({ code: 1, out: [] });
    expect(err).toContain(place.folder);
    expect(err).toContain(message);
    expect(err).not.toContain("canary");
  });

  it("does not wait for ever for hooks that wait", async () => {
    writeFileSync(join(place.folder, "hooks.mjs"), "await new Promise(() => {});");
    place.write(change({ hooks: "hooks.mjs" }));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const read = readServePlan(place.file, { env, out: () => {} });
    vi.advanceTimersByTime(30_000);
    await expect(read).rejects.toThrow("issuer.hooks: ");
    await expect(read).rejects.toThrow("fails when it is loaded (TimeoutError)");
  });

  it.each([
    ["the configuration", () => place.file, `configuration: every user of this machine may write`],
    ["a manifest", () => join(place.folder, "a.json"), "apps[0]: every user"],
    ["a secret", () => join(place.folder, "secret"), "issuer.keys.encryptionSecret: every user"],
    ["the hooks", () => join(place.folder, "hooks.mjs"), "issuer.hooks: every user"],
  ])("refuses %s when everybody could have written it", async (_what, fileOf, message) => {
    writeFileSync(join(place.folder, "secret"), SECRET);
    writeFileSync(join(place.folder, "hooks.mjs"), "");
    writeFileSync(join(place.folder, "a.json"), JSON.stringify(ORDERS));
    const keys = { encryptionSecret: { file: "secret" } };
    place.write(change({ keys, hooks: "hooks.mjs" }, {}, { apps: ["a.json"] }));
    expect(await serve(["--check"])).toMatchObject({ code: 0 });
    chmodSync(fileOf(), 0o666);
    const { code, err } = await serve(["--check"]);
    expect(code).toBe(1);
    expect(err).toContain(message);
  });

  it("refuses a file in a folder where everybody could have put another in its place", async () => {
    const open = join(place.folder, "open");
    mkdirSync(open);
    writeFileSync(join(open, "secret"), SECRET);
    symlinkSync(join(open, "secret"), join(place.folder, "link"));
    for (const file of ["open/secret", "link"]) {
      place.write(change({ keys: { encryptionSecret: { file } } }));
      // As /tmp is: only who owns a file may replace it.
      chmodSync(open, 0o1777);
      expect(await serve(["--check"])).toMatchObject({ code: 0 });
      chmodSync(open, 0o777);
      const { code, err } = await serve(["--check"]);
      expect(code).toBe(1);
      expect(err).toContain("issuer.keys.encryptionSecret: every user of this machine may replace");
      expect(err).toContain(`chmod o-w the folder ${open}`);
    }
  });

  it.each([
    ["is not there", (file: string) => `${file}.none`, "is not there"],
    ["is a folder", () => place.folder, "cannot be read (EISDIR)"],
  ])("says that a file %s", async (_what, fileOf, message) => {
    const errors: string[] = [];
    const code = await main(["serve", fileOf(place.file)], {
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
    place.write(change({ url }));
    const { code, err } = await serve(["--check"]);
    expect(code).toBe(1);
    expect(err).toContain(`${place.file}: issuer.devLogin: `);
    expect(err).toContain(message);
  });
});

describe("the plan", () => {
  it("has the secrets and the hooks where issuer and gateway look for them", async () => {
    const hooks = "export const mapUser = (person) => ({ userId: person.sub, tenantId: 'acme' });";
    writeFileSync(join(place.folder, "hooks.mjs"), hooks);
    writeFileSync(join(place.folder, "secret"), `${SECRET}\n`);
    place.write(
      change({
        oidc: { ...oidc, clientSecret: { file: "secret" } },
        hooks: "hooks.mjs",
        keys: { encryptionSecret: { file: "secret" } },
        revocations: { secrets: [{ env: "FEED" }] },
        store: { kind: "postgres", url: { env: "DATABASE_URL" } },
        algorithms: { orders: "ES256" },
        connections: { timeoutMs: 1_000, allowPrivateAddresses: true },
      }),
    );
    env = { FEED: "feed-secret", DATABASE_URL: "postgres://127.0.0.1/none" };
    const { issuer, gateway } = await readServePlan(place.file, { env, out: () => {} });
    expect(issuer).toMatchObject({
      oidc: { clientId: "shell", clientSecret: SECRET },
      keys: { encryptionSecret: SECRET },
      revocations: { secrets: ["feed-secret"] },
      store: { kind: "postgres" },
      connections: { timeoutMs: 1_000, allowPrivateAddresses: true },
    });
    expect(issuer.oidc?.mapUser({ sub: "alice", iss: "" })).toMatchObject({ userId: "alice" });
    expect(gateway.algorithms).toEqual(["EdDSA", "ES256"]);
  });
});

describe("breezeway serve", () => {
  const servers: Server[] = [];

  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  async function takenPort(host = "127.0.0.1"): Promise<number> {
    const server = createServer();
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    return (server.address() as AddressInfo).port;
  }

  it("ends with code 0 when it is asked to, and leaves nothing open", async () => {
    const { code, out, err } = await serve([], async (lines) => {
      expect(Object.keys(addressesIn(lines))).toEqual(["issuer", "gateway", "operations"]);
    });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out.slice(-2).map((line) => JSON.parse(line) as LogLine)).toMatchObject([
      { log: "serve", event: "stopping" },
      { log: "serve", event: "stopped" },
    ]);
  });

  it.each([
    ["issuer.port", (port: number) => change({ port })],
    ["gateway.port", (port: number) => change({}, { port })],
    ["gateway.operationsPort", (port: number) => change({}, { operationsPort: port })],
  ])("names %s when it is taken", async (field, configOf) => {
    const port = await takenPort();
    place.write(configOf(port));
    const { code, out, err } = await serve([]);
    expect(code).toBe(1);
    expect(out.join()).not.toContain("listening");
    expect(err).toContain(`${place.file}: ${field}: ${port} on 127.0.0.1 is already in use`);
  });

  it("names an address that this machine does not have", async () => {
    place.write(change({ host: "192.0.2.1" }));
    expect((await serve([])).err).toContain("issuer.port: 0 on 192.0.2.1 cannot be had");
    place.write(change({}, { operationsHost: "operations.invalid" }));
    const { err } = await serve([]);
    expect(err).toContain("gateway.operationsPort: 0 on operations.invalid cannot be had");
  });

  it("names the port of an address that is told by its name", async () => {
    const port = await takenPort("localhost");
    place.write(change({}, { operationsHost: "localhost", operationsPort: port }));
    const { err } = await serve([]);
    expect(err).toContain(`gateway.operationsPort: ${port} on localhost is already in use`);
  });

  it("says that the database is away, without its address or password", async () => {
    env = { DATABASE_URL: `postgres://me:${SECRET}@127.0.0.1:1/none` };
    place.write(change({ store: { kind: "postgres", url: { env: "DATABASE_URL" } } }));
    const { code, err } = await serve([]);
    expect(code).toBe(1);
    expect(err).toContain(`${place.file}: issuer.store: The Postgres store cannot be opened`);
    expect(err).toContain("(ECONNREFUSED)");
    expect(err).not.toContain("canary");
  });

  it("says which audit log cannot be written", async () => {
    place.write(change({}, { audit: { file: "breezeway.json/audit.jsonl" } }));
    const { code, err } = await serve([]);
    expect(code).toBe(1);
    expect(err).toContain(`${place.file}: gateway: audit: cannot write ${place.file}/audit.jsonl`);
  });

  it("says which store cannot be written", async () => {
    place.write(change({ store: { kind: "sqlite", file: "breezeway.json/issuer.sqlite" } }));
    const { code, err } = await serve([]);
    expect(code).toBe(1);
    expect(err).toContain(`${place.file}: issuer.store: The session store`);
  });

  it("says that the keys are encrypted with another secret", async () => {
    const file = join(place.folder, "data/issuer.sqlite");
    const keys = { encryptionSecret: "another-0123456789" };
    const store = sqliteStore({ file });
    await using other = createIssuer({ issuer: ISSUER, apps: [], store, keys });
    await other.ready;
    env = { KEY_SECRET: SECRET };
    place.write(change({ keys: { encryptionSecret: { env: "KEY_SECRET" } } }));
    const { code, err } = await serve([]);
    expect(code).toBe(1);
    expect(err).toContain(`${place.file}: issuer.keys: `);
    expect(err).not.toContain("canary");
  });

  it.each([
    [["127.0.0.1"], 200],
    [[], 429],
  ])("counts sign-ins by whom the proxies %j have seen: %i", async (trustedProxies, status) => {
    place.write(change({ rateLimits: { loginsPerAddress: 1 } }, {}, { trustedProxies }));
    await serve([], async (lines) => {
      const from = async (address: string): Promise<number> => {
        const { issuer } = addressesIn(lines);
        const answer = await fetch(`${issuer}/auth/login/dev`, {
          method: "POST",
          headers: {
            "x-breezeway-request": "1",
            "content-type": "application/json",
            "x-forwarded-for": address,
          },
          body: '{"userId":"alice","tenantId":"acme"}',
        });
        return answer.status;
      };
      expect([await from("192.0.2.1"), await from("192.0.2.2")]).toEqual([200, status]);
    });
  });

  it("follows a feed that is guarded, and takes tokens of both algorithms", async () => {
    env = { FEED: "feed-secret" };
    const revocations = { secrets: [{ env: "FEED" }], heartbeatSeconds: 2 };
    place.write(change({ revocations, algorithms: { orders: "ES256" } }));
    const { code } = await serve([], async (lines) => {
      const { issuer = "", gateway, operations } = addressesIn(lines);
      expect((await fetch(`${issuer}/auth/revocations`)).status).toBe(401);
      const readiness = await fetch(`${operations}/health/ready`);
      expect(await readiness.json()).toMatchObject({ checks: { revocations: "live" } });
      const token = await tokenFor(issuer, await signIn(issuer));
      expect((await send(`${gateway}/orders`, token)).status).toBe(200);
    });
    expect(code).toBe(0);
  });
});

describe("the log", () => {
  it("tells of a failure that the caller does not hear of, and not in its words", async () => {
    writeFileSync(
      join(place.folder, "hooks.mjs"),
      'export const claims = () => { throw new RangeError("canary"); };',
    );
    place.write(change({ hooks: "hooks.mjs" }));
    const { out } = await serve([], async (lines) => {
      const { issuer = "" } = addressesIn(lines);
      await expect(tokenFor(issuer, await signIn(issuer))).resolves.toBeUndefined();
    });
    const lines = out.map((line) => JSON.parse(line) as LogLine);
    expect(lines.filter(({ event }) => event === "failure")).toMatchObject([
      { log: "serve", part: "issuer", why: "RangeError" },
    ]);
    expect(lines.filter(({ log }) => log === "audit")).toContainEqual(
      expect.objectContaining({ event: "login.succeeded", sub: "alice" }),
    );
    expect(out.join()).not.toContain("canary");
  });
});

describe("the guide", () => {
  const guide = readFileSync(new URL("../../../docs/guides/serve.md", import.meta.url), "utf8");
  const blocks = [...guide.matchAll(/```(?:json|js)\n(.*?)```/gs)].map(([, code = ""]) => code);

  it("has a configuration with which a request of a guest arrives", async () => {
    const [local = ""] = blocks;
    const config = JSON.parse(local) as Config & { gateway: { routes: { prefix: string }[] } };
    const [route] = (place.config.gateway as { routes: { upstream: string }[] }).routes;
    const routes = config.gateway.routes.map((each) => ({ ...each, upstream: route?.upstream }));
    // Free ports in place of its own.
    place.write({
      ...config,
      issuer: { ...config.issuer, port: 0 },
      gateway: { ...config.gateway, port: 0, operationsPort: 0, routes },
    });
    const { code } = await serve([], async (lines) => {
      const { issuer = "", gateway } = addressesIn(lines);
      const token = await tokenFor(issuer, await signIn(issuer));
      expect((await send(`${gateway}/orders`, token)).status).toBe(200);
    });
    expect(code).toBe(0);
  });

  it("has a configuration for production that passes the check", async () => {
    const [, production = "", hooks = ""] = blocks;
    vi.stubEnv("NODE_ENV", "production");
    env = { OIDC_CLIENT_SECRET: SECRET };
    writeFileSync(join(place.folder, "key-secret"), SECRET);
    writeFileSync(join(place.folder, "hooks.mjs"), hooks);
    mkdirSync(join(place.folder, "apps"));
    for (const id of ["orders", "customer-pane"]) {
      const manifest = JSON.stringify({ ...ORDERS, id });
      writeFileSync(join(place.folder, "apps", `${id}.json`), manifest);
    }
    place.write(production.replace("/etc/breezeway/key-secret", "./key-secret"));
    expect(await serve(["--check"])).toMatchObject({ code: 0, err: "" });
  });
});
