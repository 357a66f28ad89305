/** Spellings of a path, through the whole gateway: which route decides, and what the service receives. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sendRaw, statusOf } from "@breezeway/test-support/raw-client";
import type { Echo } from "@breezeway/test-support/upstream";
import { ORDERS_APP } from "../../test-support/apps.ts";
import { startGateway, type TestGateway } from "../../test-support/start.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({
    route: { scopes: ["orders:read"] },
    routes: [
      { prefix: "/orders/admin", scopes: ["orders:admin"] },
      { prefix: "/ids", scopes: ["orders:read"], encodedSlashes: "pass", stripPrefix: true },
      { prefix: "/ids/admin", scopes: ["orders:admin"] },
    ],
    gateway: { apps: [{ ...ORDERS_APP, scopes: ["orders:read", "orders:admin"] }] },
  });
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** The status, and the path that the service received. */
async function send(path: string): Promise<[number, string?]> {
  const head = `GET ${path} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer ${gateway.tokens.token()}`;
  const received = await sendRaw(gateway.url, `${head}\r\nConnection: close\r\n\r\n`);
  const status = statusOf(received);
  if (status !== 200) return [status];
  const [, body = ""] = received.split("\r\n\r\n");
  return [status, (JSON.parse(body) as Echo).url];
}

describe("a token without the scopes of the stronger route", () => {
  it.each([
    ...["/orders/admin", "/orders/ADMIN", "/orders/admin.", "/orders/admin%2E", "/orders/admin%20"],
    ...[
      "/orders/admin;x",
      "/orders%EF%BC%8Fadmin",
      "/orders/%EF%BD%81dmin",
      "/orders/admin%E2%80%8B",
    ],
    ...[
      "/ids%2Fadmin",
      "/ids/%2Fadmin",
      "/ids/x%2F..%2Fadmin",
      "/ids/x%2f%2e%2e%2fadmin",
      "/ids/.%2Fadmin",
    ],
    ...["/ids/admin%2F7", "/ids%2F%2Fadmin", "/orders/x%2Fadmin", "/ids/..%2Forders%2Fadmin"],
  ])("gets no answer of the service at %s", async (path) => {
    const before = gateway.upstream.requests.length;
    const [status] = await send(path);
    expect([400, 403, 404]).toContain(status);
    expect(gateway.upstream.requests).toHaveLength(before);
  });
});

describe("a path in another spelling", () => {
  it.each([
    ["/orders/[7]|a", "/orders/%5B7%5D%7Ca"],
    ["/orders/7.", "/orders/7."],
    ["/orders/a%20b", "/orders/a%20b"],
    ["/ids/group%2fproject", "/group%2Fproject"],
    ["/ids/https%3A%2F%2Fx.example%2Fa?q=%2F", "/https%3A%2F%2Fx.example%2Fa?q=%2F"],
  ])("%s reaches the service as %s", async (path, arrived) => {
    expect(await send(path)).toEqual([200, arrived]);
  });

  it("with an encoded slash is refused unless the route passes it", async () => {
    expect(await send("/orders/group%2Fproject")).toEqual([400]);
  });
});
