/** Sessions by handle for backends in Python and Go, against a real issuer. */
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { join } from "node:path";
import { promisify } from "node:util";
import express from "express";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createIssuer, sqliteStore, type Issuer } from "@breezeway/issuer";
import { listen } from "@breezeway/test-support/listen";
import { findProgram } from "@breezeway/test-support/processes";
import { sessionRoutes } from "./server.ts";

const SECRET = "a-secret-of-these-routes-alone-0123456789";
const run = promisify(execFile);
const opened = new AsyncDisposableStack();
let issuer: Issuer;
let url: string;
let handles: string[];

beforeAll(async () => {
  issuer = createIssuer({
    issuer: "https://shell.example/auth",
    apps: [],
    store: sqliteStore({ file: ":memory:" }),
  });
  opened.defer(() => issuer.close());
  const app = express();
  app.use("/internal", sessionRoutes(issuer, SECRET));
  const server = await listen(createServer(app));
  opened.defer(() => server.close());
  url = `http://127.0.0.1:${server.port}/internal`;
  handles = [];
  for (const tenantId of ["acme", "globex"]) {
    const { session } = await issuer.sessions.create({
      userId: "alice",
      tenantId,
      tenants: { acme: { scopes: [] }, globex: { scopes: [] } },
      claims: { org_role: "admin" },
      data: { cart: ["7"] },
    });
    handles.push(session.handle);
  }
});
afterAll(() => opened.disposeAsync());

const get = (path: string, secret = SECRET): Promise<Response> =>
  fetch(`${url}${path}`, { headers: { authorization: `Bearer ${secret}` } });
const clientEnv = (): NodeJS.ProcessEnv => ({
  ...process.env,
  SESSIONS_URL: url,
  SESSIONS_SECRET: SECRET,
});

describe("the routes", () => {
  test("list the sessions of a user, in all tenants or in one, without their data", async () => {
    const all = (await (await get("/sessions?userId=alice")).json()) as { sessions: object[] };
    expect(all.sessions).toHaveLength(2);
    expect(JSON.stringify(all)).not.toContain("cart");
    const one = await (await get("/sessions?userId=alice&tenantId=acme")).json();
    expect(one).toMatchObject({ sessions: [{ handle: handles[0], tenantId: "acme" }] });
  });

  test("return one session, and 404 for a handle that names none", async () => {
    const found = await (await get(`/sessions/${handles[0]}`)).json();
    expect(found).toMatchObject({ userId: "alice", claims: { org_role: "admin" } });
    expect((await get("/sessions/unknown")).status).toBe(404);
  });

  test.each(["/sessions?userId=alice", "/sessions/x"])(
    "refuse %s without their secret",
    async (path) => {
      expect((await get(path, "another secret")).status).toBe(401);
      expect((await fetch(`${url}${path}`)).status).toBe(401);
    },
  );

  test.each(["", "?userId=", "?userId=a&userId=b", `?userId=${"x".repeat(257)}`])(
    "answer 400 to /sessions%s",
    async (query) => {
      expect((await get(`/sessions${query}`)).status).toBe(400);
    },
  );

  test("need a long secret", () => {
    expect(() => sessionRoutes(issuer, "short")).toThrow("at least 32 characters");
  });
});

const python = findProgram("python3");
test.skipIf(python === undefined)("the Python client reads them", async () => {
  const script = join(import.meta.dirname, "client.py");
  const { stdout } = await run(python ?? "", ["-B", script], { env: clientEnv() });
  const lines = stdout.trim().split("\n");
  expect(lines.slice(0, 2).toSorted()).toEqual(
    [
      `${handles[0]} acme {'org_role': 'admin'}`,
      `${handles[1]} globex {'org_role': 'admin'}`,
    ].toSorted(),
  );
  expect(lines.slice(2)).toEqual(["1 None"]);
});

const go = findProgram("go");
test.skipIf(go === undefined)("the Go client reads them", async () => {
  const script = join(import.meta.dirname, "client.go");
  const env = { ...clientEnv(), GO111MODULE: "off", GOTOOLCHAIN: "local" };
  const { stdout } = await run(go ?? "", ["run", script], { env });
  expect(stdout.trim().split("\n").toSorted()).toEqual(
    [
      `${handles[0]} acme map[org_role:admin]`,
      `${handles[1]} globex map[org_role:admin]`,
    ].toSorted(),
  );
});
