import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSigner, ISSUER, APP_ORIGIN } from "@breezeway/test-support/signer";
import { createGateway } from "../gateway.ts";
import { ORDERS_APP, PANE_APP } from "../../test-support/apps.ts";
import { parseGatewaySection, readGatewayConfig } from "./read-config.ts";

const good = {
  issuer: ISSUER,
  apps: ["orders.json"],
  routes: [{ prefix: "/orders", upstream: "http://127.0.0.1:4020", scopes: ["orders:read"] }],
};

describe("readGatewayConfig", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "breezeway-gateway-"));
    file = join(folder, "gateway.json");
    writeFileSync(join(folder, "orders.json"), JSON.stringify(ORDERS_APP));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("returns options that create a gateway", async () => {
    writeFileSync(file, JSON.stringify(good));
    const { jwks } = createSigner();
    await using gateway = createGateway({ ...readGatewayConfig(file), jwks, revocations: false });
    const response = await gateway.fetch(new Request("http://gateway.example/orders"));
    expect(response.status).toBe(401);
  });

  const route = good.routes[0]!;
  it.each([
    ["issuer", { ...good, issuer: "nonsense" }],
    ["issuer: must be an http or https URL", { ...good, issuer: "urn:shell" }],
    [`issuer: must be ${ISSUER}, without the trailing slash`, { ...good, issuer: `${ISSUER}/` }],
    ["issuer: must be", { ...good, issuer: `${ISSUER}/`, jwks: "https://other.example/jwks.json" }],
    ["routes", { ...good, routes: [] }],
    ["routes[0].prefix", { ...good, routes: [{ ...route, prefix: "orders" }] }],
    ["routes[0].prefix", { ...good, routes: [{ ...route, prefix: "/orders/" }] }],
    ["routes[0].prefix", { ...good, routes: [{ ...route, prefix: "/health/x" }] }],
    ["routes[1].prefix", { ...good, routes: [route, { ...route, prefix: "/ORDERS" }] }],
    ["routes[0].upstream", { ...good, routes: [{ ...route, upstream: "ftp://x" }] }],
    ["routes[0].upstream", { ...good, routes: [{ ...route, upstream: "http://u:p@x" }] }],
    ["routes[0].scopes", { ...good, routes: [{ ...route, scopes: ["a b"] }] }],
    ["routes[0].scopes", { ...good, routes: [{ ...route, scopes: { get: [] } }] }],
    ["routes[0].scopes: no app", { ...good, routes: [{ ...route, scopes: ["orders:raed"] }] }],
    [
      "routes[0].scopes: no app",
      { ...good, routes: [{ ...route, scopes: { GET: ["orders:read"], "*": ["orders:rite"] } }] },
    ],
    [
      "routes[0].scopes: no app",
      { ...good, apps: [PANE_APP], routes: [{ ...route, scopes: ["orders:read"] }] },
    ],
    [
      "routes[0].scopes: no app",
      { ...good, apps: [ORDERS_APP, PANE_APP], routes: [{ ...route, apps: [PANE_APP.id] }] },
    ],
    ["routes[0].apps", { ...good, routes: [{ ...route, apps: ["order"] }] }],
    ["routes[0].timeoutMs", { ...good, routes: [{ ...route, timeoutMs: "1s" }] }],
    ["routes[0]", { ...good, routes: [{ ...route, scope: [] }] }],
    ["trustedProxies[0]", { ...good, trustedProxies: ["10.0.0.0/33"] }],
    ["hostOrigins[0]", { ...good, hostOrigins: ["https://shell.example/"] }],
    ["hostOrigins[0]: is the origin of the app", { ...good, hostOrigins: [APP_ORIGIN] }],
    ["limits.connectTimeoutMs", { ...good, limits: { connectTimeoutMs: 0 } }],
    ["limits.maxConcurrentRequests", { ...good, limits: { maxConcurrentRequests: 0 } }],
    ["limits.maxConcurrentPerSession", { ...good, limits: { maxConcurrentPerSession: 0 } }],
    ["limits.circuitFailures", { ...good, limits: { circuitFailures: 0 } }],
    ["limits.circuitOpenMs", { ...good, limits: { circuitOpenMs: 0 } }],
    ["limits.circuitMs: unknown option", { ...good, limits: { circuitMs: 1 } }],
    ["refusalLimit", { ...good, refusalLimit: { requests: 0, windowSeconds: 60 } }],
    ["refusalLimit.windowSeconds", { ...good, refusalLimit: { requests: 1, windowSeconds: 0 } }],
    [
      "refusalLimit.windowSeconds",
      { ...good, refusalLimit: { requests: 1, windowSeconds: 86_401 } },
    ],
    ["refusalLimit", { ...good, refusalLimit: true }],
    ["revocations.maxSilenceMs", { ...good, revocations: { maxSilenceMs: -1 } }],
    ["revocations.maxSilenceMs", { ...good, revocations: { maxSilenceMs: 300_001 } }],
    ["revocations.maxRetryMs", { ...good, revocations: { maxRetryMs: 9 } }],
    ["revocations.maxRetryMs", { ...good, revocations: { maxRetryMs: 60_001 } }],
    ["jwks: must be an https URL", { ...good, jwks: "http://shell.example/jwks.json" }],
    ["jwks: must be an https URL", { ...good, jwks: "ftp://shell.example/jwks.json" }],
    [
      "revocations.url: must be an https URL",
      { ...good, revocations: { url: "http://10.0.0.1/feed" } },
    ],
    ["issuer: must be an https URL", { ...good, issuer: "http://shell.example/auth" }],
    [
      "issuer: must be an https URL",
      { ...good, issuer: "http://shell.example/auth", jwks: "https://shell.example/jwks.json" },
    ],
    [
      "rateLimitStore.url: must be {",
      { ...good, rateLimitStore: { kind: "redis", url: "redis://h" } },
    ],
    [
      "rateLimitStore.url.env: the environment has no variable",
      { ...good, rateLimitStore: { kind: "redis", url: { env: "BREEZEWAY_NOT_SET" } } },
    ],
    [
      "rateLimitStore.url.file: cannot be read (ENOENT)",
      { ...good, rateLimitStore: { kind: "redis", url: { file: "none" } } },
    ],
    [
      "rateLimitStore.url: must be a URL",
      { ...good, rateLimitStore: { kind: "postgres", url: { file: "orders.json" } } },
    ],
    [
      "rateLimitStore.kind: must be",
      { ...good, rateLimitStore: { kind: "cluster", url: { file: "orders.json" } } },
    ],
    ["metrics.access", { ...good, metrics: { access: "everybody" } }],
    ["cors.maxAgeSeconds", { ...good, cors: { maxAgeSeconds: -1 } }],
    ["cors.maxAgeSeconds", { ...good, cors: { maxAgeSeconds: 86_401 } }],
    ["cors.exposedHeaders[0]", { ...good, cors: { exposedHeaders: ["X-A, *"] } }],
    ["cors.origins: unknown option", { ...good, cors: { origins: ["*"] } }],
    ["unknown", { ...good, unknown: 1 }],
    ["apps[0]", { ...good, apps: ["missing.json"] }],
    ["apps[0]", { ...good, apps: [{ id: "X" }] }],
  ])("names the file and %s", (field, config) => {
    writeFileSync(file, JSON.stringify(config));
    expect(() => readGatewayConfig(file)).toThrow(
      expect.objectContaining({
        code: expect.stringMatching(/^(?:CONFIG|MANIFEST)_INVALID$/) as string,
        message: expect.stringContaining(field) as string,
      }),
    );
    expect(() => readGatewayConfig(file)).toThrow(file);
  });

  it.each([false, { url: "https://other.example/feed" }])(
    "accepts an issuer with a trailing slash when keys and feed have their own URLs: %j",
    (revocations) => {
      const other = { issuer: "https://other.example/", jwks: "https://other.example/keys" };
      writeFileSync(file, JSON.stringify({ ...good, ...other, revocations }));
      expect(readGatewayConfig(file).issuer).toBe(other.issuer);
    },
  );

  it("accepts an http issuer when its keys come over https and it has no feed", () => {
    const issuer = "http://shell.example/auth";
    const jwks = "https://shell.example/jwks.json";
    writeFileSync(file, JSON.stringify({ ...good, issuer, jwks, revocations: false }));
    expect(readGatewayConfig(file).issuer).toBe(issuer);
  });

  it("reads the URL of a store from a file next to the configuration", () => {
    writeFileSync(join(folder, "secret"), "redis://:password@10.0.0.7:6379\n");
    const rateLimitStore = { kind: "redis", url: { file: "secret" }, whenDown: "refuse" };
    writeFileSync(file, JSON.stringify({ ...good, rateLimitStore }));
    expect(readGatewayConfig(file).rateLimitStore).toEqual({
      ...rateLimitStore,
      url: "redis://:password@10.0.0.7:6379",
    });
  });

  it.each(["env", "file"])("does not quote the value in %s, which may be a secret", (place) => {
    const rateLimitStore = { kind: "redis", url: { [place]: "redis://:password@h" } };
    writeFileSync(file, JSON.stringify({ ...good, rateLimitStore }));
    expect(() => readGatewayConfig(file)).not.toThrow("password");
    expect(() => readGatewayConfig(file)).toThrow(`rateLimitStore.url.${place}: `);
  });

  it.each(["", "{", "[]"])("refuses a file with the content %j", (text) => {
    writeFileSync(file, text);
    expect(() => readGatewayConfig(file)).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID" }),
    );
  });

  it("resolves the audit log relative to the file", () => {
    writeFileSync(file, JSON.stringify({ ...good, audit: { file: "audit.jsonl" } }));
    expect(readGatewayConfig(file).audit).toEqual({ file: join(folder, "audit.jsonl") });
  });

  it("names a file that cannot be read", () => {
    expect(() => readGatewayConfig(join(folder, "none.json"))).toThrow("none.json");
  });
});

describe("parseGatewaySection", () => {
  const file = "/etc/breezeway/breezeway.json";
  const context = { file, name: "gateway", issuer: ISSUER, apps: [ORDERS_APP] };
  const { routes } = good;

  it("returns the section's options together with the shared ones", async () => {
    const section = { routes, audit: { file: "audit.jsonl" } };
    const trustedProxies = ["10.0.0.0/8"];
    const options = await parseGatewaySection(section, { ...context, trustedProxies });
    expect(options).toMatchObject({
      issuer: ISSUER,
      apps: [ORDERS_APP],
      routes,
      trustedProxies: ["10.0.0.0/8"],
      audit: { file: "/etc/breezeway/audit.jsonl" },
    });
  });

  it.each([
    ["what is shared with others", { routes, issuer: ISSUER }, "issuer: unknown option"],
    ["an invalid route", { routes: [{ prefix: "x" }] }, "routes[0].prefix"],
    [
      "a scope that no app has",
      { routes: [{ prefix: "/x", scopes: ["a:b"] }] },
      "routes[0].scopes",
    ],
    ["limits out of bounds", { routes, limits: { circuitFailures: 0 } }, "limits.circuitFailures"],
    ["an invalid limit of refusals", { routes, refusalLimit: true }, "refusalLimit"],
  ])("names file, section and field for %s", async (_what, section, message) => {
    await expect(parseGatewaySection(section, context)).rejects.toThrow(
      `${file}: gateway: ${message}`,
    );
  });
});
