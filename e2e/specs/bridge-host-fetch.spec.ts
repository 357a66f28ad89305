import { expect, test } from "../support/bridge.ts";

test("a request through the host carries the app's token, which the guest never sees", async ({
  bridge,
}) => {
  const { gateway } = bridge.platform;
  const page = await bridge.openHost({ withholdTokens: true });
  const frame = await bridge.mount(page);
  gateway.refusals.push({ status: 401, action: "refresh" });
  const seen = await frame.evaluate(async () => {
    const connected = await window.bridge;
    const response = await connected.fetch("/orders?x=1", {
      via: "host",
      method: "POST",
      body: "hello",
      headers: { authorization: "Bearer forged", "content-type": "text/plain" },
    });
    const token = await connected.getSessionToken().catch((error: { code: string }) => error.code);
    return [
      response.status,
      await response.json(),
      token,
      connected.session.claims(),
      connected.session.current?.userId,
    ];
  });
  expect(seen).toEqual([200, { path: "/orders" }, "DENIED", null, "alice"]);
  expect(gateway.requests.map(({ body }) => body)).toEqual(["hello", "hello"]);
  const claims = gateway.requests[1]?.authorization.split(".")[1] ?? "";
  expect(JSON.parse(Buffer.from(claims, "base64url").toString())).toMatchObject({ aud: "orders" });
  expect(gateway.requests[0]?.traceparent).toMatch(/^00-/);
});

test("the host refuses a guest's request to any URL outside its gateway", async ({ bridge }) => {
  const { gatewayOrigin, hostOrigin, strangerOrigin } = bridge.platform;
  const page = await bridge.openHost();
  const frame = await bridge.mount(page);
  const codes = await frame.evaluate(
    async (urls) => {
      const connected = await window.bridge;
      const raw = (url: unknown): Promise<string> =>
        connected.method.call("bridge.fetch", { url, method: "GET", headers: [], body: null }).then(
          () => "sent",
          (error: { code: string }) => error.code,
        );
      return Promise.all(urls.map(raw));
    },
    [
      `${strangerOrigin}/x`,
      `${hostOrigin}/auth/session`,
      "/auth/session",
      "javascript:alert(1)",
      `${gatewayOrigin}.evil.example/`,
      `${gatewayOrigin}/orders?redirect=${encodeURIComponent(`${hostOrigin}/auth/session`)}`,
      null,
    ],
  );
  expect(codes).toEqual([
    "FETCH_ORIGIN_NOT_ALLOWED",
    "FETCH_ORIGIN_NOT_ALLOWED",
    "FETCH_ORIGIN_NOT_ALLOWED",
    "FETCH_ORIGIN_NOT_ALLOWED",
    "FETCH_ORIGIN_NOT_ALLOWED",
    "FETCH_FAILED",
    "CALL_ARGUMENTS_INVALID",
  ]);
});

test("the host requests exactly the URL that it checked, even when the URL has no slashes", async ({
  bridge,
}) => {
  const { gateway, gatewayOrigin } = bridge.platform;
  const page = await bridge.openHost();
  const frame = await bridge.mount(page);
  // Without a base URL this is the gateway's /auth/session. A page of the same scheme resolves it as its own.
  const url = `${gatewayOrigin.replace("//", "")}/../../auth/session`;
  await frame.evaluate(async (given) => {
    const connected = await window.bridge;
    const raw = { url: given, method: "GET", headers: [], body: null };
    await connected.method.call("bridge.fetch", raw);
    await connected.fetch(given);
  }, url);
  expect(gateway.requests.map(({ path }) => path)).toEqual(["/auth/session", "/auth/session"]);
});

test("the browser drops the token when the gateway redirects to another origin", async ({
  bridge,
}) => {
  const { gateway, gatewayOrigin } = bridge.platform;
  const page = await bridge.openHost();
  const frame = await bridge.mount(page);
  // The other host name of the same server makes another origin.
  const elsewhere = gatewayOrigin.replace("localhost", "127.0.0.1");
  await frame.evaluate(
    async (to) =>
      (await window.bridge)
        .fetch(`/orders?redirect=${encodeURIComponent(to)}`)
        .catch(() => undefined),
    `${elsewhere}/landed`,
  );
  expect(gateway.requests.map(({ path }) => path)).toEqual(["/orders", "/landed"]);
  expect(gateway.requests[0]?.authorization).toMatch(/^Bearer /);
  expect(gateway.requests[1]?.authorization).toBe("");
});
