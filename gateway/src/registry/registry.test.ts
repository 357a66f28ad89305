/** A real issuer with apps in its store, and gateways that follow it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startNativeIssuer, type NativeIssuer } from "@breezeway/test-support/native-issuer";
import { startRelay } from "@breezeway/test-support/relay";
import type { Handler } from "@breezeway/test-support/upstream";
import { temporaryFolder } from "@breezeway/test-support/temporary-folder";
import type { GatewayOptions } from "../config/options.ts";
import { createGateway } from "../gateway.ts";
import { readGatewayConfig } from "../config/read-config.ts";
import { startGateway, type TestGateway } from "../../test-support/start.ts";

const SECRET = "feed-secret-0123456789";
const ORIGIN = "https://bills.example";
const BILLS = {
  id: "bills",
  name: "Bills",
  version: "1.0.0",
  url: `${ORIGIN}/`,
  scopes: ["bills:read"],
};

let authority: NativeIssuer;
let handle: string;
let gateway: TestGateway;
let errors: unknown[];

function follow(options: Partial<GatewayOptions> = {}, handler?: Handler): Promise<TestGateway> {
  const { url } = authority;
  return startGateway({
    ...(handler && { handler }),
    route: { prefix: "/bills", scopes: ["bills:read"] },
    gateway: {
      issuer: url,
      apps: "issuer",
      jwks: `${url}/.well-known/jwks.json`,
      revocations: { headers: { authorization: `Bearer ${SECRET}` } },
      onError: (error) => errors.push(error),
      ...options,
    },
  });
}

beforeEach(async () => {
  errors = [];
  authority = await startNativeIssuer(undefined, { apps: [], revocations: { secrets: [SECRET] } });
  const user = { userId: "alice", tenantId: "acme", scopes: ["bills:read"] };
  handle = (await authority.issuer.sessions.create(user)).session.handle;
  gateway = await follow();
});
afterEach(async () => {
  await gateway[Symbol.asyncDispose]();
  await authority[Symbol.asyncDispose]();
});

const token = async (): Promise<string> =>
  (await authority.issuer.sessions.mintToken(handle, "bills")).token;

async function ask(bearer: string, at = gateway): Promise<string> {
  const headers = { authorization: `Bearer ${bearer}`, origin: ORIGIN };
  const response = await at.request("/bills", { headers });
  if (response.ok) return "200";
  const { reason } = (await response.json()) as { readonly reason: string };
  return `${response.status} ${reason}`;
}

async function until(expected: string, answer: () => Promise<string>): Promise<void> {
  for (;;) {
    if ((await answer()) === expected) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function ready(at = gateway): Promise<string> {
  const { status, checks } = (await (await fetch(`${at.url}/health/ready`)).json()) as {
    readonly status: string;
    readonly checks: { readonly registry?: string };
  };
  return `${status} ${checks.registry}`;
}

describe("a gateway that follows the issuer's apps", () => {
  it("lets an app in that was put while it runs, and refuses it once it is removed", async () => {
    await until("ok ok", ready);
    await authority.issuer.apps.put(BILLS);
    const bearer = await token();
    await until("200", () => ask(bearer));
    await authority.issuer.apps.remove("bills");
    await until("403 origin-not-allowed", () => ask(bearer));
  });

  it("refuses a suspended app with the operator's words, in its tenant only, until it is resumed", async () => {
    const { apps, sessions } = authority.issuer;
    await apps.put(BILLS);
    const old = await token();
    await until("200", () => ask(old));
    await apps.suspend("bills", { reason: "Under review", tenantId: "acme" });
    await until("403 app-suspended", () => ask(old));
    const headers = { authorization: `Bearer ${old}`, origin: ORIGIN };
    const refused = await gateway.request("/bills", { headers });
    expect(await refused.json()).toMatchObject({ detail: "The app is suspended: Under review" });
    const user = { userId: "bob", tenantId: "globex", scopes: ["bills:read"] };
    const { session } = await sessions.create(user);
    const { token: elsewhere } = await sessions.mintToken(session.handle, "bills");
    expect(await ask(elsewhere)).toBe("200");
    await apps.resume("bills", { tenantId: "acme" });
    const fresh = await token();
    await until("200", () => ask(fresh));
    // It was revoked with the suspension.
    expect(await ask(old)).toBe("401 session-revoked");
  });

  it("lets the page of a channel in like the stable one, and names version and channel in its audit log", async () => {
    const lines: string[] = [];
    await using audited = await follow({ audit: { write: (line: string) => lines.push(line) } });
    const { apps } = authority.issuer;
    const beta = { url: `${ORIGIN}/beta/`, version: "2.0.0-rc.1" };
    await apps.put({ ...BILLS, channels: { beta } });
    const bearer = await token();
    await until("200", () => ask(bearer, audited));
    await apps.setChannel({ appId: "bills", tenantId: "acme", channel: "beta" });
    // The token from before and a new one are good: the channel has the same origin and scopes.
    expect(await ask(bearer, audited)).toBe("200");
    const next = await token();
    const last = async (): Promise<string> => {
      expect(await ask(next, audited)).toBe("200");
      const { channel, version } = JSON.parse(lines.at(-1) ?? "") as Record<string, string>;
      return `${channel} ${version}`;
    };
    await until("beta 2.0.0-rc.1", last);
    await apps.rollOut({ appId: "bills", channel: "beta", percent: 100 });
    await apps.setChannel({ appId: "bills", tenantId: "acme", channel: "stable" });
    await until("beta 2.0.0-rc.1", last);
    await apps.rollBack({ appId: "bills" });
    await until("stable 1.0.0", last);
  });

  it("takes nothing about the version from the request", async () => {
    const lines: string[] = [];
    await using audited = await follow({ audit: { write: (line: string) => lines.push(line) } });
    await authority.issuer.apps.put(BILLS);
    const bearer = await token();
    await until("200", () => ask(bearer, audited));
    const headers = {
      authorization: `Bearer ${bearer}`,
      origin: ORIGIN,
      "x-breezeway-channel": "canary-channel",
      "x-breezeway-version": "canary-version",
    };
    await audited.request("/bills?channel=canary-channel", { headers });
    expect(lines.join("")).not.toContain("canary");
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ channel: "stable", version: "1.0.0" });
  });

  it("cuts the open streams of an app that is suspended", async () => {
    await authority.issuer.apps.put(BILLS);
    const bearer = await token();
    await until("200", () => ask(bearer));
    await using streaming = await follow({}, (_request, response) => {
      response.writeHead(200).write("first");
    });
    const headers = { authorization: `Bearer ${bearer}`, origin: ORIGIN };
    await until("ok ok", () => ready(streaming));
    const { body } = await streaming.request("/bills/stream", { headers });
    const reader = body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    await authority.issuer.apps.suspend("bills", { reason: "Under review" });
    await expect(reader?.read()).rejects.toThrow();
  });

  it("keeps the known apps while the issuer is away, and says so", async () => {
    const { apps } = authority.issuer;
    await apps.put(BILLS);
    const bearer = await token();
    await using relay = await startRelay(Number(new URL(authority.url).port));
    await using far = await follow({
      revocations: {
        url: `http://127.0.0.1:${relay.port}/auth/revocations`,
        headers: { authorization: `Bearer ${SECRET}` },
      },
    });
    await until("ok ok", () => ready(far));
    expect(await ask(bearer, far)).toBe("200");
    relay.cut();
    await until("degraded stale", () => ready(far));
    await apps.suspend("bills", { reason: "Under review" });
    expect(await ask(bearer, far)).toBe("200");
    relay.restore();
    await until("403 app-suspended", () => ask(bearer, far));
    await until("ok ok", () => ready(far));
  });

  it("answers 503 and is not ready until the registry has arrived", async () => {
    await using early = await follow({
      revocations: { headers: { authorization: "Bearer wrong" } },
      onError: () => undefined,
    });
    await authority.issuer.apps.put(BILLS);
    expect(await ask(await token(), early)).toBe("503 store-unavailable");
    expect(await ask("x", early)).toBe("401 token-malformed");
    expect(await ready(early)).toBe("unavailable connecting");
  });

  it("leaves out an app at the origin of a host", async () => {
    await using strict = await follow({ hostOrigins: [ORIGIN] });
    await authority.issuer.apps.put(BILLS);
    const bearer = await token();
    await until("200", () => ask(bearer));
    await until("401 audience-mismatch", () => ask(bearer, strict));
    expect(errors).toContainEqual(
      expect.objectContaining({
        message: expect.stringContaining('is the origin of the app "bills"') as string,
      }),
    );
  });

  it("keeps the known apps through a reload, with new routes", async () => {
    await authority.issuer.apps.put(BILLS);
    const bearer = await token();
    await until("200", () => ask(bearer));
    const routes = [{ prefix: "/other", upstream: gateway.upstream.url, scopes: ["bills:read"] }];
    gateway.server.gateway.reload({ apps: "issuer", routes });
    expect(await ask(bearer)).toBe("404 route-unknown");
    const reload = (options: Partial<GatewayOptions>): void =>
      gateway.server.gateway.reload({ apps: "issuer", routes, ...options });
    expect(() => reload({ apps: [BILLS] })).toThrow("apps: cannot change");
    expect(() => reload({ hostOrigins: [ORIGIN] })).toThrow('is the origin of the app "bills"');
  });
});

describe('the option apps: "issuer"', () => {
  const options = {
    issuer: "http://127.0.0.1:1/auth",
    apps: "issuer",
    routes: [{ prefix: "/", upstream: "http://127.0.0.1:1" }],
  } as const;

  it.each<[string, GatewayOptions["revocations"]]>([
    ["without a feed", false],
    ["without the secret", undefined],
    ["with other headers", { headers: { "x-other": "1" } }],
  ])("is refused %s", (_what, revocations) => {
    expect(() => createGateway({ ...options, revocations })).toThrow(
      "revocations.headers: must have authorization",
    );
  });

  it("is read from a file, with the secret from the environment", () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "gateway.json");
    const headers = { authorization: { env: "TEST_FEED_SECRET" } };
    writeFileSync(file, JSON.stringify({ ...options, revocations: { headers } }));
    expect(() => readGatewayConfig(file)).toThrow("revocations.headers.authorization.env");
    process.env["TEST_FEED_SECRET"] = `Bearer ${SECRET}`;
    try {
      expect(readGatewayConfig(file)).toMatchObject({
        apps: "issuer",
        revocations: { headers: { authorization: `Bearer ${SECRET}` } },
      });
    } finally {
      delete process.env["TEST_FEED_SECRET"];
    }
  });
});
