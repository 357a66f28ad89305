/** The backend with a real issuer whose clock the test moves through a rotation of keys. */
import { createServer } from "node:http";
import { createIssuerForTesting } from "@breezeway/issuer/testing";
import { sqliteStore } from "@breezeway/issuer";
import { toNodeHandler } from "@breezeway/issuer/node";
import { createTestClock } from "@breezeway/shared/testing";
import { listen } from "@breezeway/test-support/listen";
import { expect, test } from "vitest";
import { createBackend } from "./backend.ts";
import { verifyByFirstKey, verifyByKeySet } from "./verify.ts";

const APP_ID = "bonus-points";
/** A successor signs after this time. */
const ANNOUNCED_MS = 600_000;
const MARGIN_MS = 20_000;

async function startIssuer() {
  const server = await listen(createServer((request, response) => handler(request, response)));
  const url = `${server.url}/auth`;
  // So that the rotation ends a moment before the real time, which jose reads.
  const clock = createTestClock({ nowMs: Date.now() - ANNOUNCED_MS - 2 * MARGIN_MS });
  const issuer = createIssuerForTesting(
    {
      issuer: url,
      apps: [APP_ID, "stranger"].map((id) => ({
        id,
        name: id,
        version: "1.0.0",
        url: "http://127.0.0.1:5173",
      })),
      store: sqliteStore({ file: ":memory:" }),
      tokenTtlSeconds: 300,
    },
    { clock },
  );
  const handler = toNodeHandler(issuer);
  await issuer.ready;
  await issuer.keys.rotate();
  await clock.advance(ANNOUNCED_MS - MARGIN_MS);
  const { setCookie } = await issuer.sessions.create({ userId: "alice", tenantId: "acme" });
  return {
    url,
    async mint(appId = APP_ID): Promise<string> {
      const response = await fetch(`${url}/session/token`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-breezeway-request": "1",
          origin: server.url,
          cookie: setCookie.split(";", 1)[0] ?? "",
        },
        body: JSON.stringify({ appId }),
      });
      return ((await response.json()) as { token: string }).token;
    },
    /** The announced key signs from now on. */
    endRotation: () => clock.advance(2 * MARGIN_MS),
    async [Symbol.asyncDispose]() {
      await issuer.close();
      await server.close();
    },
  };
}

test.each([
  // Only the key set has the previous key too.
  { name: "the key set", verifyBy: verifyByKeySet, oldToken: 200 },
  { name: "its first key", verifyBy: verifyByFirstKey, oldToken: 401 },
])(
  "a backend that verifies by $name accepts fresh tokens before and after a rotation",
  async ({ verifyBy, oldToken }) => {
    await using issuer = await startIssuer();
    const verify = verifyBy({ issuer: issuer.url, audience: APP_ID });
    await using backend = await listen(createServer(createBackend(verify)));
    const statusFor = async (token: string): Promise<number> => {
      const response = await fetch(`${backend.url}/api/tenant`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return response.status;
    };

    const before = await issuer.mint();
    expect(await statusFor(before)).toBe(200);
    await issuer.endRotation();
    const after = await issuer.mint();
    expect(kidOf(after)).not.toBe(kidOf(before));
    expect(await statusFor(after)).toBe(200);
    expect(await statusFor(before)).toBe(oldToken);

    expect(await statusFor(await issuer.mint("stranger"))).toBe(401);
    expect(await statusFor(after.slice(0, -4))).toBe(401);
    expect(await statusFor("")).toBe(401);
  },
);

test("a tenant connects, and grants points to its own customers only", async () => {
  const tenants = ["acme", "globex"];
  const verify = async (tenantId: string) => {
    if (!tenants.includes(tenantId)) throw new Error("not a tenant");
    return { userId: "alice", tenantId };
  };
  await using backend = await listen(createServer(createBackend(verify)));
  const send = async (tenant: string, path: string, body?: object) => {
    const response = await fetch(`${backend.url}/api${path}`, {
      headers: { authorization: `Bearer ${tenant}`, "content-type": "application/json" },
      ...(body && { method: "POST", body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  const state = { userId: "alice", tenantId: "acme" };
  expect((await send("acme", "/tenant")).body).toEqual({ ...state, pointsPerEuro: null });
  expect((await send("acme", "/connect-tenant", { pointsPerEuro: 3 })).status).toBe(400);
  const connected = { ...state, pointsPerEuro: 2 };
  expect((await send("acme", "/connect-tenant", { pointsPerEuro: 2 })).body).toEqual(connected);
  expect((await send("acme", "/tenant")).body).toEqual(connected);
  expect((await send("globex", "/tenant")).body).toMatchObject({ pointsPerEuro: null });

  const { points } = (await send("acme", "/customers/c-1042")).body;
  expect((await send("acme", "/customers/c-1042/points", { points: 10 })).body).toMatchObject({
    points: Number(points) + 10,
  });
  expect((await send("globex", "/customers/c-1042")).body).toMatchObject({ points });
  expect((await send("acme", "/customers/nobody")).status).toBe(404);
  expect((await send("acme", "/customers/c-1042/points", { points: "10" })).status).toBe(400);
  expect((await send("nobody", "/customers")).status).toBe(401);
});

function kidOf(token: string): string {
  const header = Buffer.from(token.split(".", 1)[0] ?? "", "base64url").toString();
  return (JSON.parse(header) as { kid: string }).kid;
}
