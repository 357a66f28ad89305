import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createIssuer, sqliteStore } from "@breezeway/issuer";
import { decodeSessionToken } from "@breezeway/shared";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  addressesIn,
  ISSUER,
  ORDERS,
  send,
  signIn,
  tokenFor,
  type LogLine,
} from "../../test-support/serve-place.ts";
import { SECRET, useServe } from "../../test-support/use-serve.ts";

const fixture = useServe();
const { serve, change } = fixture;

const LESSER = { ...ORDERS, scopes: ["orders:write"] };

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

  it("ends with code 0 when stopped, and leaves no port open", async () => {
    const { code, out, err } = await serve([], async (lines) => {
      expect(Object.keys(addressesIn(lines))).toEqual(["issuer", "gateway", "operations"]);
    });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out.slice(-2).map((line) => JSON.parse(line) as LogLine)).toMatchObject([
      { log: "serve", event: "stopping" },
      { log: "serve", event: "stopped" },
    ]);
  });

  it("serves for 5 s after the signal by default, while both health endpoints answer 503", async () => {
    fixture.place.write(change({}, {}, { shutdown: { graceMs: 0 } }));
    let lines: readonly LogLine[] = [];
    const stopped = serve([], async (log) => {
      lines = log;
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    });
    await expect
      .poll(() => lines.find(({ event }) => event === "stopping"))
      .toMatchObject({
        drainDelayMs: 5_000,
        graceMs: 0,
      });
    const { issuer, gateway, operations } = addressesIn(lines);
    const statusOf = async (url: string): Promise<number> => (await fetch(url)).status;
    expect(await statusOf(`${issuer}/auth/health`)).toBe(503);
    expect(await statusOf(`${operations}/health/ready`)).toBe(503);
    expect(await statusOf(`${issuer}/auth/.well-known/jwks.json`)).toBe(200);
    expect((await send(`${gateway}/orders`)).status).toBe(401);
    vi.advanceTimersByTime(5_000);
    expect(await stopped).toMatchObject({ code: 0, err: "" });
    await expect(fetch(`${gateway}/orders`)).rejects.toThrow("fetch failed");
  });

  it("keeps unused connections for the time that the file says, of each part", async () => {
    fixture.place.write(change({ keepAliveTimeoutMs: 7_000 }, { keepAliveTimeoutMs: 9_000 }));
    const { code } = await serve([], async (lines) => {
      const { issuer, gateway } = addressesIn(lines);
      const keptBy = async (url: string): Promise<unknown> =>
        (await fetch(url)).headers.get("keep-alive");
      expect(await keptBy(`${issuer}/auth/health`)).toBe("timeout=7");
      expect(await keptBy(`${gateway}/health/live`)).toBe("timeout=9");
    });
    expect(code).toBe(0);
  });

  it.each([
    ["issuer.port", (port: number) => change({ port })],
    ["gateway.port", (port: number) => change({}, { port })],
    ["gateway.operationsPort", (port: number) => change({}, { operationsPort: port })],
  ])("names %s when that port is taken", async (field, configOf) => {
    const port = await takenPort();
    fixture.place.write(configOf(port));
    const { code, out, err } = await serve([]);
    expect(code).toBe(1);
    expect(out.join()).not.toContain("listening");
    expect(err).toContain(
      `${fixture.place.file}: ${field}: port ${port} on 127.0.0.1 is already in use`,
    );
  });

  it("reports an address that this machine does not have", async () => {
    fixture.place.write(change({ host: "192.0.2.1" }));
    expect((await serve([])).err).toContain("issuer.port: port 0 on 192.0.2.1 cannot be opened");
    fixture.place.write(change({}, { operationsHost: "operations.invalid" }));
    const { err } = await serve([]);
    expect(err).toContain("gateway.operationsPort: port 0 on operations.invalid cannot be opened");
  });

  it("names the port when the address is a host name", async () => {
    const port = await takenPort("localhost");
    fixture.place.write(change({}, { operationsHost: "localhost", operationsPort: port }));
    const { err } = await serve([]);
    expect(err).toContain(`gateway.operationsPort: port ${port} on localhost is already in use`);
  });

  it("reports an unreachable database without its address or password", async () => {
    fixture.env = { DATABASE_URL: `postgres://me:${SECRET}@127.0.0.1:1/none` };
    fixture.place.write(change({ store: { kind: "postgres", url: { env: "DATABASE_URL" } } }));
    const { code, err } = await serve([]);
    expect(code).toBe(1);
    expect(err).toContain(
      `${fixture.place.file}: issuer.store: The Postgres store cannot be opened`,
    );
    expect(err).toContain("(ECONNREFUSED)");
    expect(err).not.toContain("canary");
  });

  it("names the audit log that it cannot write", async () => {
    fixture.place.write(change({}, { audit: { file: "breezeway.json/audit.jsonl" } }));
    const { code, err } = await serve([]);
    expect(code).toBe(1);
    expect(err).toContain(
      `${fixture.place.file}: gateway: audit: cannot write ${fixture.place.file}/audit.jsonl`,
    );
  });

  it("names the store that it cannot write", async () => {
    fixture.place.write(
      change({ store: { kind: "sqlite", file: "breezeway.json/issuer.sqlite" } }),
    );
    const { code, err } = await serve([]);
    expect(code).toBe(1);
    expect(err).toContain(`${fixture.place.file}: issuer.store: The session store`);
  });

  it("reports that the keys were encrypted with another secret", async () => {
    const file = join(fixture.place.folder, "data/issuer.sqlite");
    const keys = { encryptionSecret: "another-0123456789" };
    const store = sqliteStore({ file });
    await using other = createIssuer({ issuer: ISSUER, apps: [], store, keys });
    await other.ready;
    fixture.env = { KEY_SECRET: SECRET };
    fixture.place.write(change({ keys: { encryptionSecret: { env: "KEY_SECRET" } } }));
    const { code, err } = await serve([]);
    expect(code).toBe(1);
    expect(err).toContain(`${fixture.place.file}: issuer.keys: `);
    expect(err).not.toContain("canary");
  });

  it.each([
    [["127.0.0.1"], 200],
    [[], 429],
  ])(
    "limits sign-ins by the client address behind the trusted proxies %j: status %i",
    async (trustedProxies, status) => {
      fixture.place.write(change({ rateLimits: { loginsPerAddress: 1 } }, {}, { trustedProxies }));
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
    },
  );

  it("follows a revocation feed that requires authentication, and accepts tokens of both algorithms", async () => {
    fixture.env = { FEED: "feed-secret" };
    const revocations = { secrets: [{ env: "FEED" }], heartbeatSeconds: 2 };
    fixture.place.write(change({ revocations, algorithms: { orders: "ES256" } }));
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

  it.each([
    ["SIGHUP", () => process.emit("SIGHUP")],
    [
      "a change of its file",
      () => fixture.place.write(change({ hooks: "hooks.mjs" }, {}, { apps: [LESSER] })),
    ],
  ])(
    "applies the reload that %s requests during the start once it has started",
    async (_what, ask) => {
      const manifest = join(fixture.place.folder, "a.json");
      writeFileSync(manifest, JSON.stringify(ORDERS));
      // The hooks are loaded after the file and the manifests have been read.
      const hooks = "globalThis.whileReading();";
      writeFileSync(join(fixture.place.folder, "hooks.mjs"), hooks);
      fixture.place.write(change({ hooks: "hooks.mjs" }, {}, { apps: ["a.json"] }));
      vi.stubGlobal("whileReading", () => {
        writeFileSync(manifest, JSON.stringify(LESSER));
        ask();
      });
      await serve([], async (lines) => {
        await expect.poll(() => lines.map(({ event }) => event)).toContain("reloaded");
        const { issuer = "" } = addressesIn(lines);
        const token = (await tokenFor(issuer, await signIn(issuer))) ?? "";
        expect(decodeSessionToken(token).claims).toMatchObject({ scope: "orders:write" });
      });
    },
  );
});

describe("the log", () => {
  it("names the class of a failure that the caller does not see, without the error's message", async () => {
    writeFileSync(
      join(fixture.place.folder, "hooks.mjs"),
      'export const claims = () => { throw new RangeError("canary"); };',
    );
    fixture.place.write(change({ hooks: "hooks.mjs" }));
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

  it("names the hook that did not settle in time, and its request is answered with 504", async () => {
    const hooks = "export const mayManage = () => new Promise(() => {});";
    writeFileSync(join(fixture.place.folder, "hooks.mjs"), hooks);
    fixture.place.write(change({ hooks: "hooks.mjs", hookTimeoutMs: 50, installations: {} }));
    await serve([], async (lines) => {
      const { issuer = "" } = addressesIn(lines);
      const headers = { cookie: await signIn(issuer) };
      const answer = await fetch(`${issuer}/auth/installations`, { headers });
      expect(answer.status).toBe(504);
      expect(await answer.json()).toMatchObject({ reason: "upstream-timeout", action: "wait" });
      expect(lines.filter(({ event }) => event === "failure")).toMatchObject([
        { part: "issuer", why: "issuer.hooks: mayManage did not settle within 50 ms." },
      ]);
    });
  });
});
