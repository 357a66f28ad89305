import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import express from "express";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sendRaw } from "@breezeway/test-support/raw-client";
import { MANIFESTS } from "@breezeway/test-support/issuer-fixture";
import type { ClaimsHook, Issuer } from "../index.ts";
import {
  readManifests,
  serveIssuer,
  toNodeHandler,
  type IssuerServer,
  type ProxyOptions,
  type ServeOptions,
} from "../node.ts";
import { cookieOf, testIssuer } from "../../test-support/test-issuer.ts";

let issuer: Issuer;
let folder: string;

beforeEach(() => {
  issuer = testIssuer({ rateLimits: { loginsPerAddress: 2 } });
  folder = mkdtempSync(join(tmpdir(), "issuer-node-"));
});

afterEach(async () => {
  await issuer.close();
  rmSync(folder, { recursive: true });
});

const login = (base: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${base}/auth/login/dev`, {
    method: "POST",
    headers: { "x-breezeway-request": "1", "content-type": "application/json", ...headers },
    body: '{"userId":"alice","tenantId":"acme"}',
  });

describe("toNodeHandler", () => {
  it.each([
    ["at the root", (app: express.Express) => app.use(toNodeHandler(issuer))],
    [
      "behind a body parser",
      (app: express.Express) => app.use(express.json(), toNodeHandler(issuer)),
    ],
    ["at its own path", (app: express.Express) => app.use("/auth", toNodeHandler(issuer))],
  ])("mounts in Express %s and leaves other paths to it", async (_where, mount) => {
    const app = express();
    mount(app);
    app.get("/hello", (_request, response) => {
      response.send("hello");
    });
    const server = createServer(app);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const cookie = cookieOf(await login(base));
    const session = await fetch(`${base}/auth/session?x=1`, { headers: { cookie } });
    expect(await session.json()).toMatchObject({ userId: "alice" });
    expect(await (await fetch(`${base}/hello`)).text()).toBe("hello");
    const unknown = await fetch(`${base}/auth/nothing`);
    expect(await unknown.json()).toMatchObject({ reason: "route-unknown" });
    await new Promise((resolve) => server.close(resolve));
  });
});

describe("toNodeHandler", () => {
  it("refuses an unknown option", () => {
    const options = { trustedProxys: ["10.0.0.0/8"] } as ProxyOptions;
    expect(() => toNodeHandler(issuer, options)).toThrow(
      'toNodeHandler: trustedProxys: unknown option. Did you mean "trustedProxies"?',
    );
  });
});

describe("serveIssuer", () => {
  it("applies limits to the client's address", async () => {
    const server = await serveIssuer(issuer, { port: 0 });
    expect((await login(server.url)).status).toBe(200);
    expect((await login(server.url)).status).toBe(200);
    expect((await login(server.url)).status).toBe(429);
    await server.close();
  });

  it.each([
    ["trusts a configured proxy", ["127.0.0.1"], ["192.0.2.1", "192.0.2.2"], 200],
    ["trusts two proxies in a row", ["127.0.0.0/8", "10.0.0.0/8"], ["192.0.2.1, 10.1.2.3"], 200],
    ["trusts no other proxy", [], ["192.0.2.1", "192.0.2.2"], 429],
    [
      "trusts nothing that an untrusted address wrote",
      ["127.0.0.1"],
      ["6.6.6.6, 192.0.2.9", "7.7.7.7, 192.0.2.9"],
      429,
    ],
    ["ignores a hop that is not an address", ["127.0.0.1"], ["unknown", "192.0.2.1, for=x"], 429],
  ])("%s", async (_what, trustedProxies, senders, status) => {
    const server = await serveIssuer(issuer, { port: 0, trustedProxies });
    const from = (address: string): Promise<Response> =>
      login(server.url, { "x-forwarded-for": address });
    // A client's own claim is the first entry.
    for (const address of senders) expect((await from(address)).status).toBe(200);
    if (senders.length === 1) expect((await from("192.0.2.7, 10.1.2.3")).status).toBe(200);
    expect((await from(senders.at(-1) ?? "")).status).toBe(status);
    await server.close();
  });

  it.each(["proxy", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8"])(
    "refuses %s as a proxy",
    async (proxy) => {
      const served = serveIssuer(issuer, { port: 0, trustedProxies: [proxy] });
      await expect(served).rejects.toThrow("trustedProxies[0]");
    },
  );

  it.each<[string, object | undefined]>([
    ["options", undefined],
    ["trustedProxy", { port: 0, trustedProxy: ["10.0.0.0/8"] }],
    ["trustedProxies", { port: 0, trustedProxies: "10.0.0.0/8" }],
    ["port", {}],
    ["port", { port: "4000" }],
    ["port", { port: 0.5 }],
    ["port", { port: -1 }],
    ["port", { port: 65_536 }],
    ["host", { port: 0, host: "" }],
    ["host", { port: 0, host: true }],
  ])("names the invalid option %s when the options are %o", async (name, options) => {
    await expect(serveIssuer(issuer, options as ServeOptions)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(new RegExp(`^serveIssuer: (?:.* )?${name}: `)) as string,
    });
  });

  it("names the port that is in use and suggests another one", async () => {
    const server = await serveIssuer(issuer, { port: 0 });
    const port = Number(new URL(server.url).port);
    const second = serveIssuer(issuer, { port });
    await expect(second).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    await expect(second).rejects.toThrow(`port: ${port} on 127.0.0.1 is already in use`);
    await server.close();
  });

  describe("close", () => {
    /** A server whose mints wait for `release`, with one open request for a token. */
    async function requestUnderWay(): Promise<{
      readonly server: IssuerServer;
      readonly answer: Promise<Response>;
      readonly release: () => void;
    }> {
      const reached = Promise.withResolvers<void>();
      const released = Promise.withResolvers<object>();
      const claims = (): Promise<object> => (reached.resolve(), released.promise);
      await using waiting = new AsyncDisposableStack();
      const slow = waiting.use(testIssuer({ claims: claims as ClaimsHook }));
      const server = await serveIssuer(slow, { port: 0 });
      const cookie = cookieOf(await login(server.url));
      const answer = fetch(`${server.url}/auth/session/token`, {
        method: "POST",
        headers: { "x-breezeway-request": "1", "content-type": "application/json", cookie },
        body: '{"appId":"orders"}',
      });
      answer.catch(() => {});
      await reached.promise;
      open.push(waiting.move());
      return { server, answer, release: () => released.resolve({}) };
    }
    const open: AsyncDisposableStack[] = [];
    afterEach(async () => {
      for (const each of open.splice(0)) await each.disposeAsync();
    });

    it("answers an open request and accepts no new connection", async () => {
      const { server, answer, release } = await requestUnderWay();
      const closed = server.close({ graceMs: 20_000 });
      await expect(sendRaw(server.url, "GET / HTTP/1.1\r\n\r\n")).rejects.toThrow("ECONNREFUSED");
      release();
      expect((await answer).headers.get("connection")).toBe("close");
      expect(await (await answer).json()).toHaveProperty("token");
      await closed;
    });

    it("ends a request that takes longer than graceMs", async () => {
      const { server, answer } = await requestUnderWay();
      await server.close({ graceMs: 10 });
      await expect(answer).rejects.toThrow("fetch failed");
    });

    it("does not wait for event streams", async () => {
      const server = await serveIssuer(issuer, { port: 0 });
      const headers = { accept: "text/event-stream" };
      const stream = await fetch(`${server.url}/auth/revocations`, { headers });
      // Longer than the time limit of the test.
      await server.close({ graceMs: 600_000 });
      await expect(stream.text()).rejects.toThrow("terminated");
    });
  });

  it("closes the connection after a stream and after 503", async () => {
    const server = await serveIssuer(issuer, { port: 0 });
    const connectionOf = async (path: string, accept = "*/*"): Promise<unknown> => {
      const response = await fetch(`${server.url}/auth${path}`, { headers: { accept } });
      return [response.status, response.headers.get("connection")];
    };
    expect(await connectionOf("/session")).toEqual([401, "keep-alive"]);
    expect(await connectionOf("/revocations", "text/event-stream")).toEqual([200, "close"]);
    await issuer.close();
    expect(await connectionOf("/session")).toEqual([503, "close"]);
    await server.close();
  });

  it("keeps a stream open over a real connection and ends it when the issuer closes", async () => {
    const server = await serveIssuer(issuer, { port: 0 });
    const response = await fetch(`${server.url}/auth/revocations`, {
      headers: { accept: "text/event-stream" },
    });
    const text = response.text();
    await issuer.close();
    expect(await text).toContain("event: snapshot");
    await server.close();
  });
});

describe("readManifests", () => {
  const write = (name: string, content: unknown): void =>
    writeFileSync(
      join(folder, name),
      typeof content === "string" ? content : JSON.stringify(content),
    );

  it("reads every .json file of a folder, sorted by name", () => {
    write("b.json", MANIFESTS[0]);
    write("a.json", MANIFESTS[1]);
    write("notes.txt", "not a manifest");
    expect(readManifests(folder).map(({ id }) => id)).toEqual(["inspector", "orders"]);
  });

  it.each<[string, unknown, string]>([
    ["text that is not JSON", "{", "orders.json: this is not valid JSON"],
    ["a missing field", { ...MANIFESTS[0], name: undefined }, "orders.json: name: is required"],
    [
      "a wrong field",
      { ...MANIFESTS[0], scopes: ["x"] },
      "orders.json: scopes[0]: must be of the form",
    ],
  ])("names file and field for %s", (_case, content, message) => {
    write("orders.json", content);
    expect(() => readManifests(folder)).toThrow(
      join(folder, message.slice(0, message.indexOf(":"))),
    );
    expect(() => readManifests(folder)).toThrow(message);
  });

  it("names both files when two have the same id", () => {
    write("a.json", MANIFESTS[0]);
    write("b.json", MANIFESTS[0]);
    expect(() => readManifests(folder)).toThrow(
      `${join(folder, "b.json")}: id: ${join(folder, "a.json")} has the same id`,
    );
  });

  it("names a folder that it cannot read", () => {
    expect(() => readManifests(join(folder, "missing"))).toThrow("missing cannot be read");
  });
});
