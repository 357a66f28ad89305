/**
 * [TM-106] A caller of the gateway sends identity headers itself.
 * [TM-107] A caller bypasses the gateway.
 */
import { request } from "node:http";
import { askGateway, send, signIn } from "../support/http.ts";
import { expect, test } from "./support.ts";

const BOB = { userId: "bob", tenantId: "acme" };
const ORDER = JSON.stringify({ customerId: "c-101", lines: [{ productId: "p-11", quantity: 1 }] });

const SPOOFED = {
  "X-Breezeway-User": "alice",
  "X-Breezeway-Tenant": "globex",
  "X-Breezeway-App": "inspector",
  "X-Breezeway-Session": "forged",
  "X-Breezeway-Scope": "orders:admin",
  "X-Breezeway-Request-Id": "forged",
};

for (const [spelling, headers] of Object.entries({
  "as they stand": SPOOFED,
  "with underscores": Object.fromEntries(
    Object.entries(SPOOFED).map(([name, value]) => [name.replaceAll("-", "_"), value]),
  ),
  "in capitals": Object.fromEntries(
    Object.entries(SPOOFED).map(([name, value]) => [name.toUpperCase(), value]),
  ),
  "named as hop-by-hop": { ...SPOOFED, Connection: "close, X-Breezeway-User, X-Tenant-ID" },
})) {
  test(`identity headers ${spelling} are replaced by the token's`, async ({ platform }) => {
    const token = await (await signIn(platform, BOB)).token("orders");
    const { port } = platform.addresses.gateway;
    const answer = await post(port, { ...headers, authorization: `Bearer ${token}` });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ createdBy: "bob", currency: "USD" });
  });
}

test("a tenant header that differs from the token's tenant is refused", async ({ platform }) => {
  const token = await (await signIn(platform, BOB)).token("orders");
  const spoofed = { "x-tenant-id": "globex" };
  const answer = await askGateway(platform, "/orders", { token, headers: spoofed });
  expect(answer.status).toBe(403);
  expect(answer.body).toMatchObject({ reason: "tenant-mismatch", action: "none" });
  const same = await askGateway(platform, "/orders", { token, headers: { "x-tenant-id": "acme" } });
  expect(same.status).toBe(200);
});

test("the service refuses a request that did not come through the gateway", async ({
  platform,
}) => {
  const { origin } = platform.addresses.upstream;
  const { status, body } = await send(`${origin}/orders`);
  expect(status).toBe(401);
  expect(body).toMatchObject({ reason: "token-missing" });
});

test.describe("from a page", () => {
  test.use({ bypassCSP: true });

  test("a guest cannot send identity headers to the service", async ({
    demo,
    expectedMessages,
    platform,
  }) => {
    expectedMessages.push(/blocked by CORS policy/);
    const token = await (await signIn(platform, BOB)).token("orders");
    const countOrders = async () => {
      const { body } = await askGateway(platform, "/orders", { token });
      return (body as { total: number }).total;
    };
    const before = await countOrders();
    await demo.signIn();
    const inspector = await demo.openApp("Inspector");
    const outcome = await inspector.locator("body").evaluate(
      async (_, [url, body, headers]) => {
        const init = { method: "POST", body };
        const tries = [
          { ...init, headers },
          { ...init, mode: "no-cors" as const },
        ];
        return Promise.all(
          tries.map((attempt) =>
            fetch(url, attempt).then(
              (response) => response.type,
              () => "failed",
            ),
          ),
        );
      },
      [`${platform.addresses.upstream.origin}/orders`, ORDER, SPOOFED] as const,
    );
    // The browser sends the second request without the headers, which would need a preflight.
    expect(outcome).toEqual(["failed", "opaque"]);
    expect(await countOrders()).toBe(before);
  });
});

interface Created {
  readonly status: number | undefined;
  readonly body: unknown;
}

/** Uses `node:http`, because `fetch` sorts header names and drops `Connection`. */
async function post(port: number, headers: Record<string, string>): Promise<Created> {
  const { promise, resolve, reject } = Promise.withResolvers<Created>();
  const options = {
    host: "127.0.0.1",
    port,
    path: "/orders",
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
  };
  const sent = request(options, (response) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => (text += chunk));
    response.on("end", () => resolve({ status: response.statusCode, body: JSON.parse(text) }));
  });
  sent.on("error", reject);
  sent.end(ORDER);
  return promise;
}
