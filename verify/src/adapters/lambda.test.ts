import { describe, expect, it } from "vitest";
import { ISSUER, claimsAt, createSigner } from "@breezeway/test-support/signer";
import { verifySession, type HttpResult, type RestEvent } from "./lambda.ts";

const signer = createSigner();
const now = Math.floor(Date.now() / 1_000);
const sessions = verifySession({
  issuer: ISSUER,
  audience: "orders",
  jwks: [signer.publicJwk],
});
const handler = sessions.handler((): HttpResult => ({
  statusCode: 200,
  headers: {},
  body: JSON.stringify({ reason: "none" }),
}));
const token = `Bearer ${signer.sign(claimsAt(now))}`;

async function reasonOf(headers: Record<string, string>): Promise<unknown> {
  const multiValueHeaders = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, [value]]),
  );
  const events: RestEvent[] = [
    { httpMethod: "GET", headers },
    { httpMethod: "GET", headers, multiValueHeaders },
    { httpMethod: "GET", headers: null, multiValueHeaders },
  ];
  const answers = await Promise.all(events.map((event) => handler(event, {})));
  const reasons = answers.map(({ body }) => (JSON.parse(body) as { reason: unknown }).reason);
  expect(new Set(reasons).size).toBe(1);
  return reasons[0];
}

describe("a header that API Gateway passes in two spellings", () => {
  it("is read in either spelling", async () => {
    expect(await reasonOf({ AUTHORIZATION: token, "X-Tenant-ID": "acme" })).toBe("none");
  });

  it("is refused as two credentials", async () => {
    const other = signer.sign(claimsAt(now, { sub: "bob", userId: "bob" }));
    const headers = { Authorization: token, authorization: `Bearer ${other}` };
    expect(await reasonOf(headers)).toBe("duplicate-credentials");
  });

  it("is refused when it names a second tenant", async () => {
    const headers = { Authorization: token, "X-Tenant-ID": "acme", "x-tenant-id": "globex" };
    expect(await reasonOf(headers)).toBe("tenant-mismatch");
  });

  it("is refused when it names a second origin", async () => {
    const headers = {
      Authorization: token,
      Origin: "https://orders.example",
      origin: "https://evil.example",
    };
    expect(await reasonOf(headers)).toBe("azp-mismatch");
  });
});
