import { expect, test } from "../support/bridge.ts";

test("a connected guest calls the host, answers its calls, and exchanges events with it", async ({
  bridge,
}) => {
  const page = await bridge.openHost();
  const frame = await bridge.mount(page);

  expect(await frame.evaluate(async () => (await window.bridge).appId)).toBe("orders");
  expect(await frame.evaluate(async () => (await window.bridge).method.call("add", 2, 3))).toBe(5);

  await frame.evaluate(async () => {
    const connected = await window.bridge;
    connected.method.expose("double", (n) => Number(n) * 2);
    window.log = [];
    connected.event.subscribe("customer:changed", (payload) => window.log.push(payload));
  });
  expect(await page.evaluate(() => window.mount.call("double", 21))).toBe(42);

  await page.evaluate(() => {
    window.host.event.subscribe("order:verified", (payload, { app }) =>
      window.log.push([app.id, payload]),
    );
    window.host.event.publish("customer:changed", { id: "c1" });
  });
  await expect.poll(() => frame.evaluate(() => window.log)).toEqual([{ id: "c1" }]);
  await frame.evaluate(async () =>
    (await window.bridge).event.publish("order:verified", { orderId: 7 }),
  );
  await expect.poll(() => page.evaluate(() => window.log)).toEqual([["orders", { orderId: 7 }]]);
});

test("the welcome contains the context, the session and the app's token, and costs one mint", async ({
  bridge,
}) => {
  const page = await bridge.openHost();
  const frame = await bridge.mount(page);
  const seen = await frame.evaluate(async () => {
    const connected = await window.bridge;
    return {
      context: connected.context.current,
      session: connected.session.current,
      audience: connected.session.claims()?.claims["aud"],
      same:
        (await connected.getSessionToken()) === (await connected.method.call("getSessionToken")),
    };
  });
  expect(seen).toEqual({
    context: { page: "home" },
    session: { userId: "alice", tenantId: "acme", handle: "session-1" },
    audience: "orders",
    same: true,
  });
  expect(bridge.platform.issuer.mints).toEqual(["orders"]);
});

test("fetch sends the token to the gateway and retries once after a 401 that says refresh", async ({
  bridge,
}) => {
  const { gateway } = bridge.platform;
  const page = await bridge.openHost();
  const frame = await bridge.mount(page);
  gateway.refusals.push({ status: 401, action: "refresh" });
  const status = await frame.evaluate(async () => {
    const connected = await window.bridge;
    await connected.getSessionToken();
    await new Promise((resolve) => setTimeout(resolve, 1100));
    return (await connected.fetch("/orders", { method: "POST", body: "hello" })).status;
  });
  expect(status).toBe(200);
  expect(gateway.requests.map(({ path, body }) => [path, body])).toEqual([
    ["/orders", "hello"],
    ["/orders", "hello"],
  ]);
  const [first, second] = gateway.requests;
  expect(first?.authorization).not.toBe(second?.authorization);
  expect(first?.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  expect(first?.traceparent).toBe(second?.traceparent);
});

test("fetch refuses every origin other than the gateway's before it requests a token", async ({
  bridge,
}) => {
  const page = await bridge.openHost();
  const frame = await bridge.mount(page);
  const code = await frame.evaluate(
    async (url) =>
      (await window.bridge).fetch(url).then(
        () => "sent",
        (error: { code: string }) => error.code,
      ),
    `${bridge.platform.strangerOrigin}/steal`,
  );
  expect(code).toBe("FETCH_ORIGIN_NOT_ALLOWED");
});

test("a guest loses session and token when the host signs out", async ({ bridge }) => {
  const page = await bridge.openHost();
  const frame = await bridge.mount(page);
  await frame.evaluate(async () => {
    window.log = [];
    (await window.bridge).session.subscribe((session) => window.log.push(session?.userId ?? null));
  });
  await page.evaluate(() => window.host.session.signOut());
  await expect.poll(() => frame.evaluate(() => window.log)).toEqual(["alice", null]);
  const code = await frame.evaluate(async () =>
    (await window.bridge).getSessionToken().catch((error: { code: string }) => error.code),
  );
  expect(code).toBe("SIGNED_OUT");
});

test("every guest receives the new session and a token for it when the host switches the tenant", async ({
  bridge,
}) => {
  const page = await bridge.openHost();
  const frame = await bridge.mount(page);
  await frame.evaluate(async () => (await window.bridge).getSessionToken());
  await page.evaluate(() => window.host.session.switchTenant("globex"));
  await expect
    .poll(() =>
      frame.evaluate(async () => {
        const { session } = await window.bridge;
        return [session.current?.tenantId, session.claims()?.claims["tenantId"]];
      }),
    )
    .toEqual(["globex", "globex"]);
});

test("a guest receives the code of a host's error and no other detail of the exception", async ({
  bridge,
}) => {
  const page = await bridge.openHost();
  const frame = await bridge.mount(page);
  const failures = await frame.evaluate(async () => {
    const connected = await window.bridge;
    const { callOptions } = window.breezeway;
    const codeOf = async (work: Promise<unknown>): Promise<string> =>
      work.then(
        () => "settled",
        (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
      );
    return Promise.all([
      codeOf(connected.method.call("fail")),
      codeOf(connected.method.call("nothing")),
      codeOf(connected.method.call("constructor")),
      codeOf(connected.method.call("hang", callOptions({ timeoutMs: 50 }))),
      codeOf(connected.method.call("hang", callOptions({ signal: AbortSignal.timeout(20) }))),
      codeOf(connected.method.call("add", () => 1)),
    ]);
  });
  expect(failures).toEqual([
    "CALL_FAILED: The method failed.",
    'CALL_METHOD_UNKNOWN: The host has no method "nothing".',
    'CALL_METHOD_UNKNOWN: The host has no method "constructor".',
    'CALL_TIMEOUT: "hang" did not answer within 50 ms.',
    'CALL_ABORTED: The call of "hang" was aborted.',
    expect.stringMatching(/^VALUE_NOT_CLONEABLE/),
  ]);
});
