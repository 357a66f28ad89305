/** Headers in which a client claims an identity, as bytes on a socket. None of them reaches the upstream. */
import { describe, expect, it } from "vitest";
import { sendRaw, statusOf } from "@breezeway/test-support/raw-client";
import type { GatewayOptions } from "../config/options.ts";
import { PROXY_CLAIMS } from "../../test-support/reverse-proxy-attacks.ts";
import { startGateway } from "../../test-support/start.ts";

const get = (path: string, ...headers: string[]): string =>
  [`GET ${path} HTTP/1.1`, "Host: gateway", ...headers, "", ""].join("\r\n");
const post = (...headers: string[]): string =>
  ["POST /orders HTTP/1.1", "Host: gateway", ...headers, "", ""].join("\r\n");

describe("spoofed headers", () => {
  const spoofed = [
    "X-Breezeway-User: mallory",
    "X_Breezeway_User: mallory",
    "X-Breezeway_User: mallory",
    "x.breezeway.user: mallory",
    "X-Breezeway-Scope: admin",
    "X-Breezeway-Request-Id: chosen",
    "X_Tenant_ID: globex",
    "X-Forwarded-For: 10.0.0.1",
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Proto: https",
    "Forwarded: for=10.0.0.1",
    ...PROXY_CLAIMS.map((name) => `${name}: mallory`),
    "REMOTE_USER: mallory",
    "SSL_CLIENT_S_DN: mallory",
    "X-Auth-Request_User: mallory",
    "X.WEBAUTH.USER: mallory",
    "X-Original-URL: /admin",
    "X-HTTP-Method-Override: DELETE",
    "Content_Length: 0",
    "TE: gzip",
    "Trailer: X-Tenant-ID",
  ];

  // The gateway refuses a head of more than 200 fields.
  const half = Math.ceil(spoofed.length / 2);

  it.each([
    ["one half of them", spoofed.slice(0, half)],
    ["the other half", spoofed.slice(half)],
  ])(
    "never arrive, and Connection cannot remove the gateway's own headers: %s",
    async (_, lines) => {
      await using gateway = await startGateway({ route: { forwardCookies: true } });
      const names =
        "X-Breezeway-User, X-Tenant-ID, X-Breezeway-Tenant, Via, X-Private, Authorization";
      const text = get(
        "/orders",
        `Authorization: Bearer ${gateway.tokens.token()}`,
        ...lines,
        "Cookie: breezeway=secret; other=1",
        "X-Private: 1",
        `Connection: close, ${names}`,
      );
      expect(statusOf(await sendRaw(gateway.url, text))).toBe(200);
      const raw = gateway.upstream.requests[0]?.rawHeaders ?? [];
      const arrived = new Map<string, string[]>();
      for (let index = 0; index < raw.length; index += 2) {
        const name = raw[index]!.toLowerCase();
        arrived.set(name, [...(arrived.get(name) ?? []), raw[index + 1]!]);
      }
      expect(Object.fromEntries(arrived)).toEqual({
        host: [new URL(gateway.upstream.url).host],
        connection: ["keep-alive"],
        cookie: ["other=1"],
        via: ["1.1 breezeway"],
        "x-forwarded-for": ["127.0.0.1"],
        "x-forwarded-proto": ["http"],
        "x-forwarded-host": ["gateway"],
        "x-breezeway-user": ["alice"],
        "x-breezeway-tenant": ["acme"],
        "x-breezeway-app": ["orders"],
        "x-breezeway-session": ["session-1"],
        "x-breezeway-scope": ["orders:read orders:write"],
        "x-tenant-id": ["acme"],
        "x-breezeway-request-id": [expect.stringMatching(/^[0-9a-f-]{36}$/)],
      });
    },
  );

  it("arrive when the route passes them, in that one spelling", async () => {
    await using gateway = await startGateway({
      route: { passHeaders: ["X-User-Id", "x-real-ip", "Remote-User"] },
    });
    const text = get(
      "/orders",
      `Authorization: Bearer ${gateway.tokens.token()}`,
      ...["X-USER-ID: 7", "X_User_Id: 8", "X-User-Id: 9", "X-Real-IP: 10.0.0.1", "X-User: 1"],
      ...["Remote-User: alice", "Connection: close, Remote-User"],
    );
    expect(statusOf(await sendRaw(gateway.url, text))).toBe(200);
    const headers = gateway.upstream.requests[0]?.headersDistinct;
    expect(headers).toMatchObject({ "x-user-id": ["7", "9"], "x-real-ip": ["10.0.0.1"] });
    for (const name of ["x_user_id", "x-user", "remote-user"]) {
      expect(headers).not.toHaveProperty([name]);
    }
  });

  it("in removeHeaders never arrive, neither as headers nor as trailers", async () => {
    await using gateway = await startGateway({
      route: { passHeaders: ["x-user-id"] },
      gateway: { removeHeaders: ["X-Acme-*", "x-internal", "x-user-*"] },
    });
    const bad = ["X-Acme-User: mallory", "x_acme.role: admin", "X_INTERNAL: 1", "X-User-Id: 7"];
    const text = post(
      `Authorization: Bearer ${gateway.tokens.token()}`,
      ...["Transfer-Encoding: chunked", "Connection: close", "X-Internals: 2", ...bad],
    );
    const body = `3\r\nabc\r\n0\r\n${[...bad, "X-Acmes: 1"].join("\r\n")}\r\n\r\n`;
    expect(statusOf(await sendRaw(gateway.url, text + body))).toBe(200);
    const [request] = gateway.upstream.requests;
    expect(request?.rawHeaders.join(" ")).not.toMatch(/x.acme|x.internal /i);
    expect(request?.headers).toMatchObject({ "x-internals": "2" });
    expect(request?.headers).not.toHaveProperty("x-user-id");
    expect(request?.trailers).toEqual({ "x-acmes": "1" });
  });

  it.each<[string, Partial<GatewayOptions> | undefined, object]>([
    ["createGateway: removeHeaders[0]: must be a header name", { removeHeaders: ["*"] }, {}],
    ["removeHeaders[0]: must be a header name", { removeHeaders: ["X_Acme"] }, {}],
    [
      "removeHeaders[1]: must be a header that the gateway",
      { removeHeaders: ["x-a", "Cookie"] },
      {},
    ],
    ["routes[0].passHeaders[0]: must be a header", undefined, { passHeaders: ["Accept"] }],
    [
      "routes[0].passHeaders[0]: must be a header",
      undefined,
      { passHeaders: ["X-Breezeway-User"] },
    ],
    ["routes[0].passHeaders[0]: must be a header", undefined, { passHeaders: ["X-Forwarded-For"] }],
    ["routes[0].passHeaders[0]: must be a header", undefined, { passHeaders: ["X_User_Id"] }],
    ["routes[0].passHeaders[0]: must be a header", undefined, { passHeaders: ["Forwarded"] }],
  ])("refuse a wrong configuration: %s", async (message, gateway = {}, route = {}) => {
    await expect(startGateway({ gateway, route })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(message) as string,
    });
  });

  it.each([
    ["two Authorization headers", ["Authorization: Bearer $", "Authorization: Bearer $"]],
    ["the same header in another case", ["Authorization: Bearer $", "authorization: Bearer x"]],
    ["two tokens in one header", ["Authorization: Bearer $, Bearer $"]],
    ["Proxy-Authorization", ["Authorization: Bearer $", "Proxy-Authorization: Bearer $"]],
  ])("are refused: %s", async (_name, headers) => {
    await using gateway = await startGateway();
    const token = gateway.tokens.token();
    const text = get("/orders", ...headers.map((line) => line.replaceAll("$", token)));
    const received = await sendRaw(gateway.url, text, /\}$/);
    expect(statusOf(received)).toBe(400);
    expect(received).toContain("duplicate-credentials");
    expect(received).not.toContain(token);
    expect(gateway.upstream.requests).toEqual([]);
  });

  it("are trusted in X-Forwarded headers of trusted proxies only", async () => {
    await using gateway = await startGateway({ gateway: { trustedProxies: ["127.0.0.0/8"] } });
    const response = await gateway.request("/orders", {
      headers: { "x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "https" },
    });
    const seen = (await response.json()) as { headers: Record<string, string> };
    expect(seen.headers).toMatchObject({
      "x-forwarded-for": "203.0.113.7, 127.0.0.1",
      "x-forwarded-proto": "https",
    });
  });
});
