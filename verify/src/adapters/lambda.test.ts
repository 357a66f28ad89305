import { describe, expect, it } from "vitest";
import { ISSUER, claimsAt, createSigner } from "@breezeway/test-support/signer";
import { verifySession, type HttpEvent, type HttpResult, type RestEvent } from "./lambda.ts";

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
  isBase64Encoded: false,
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

describe("a refusal", () => {
  const headers = { accept: "*/*" };
  const multiValueHeaders = { accept: ["*/*"] };

  it.each<[string, RestEvent | HttpEvent]>([
    ["API Gateway v1", { httpMethod: "GET", headers, multiValueHeaders }],
    [
      "API Gateway v1 without headers",
      { httpMethod: "GET", headers: null, multiValueHeaders: null },
    ],
    ["API Gateway v2", { requestContext: { http: { method: "GET" } }, headers }],
    ["a load balancer", { httpMethod: "GET", headers }],
  ])("has the headers of single values for %s", async (_name, event) => {
    const result = await handler(event, {});
    expect(result).toMatchObject({ statusCode: 401, isBase64Encoded: false });
    expect(result.headers).toMatchObject({
      "content-type": "application/problem+json",
      "www-authenticate": "Bearer",
    });
    expect(result).not.toHaveProperty("multiValueHeaders");
  });

  it("has multi-value headers for a load balancer that sends them", async () => {
    const result = await handler({ httpMethod: "GET", multiValueHeaders }, {});
    expect(result).toMatchObject({
      statusCode: 401,
      isBase64Encoded: false,
      multiValueHeaders: {
        "content-type": ["application/problem+json"],
        "www-authenticate": ["Bearer"],
      },
    });
    expect(result).not.toHaveProperty("headers");
  });

  it("answers a preflight in the map in which it came", async () => {
    const preflight = { origin: ["https://a.example"], "access-control-request-method": ["GET"] };
    const result = await handler({ httpMethod: "OPTIONS", multiValueHeaders: preflight }, {});
    expect(result).toEqual({
      statusCode: 204,
      multiValueHeaders: {},
      body: "",
      isBase64Encoded: false,
    });
  });
});

describe("an event that is not an HTTP request", () => {
  const arn = "arn:aws:execute-api:eu-west-1:1:api/prod/GET/orders";
  const socket = { connectionId: "a=", eventType: "CONNECT", routeKey: "$connect" };
  const http = { method: "GET", path: "/orders" };
  const events: readonly (readonly [string, unknown, string])[] = [
    ["a warm-up", { source: "serverless-plugin-warmup" }, "an event of serverless-plugin-warmup"],
    ["an empty warm-up", {}, "an event of an unknown kind"],
    ["no object", null, "an event that is not an object"],
    ["a text", "ping", "an event that is not an object"],
    ["a schedule", { source: "aws.events", detail: {} }, "an event of aws.events"],
    ["a queue", { Records: [{ eventSource: "aws:sqs", body: "x" }] }, "an event of aws:sqs"],
    ["a topic", { Records: [{ EventSource: "aws:sns" }] }, "an event of aws:sns"],
    ["a hostile source", { source: "x\ny" }, "an event of an unknown kind"],
    [
      "a WebSocket connection",
      { headers: { authorization: token }, requestContext: socket },
      "a WebSocket event",
    ],
    [
      "an authorizer of API Gateway v1",
      { type: "REQUEST", methodArn: arn, httpMethod: "GET", headers: { authorization: token } },
      "an authorizer event",
    ],
    ["a token authorizer", { type: "TOKEN", methodArn: arn }, "an authorizer event"],
    [
      "an authorizer of API Gateway v2",
      { version: "2.0", type: "REQUEST", routeArn: arn, requestContext: { http } },
      "an authorizer event",
    ],
  ];

  it.each(events)("fails with a hint at onOther: %s", async (_name, event, kind) => {
    await expect(handler(event as RestEvent, {})).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(`onOther: the function received ${kind}, `) as string,
    });
  });

  it.each(events)(
    "goes to onOther with its context, without a session: %s",
    async (_name, event) => {
      const context = { awsRequestId: "1" };
      const passing = verifySession({
        issuer: ISSUER,
        audience: "orders",
        jwks: [signer.publicJwk],
        onOther: (...received) => received,
      });
      const guarded = passing.handler((): never => {
        throw new Error("The handler ran.");
      });
      expect(await guarded(event as RestEvent, context)).toEqual([event, context]);
    },
  );
});
