import { afterEach, describe, expect, it, vi } from "vitest";
import { createAppRegistry } from "@breezeway/shared/schemas";
import { MANIFESTS, USERS } from "@breezeway/test-support/issuer-fixture";
import { assertIssuerOptions, createIssuer, sqliteStore, type IssuerOptions } from "./index.ts";
import { postgresStore } from "./postgres.ts";
import { call, testIssuer } from "../test-support/test-issuer.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

const create = (options: Partial<IssuerOptions>): (() => unknown) => {
  return () =>
    createIssuer({
      issuer: "https://shell.example/auth",
      apps: MANIFESTS,
      store: { kind: "sqlite", open: () => Promise.reject(new Error("must not be opened")) },
      ...options,
    });
};

it("assertIssuerOptions refuses what createIssuer refuses and opens no store", () => {
  const open = vi.fn(() => Promise.reject(new Error("must not be opened")));
  const options: IssuerOptions = {
    issuer: "https://shell.example/auth",
    apps: MANIFESTS,
    store: { kind: "sqlite", open },
  };
  assertIssuerOptions(options);
  expect(() => assertIssuerOptions({ ...options, tokenTtlSeconds: 1 })).toThrow("tokenTtlSeconds");
  expect(open).not.toHaveBeenCalled();
});

it.each([0, -1, Number.NaN])("postgresStore refuses the statement timeout %s", (value) => {
  const options = { connectionString: "postgres://db.example/x", statementTimeoutMs: value };
  expect(() => postgresStore(options)).toThrow(
    "statementTimeoutMs: must be a number from 1 to 2147483647.",
  );
});

const mapUser = (): undefined => undefined;
const TTL = "tokenTtlSeconds: must be a whole number from 15 to 300";

describe("createIssuer", () => {
  it.each<[string, Partial<IssuerOptions>, string]>([
    ["no store", { store: undefined as never }, "createIssuer: store: is required"],
    [
      "an unknown option",
      { tokenTTL: 60 } as object,
      'tokenTTL: unknown option. Did you mean "tokenTtlSeconds"?',
    ],
    [
      "an unknown option of a group",
      { sessions: { idleMinutes: 5 } } as object,
      "sessions.idleMinutes: unknown option",
    ],
    [
      "an unknown rate limit",
      { rateLimits: { signIns: 5 } } as object,
      "rateLimits.signIns: unknown option",
    ],
    [
      "a negative number of sessions in memory",
      { sessions: { inMemory: -1 } },
      "sessions.inMemory: must be a whole number from 0 to 10000000",
    ],
    ["a group that is not an object", { oidc: true as never }, "oidc: must be of type object"],
    ["an issuer that is not a URL", { issuer: "shell.example" }, "issuer: must be a URL"],
    [
      "plain http beyond loopback",
      { issuer: "http://shell.example/auth" },
      "issuer: must be an https URL",
    ],
    [
      "an issuer URL with a trailing slash",
      { issuer: "https://shell.example/auth/" },
      "issuer: must be written https://shell.example/auth. Remove the slash at the end",
    ],
    [
      "an issuer URL with capitals in the host",
      { issuer: "https://Shell.example/auth" },
      "issuer: must be written https://shell.example/auth",
    ],
    [
      "an issuer URL with the scheme's default port",
      { issuer: "https://shell.example:443/auth" },
      "issuer: must be written",
    ],
    [
      "an issuer URL with a query",
      { issuer: "https://shell.example/auth?x=1" },
      "issuer: must have no query",
    ],
    [
      "an issuer URL with credentials",
      { issuer: "https://u:p@shell.example/auth" },
      "issuer: must have no query",
    ],
    ["a token life below 15 s", { tokenTtlSeconds: 14 }, TTL],
    ["a token life above 300 s", { tokenTtlSeconds: 301 }, TTL],
    ["a token life that is not a number", { tokenTtlSeconds: Number.NaN }, "tokenTtlSeconds"],
    [
      "a grace above 300 s",
      { sessions: { graceSeconds: 301 } },
      "sessions.graceSeconds: must be a number from 0 to 300",
    ],
    ["no idle time", { sessions: { idleSeconds: 0 } }, "sessions.idleSeconds"],
    [
      "no absolute timeout",
      { sessions: { absoluteSeconds: Infinity } },
      "sessions.absoluteSeconds",
    ],
    [
      "a timeout with a fraction of a millisecond",
      { installations: { timeoutMs: 100.5 } },
      "installations.timeoutMs",
    ],
    [
      "a timeout as a string",
      { installations: { timeoutMs: "5000" as never } },
      "installations.timeoutMs",
    ],
    ["more than 20 attempts", { installations: { maxAttempts: 21 } }, "installations.maxAttempts"],
    [
      "a string in place of a boolean",
      { installations: { required: "yes" as never } },
      "installations.required",
    ],
    [
      "a list of managers",
      { installations: { mayManage: [] as never } },
      "installations.mayManage",
    ],
    [
      "installations that are not an object",
      { installations: true as never },
      "installations: must be of type object",
    ],
    [
      "a misspelt option of installations",
      { installations: { require: true } as never },
      'installations.require: unknown option. Did you mean "required"?',
    ],
    [
      "a key period above 365 days",
      { keys: { periodDays: 366 } },
      "keys.periodDays: must be a number from 1 to 365",
    ],
    [
      "a trusted origin with a path",
      { trustedOrigins: ["https://a.example/"] },
      "trustedOrigins[0]: must be an exact origin",
    ],
    ["a trusted wildcard", { trustedOrigins: ["*"] }, "trustedOrigins[0]: must be an exact origin"],
    [
      "an algorithm for an unregistered app",
      { algorithms: { nope: "ES256" } },
      "algorithms: no app nope is registered",
    ],
    [
      "a provider on plain http",
      { oidc: { provider: "http://idp.example", clientId: "c", mapUser } },
      "oidc.provider: must be an https URL",
    ],
    [
      "no client id",
      { oidc: { provider: "https://idp.example", clientId: "", mapUser } },
      "oidc.clientId: must not be empty",
    ],
    [
      "a failure page on another host",
      {
        oidc: {
          provider: "https://idp.example",
          clientId: "c",
          mapUser,
          failurePath: "//evil.example",
        },
      },
      "oidc.failurePath: must be a path",
    ],
  ])("refuses %s, naming the option", (_case, options, message) => {
    expect(create(options)).toThrow(message);
    expect(create(options)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  });

  it("refuses a manifest, naming the app and the field", () => {
    const apps = [{ ...MANIFESTS[0]!, url: "http://orders.example" }];
    expect(create({ apps })).toThrow("orders: url: must be an https URL");
    expect(create({ apps })).toThrow(expect.objectContaining({ code: "MANIFEST_INVALID" }));
  });

  it("refuses the development login in production", () => {
    vi.stubEnv("NODE_ENV", "production");
    expect(create({ devLogin: { users: USERS } })).toThrow(/devLogin: .* NODE_ENV is production/);
  });

  it.each(["", "staging"])(
    "refuses the development login in the environment %j beyond loopback",
    async (environment) => {
      vi.stubEnv("NODE_ENV", environment);
      const devLogin = { users: USERS };
      const beyond = create({ devLogin, issuer: "https://shell.example/auth" });
      expect(beyond).toThrow(/devLogin: .* shell\.example .* NODE_ENV=development/);
      vi.stubEnv("NODE_ENV", "development");
      await testIssuer({ devLogin, issuer: "https://shell.example/auth" }).close();
      vi.stubEnv("NODE_ENV", environment);
      await testIssuer({ devLogin }).close();
    },
  );

  it("has no sign-in endpoint unless one is configured", async () => {
    const issuer = createIssuer({
      issuer: "http://localhost:4000/auth",
      apps: createAppRegistry(MANIFESTS),
      store: sqliteStore({ file: ":memory:" }),
    });
    for (const path of ["/login", "/login/dev", "/login/callback"]) {
      expect((await call(issuer, path)).status).toBe(404);
    }
    await issuer.close();
  });

  it("mounts at the root when the issuer has no path", async () => {
    const issuer = testIssuer({ issuer: "http://localhost:4000" });
    expect((await call(issuer, "/.well-known/jwks.json")).status).toBe(200);
    await issuer.close();
  });

  it("sets a __Host- cookie with Secure on https", async () => {
    const issuer = testIssuer({ issuer: "https://shell.example/auth" });
    const { setCookie } = await issuer.sessions.create({ userId: "u", tenantId: "t" });
    expect(setCookie).toMatch(
      /^__Host-breezeway=[\w-]{64}; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=\d+$/,
    );
    await issuer.close();
  });

  it("answers that it is closed after any number of calls to close", async () => {
    const issuer = testIssuer();
    await issuer.close();
    await issuer[Symbol.asyncDispose]();
    expect((await call(issuer, "/session")).status).toBe(503);
    await expect(issuer.sessions.get("h")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  });
});
