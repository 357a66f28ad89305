import { defineContract } from "@breezeway/host";
import { expect, test } from "../support/embed.ts";
import type { AppUi } from "@breezeway/guest/ui";
import { createRemoteJWKSet, jwtVerify } from "jose";
import * as z from "zod/mini";
import { bundlePage } from "../support/bundle-page.ts";
import { freeBasePort } from "../support/free-ports.ts";

const contract = defineContract({
  methods: {
    getCustomer: { args: z.tuple([z.string()]), returns: z.object({ name: z.string() }) },
    deleteCustomer: { args: z.tuple([z.string()]), capability: "customers:write" },
  },
  events: {
    "customer:changed": z.object({ id: z.string() }),
    "order:verified": z.object({ orderId: z.number() }),
  },
  guestMethods: { double: { args: z.tuple([z.number()]), returns: z.number() } },
});

/** A guest without a build step; it writes what it hears into its page. */
const guest = {
  html: (hostOrigin: string) => `<!doctype html>
    <script src="/breezeway.js" data-host-origins="${hostOrigin}"></script>
    <p id="state"></p><p id="user"></p><p id="changed"></p><p id="context"></p>
    <script type="module">
      const show = (id, text) => { document.getElementById(id).textContent = text; };
      window.bridge = Breezeway.createAppBridge();
      const bridge = await window.bridge;
      window.ui = Breezeway.createUi(bridge);
      bridge.subscribeState((state) => show("state", state));
      bridge.session.subscribe((session) => show("user", session ? session.userId + "@" + session.tenantId : "nobody"));
      bridge.context.subscribe((context) => show("context", JSON.stringify(context)));
      bridge.event.subscribe("customer:changed", ({ id }) => show("changed", id));
      bridge.method.expose("double", (n) => n * 2);
    </script>`,
};

let script = "";
test.beforeAll(async () => {
  script = await bundlePage("../guest/src/script-tag.ts");
});
test.beforeEach(async ({ context }) => {
  await context.route("**/breezeway.js", (route) =>
    route.fulfill({ contentType: "text/javascript", body: script }),
  );
});

test("an app of HTML text is embedded, calls, is called, and events go both ways", async ({
  embed,
}) => {
  const app = await embed(guest, {
    contract,
    methods: { getCustomer: (id) => ({ name: `Customer ${id}` }) },
    context: { page: "home" },
  });
  await expect(app.frame.locator("#state")).toHaveText("connected");
  await expect(app.frame.locator("#context")).toHaveText('{"page":"home"}');
  expect(new URL(app.hostOrigin).hostname).not.toBe(new URL(app.guestOrigin).hostname);

  const inGuest = app.frame.locator("body");
  expect(
    await inGuest.evaluate(async () => (await window.bridge).method.call("getCustomer", "7")),
  ).toEqual({ name: "Customer 7" });
  expect(app.calls).toEqual([{ method: "getCustomer", args: ["7"] }]);
  expect(await app.call("double", 21)).toBe(42);

  await app.publish("customer:changed", { id: "c-1" });
  await expect(app.frame.locator("#changed")).toHaveText("c-1");
  await inGuest.evaluate(async () =>
    (await window.bridge).event.publish("order:verified", { orderId: 5 }),
  );
  expect(await app.waitForEvent("order:verified")).toEqual({ orderId: 5 });
  expect(app.errors).toEqual([]);
});

test("the host enforces contract and capabilities", async ({ embed }) => {
  const app = await embed(guest, {
    contract,
    methods: { deleteCustomer: () => true, getCustomer: (id) => ({ name: id }) },
  });
  const attempt = (name: string, ...args: unknown[]) =>
    app.frame
      .locator("body")
      .evaluate(
        async (_body, [method, given]) =>
          (await window.bridge).method
            .call(method, ...given)
            .catch((error: { code: string }) => error.code),
        [name, args] as const,
      );
  expect(await attempt("deleteCustomer", "7")).toBe("CAPABILITY_MISSING");
  expect(await attempt("getCustomer", 7)).toBe("CALL_ARGUMENTS_INVALID");
  expect(await attempt("constructor")).toBe("CALL_METHOD_UNKNOWN");
  await expect(app.publish("customer:changed", { id: 1 } as never)).rejects.toMatchObject({
    code: "EVENT_PAYLOAD_INVALID",
  });
});

test("tokens are real: a backend verifies them with the issuer's keys", async ({ embed }) => {
  const app = await embed(guest, {
    manifest: { id: "orders", scopes: ["orders:read"] },
    user: { userId: "bob", scopes: ["orders:read"], claims: { kid: 1234 } },
  });
  const token = await app.frame
    .locator("body")
    .evaluate(async () => (await window.bridge).getSessionToken());
  const keys = createRemoteJWKSet(new URL(`${app.issuerUrl}/.well-known/jwks.json`));
  const { payload } = await jwtVerify(token, keys, { issuer: app.issuerUrl, audience: "orders" });
  expect(payload).toMatchObject({
    sub: "bob",
    azp: app.guestOrigin,
    scope: "orders:read",
    kid: 1234,
  });
});

test("the session changes when the test asks for it", async ({ embed }) => {
  const app = await embed(guest, {
    user: { tenants: { acme: { scopes: [] }, globex: { scopes: [] } } },
  });
  const user = app.frame.locator("#user");
  await expect(user).toHaveText("alice@acme");
  await app.switchTenant("globex");
  await expect(user).toHaveText("alice@globex");
  await app.revoke();
  await expect(user).toHaveText("nobody");
  await app.signIn({ userId: "carol" });
  await expect(user).toHaveText("carol@acme");
  await app.signOut();
  await expect(user).toHaveText("nobody");
});

test("the app is reloaded and follows the host's state", async ({ embed }) => {
  const app = await embed(guest, { user: null });
  await expect(app.frame.locator("#user")).toHaveText("nobody");
  await app.reload();
  await expect(app.frame.locator("#state")).toHaveText("connected");
  await app.setContext({ page: "customers" });
  await expect(app.frame.locator("#context")).toHaveText('{"page":"customers"}');
  expect(await app.state()).toBe("connected");
});

test("two apps are embedded side by side, each in a host of its own", async ({ embed }) => {
  const first = await embed(guest, { user: { userId: "alice" } });
  const second = await embed(guest, { user: { userId: "bob" } });
  await expect(first.frame.locator("#user")).toHaveText("alice@acme");
  await expect(second.frame.locator("#user")).toHaveText("bob@acme");
});

test.describe("with a port of the test's choice", () => {
  test.use({
    hostPort: async ({ browserName: _ }, use) => {
      await use(await freeBasePort());
    },
  });

  test("a manifest with a mistake leaves the port free, and a port that is taken is named", async ({
    embed,
    hostPort,
  }) => {
    await expect(embed(guest, { manifest: { id: "Not an id" } })).rejects.toThrow(/id: /);
    const app = await embed(guest);
    expect(app.hostOrigin).toBe(`http://localhost:${hostPort}`);
    await expect(embed(guest)).rejects.toThrow(`hostPort: ${hostPort}: must be a free port`);
  });
});

test("only the host's page reaches the test", async ({ embed }) => {
  const app = await embed(guest, { contract });
  const answer = await app.frame.locator("body").evaluate(() =>
    (window as unknown as { breezewayTest(message: unknown): Promise<unknown> })
      .breezewayTest({ type: "setup", result: "forged" })
      .then(
        () => "taken",
        () => "refused",
      ),
  );
  expect(answer).toBe("refused");
  expect(app.setups).toEqual([]);
});

test("an app acts on the page around it, where a test answers as a person", async ({
  embed,
  page,
}) => {
  const app = await embed(guest, {
    manifest: {
      capabilities: ["toasts:show", "dialogs:show", "navigation:write"],
      placements: [{ type: "modal", name: "edit", label: "Edit", path: "/?edit" }],
    },
  });
  await expect(app.frame.locator("#state")).toHaveText("connected");
  await app.frame.locator("body").evaluate(async () => {
    const { ui } = window as unknown as { ui: AppUi };
    await ui.showToast("Saved");
    await ui.navigate("/customers/7");
    await ui.navigate({ path: "/o-7" });
    await ui.reportPath("/o-7?tab=1");
    const work = async (): Promise<unknown> =>
      (await ui.confirm("Go on?")) && ui.openModal("edit", { data: 7 });
    Object.assign(window, { work: work() });
  });
  await expect(page.getByText("Saved")).toBeVisible();
  await page.getByRole("button", { name: "OK" }).click();
  await expect(app.modal.locator("#context")).toContainText('"modal":{"name":"edit","data":7}');
  await app.modal.locator("body").evaluate(() => {
    void (window as unknown as { ui: AppUi }).ui.closeModal("edited");
  });
  expect(
    await app.frame
      .locator("body")
      .evaluate(() => (window as unknown as { work: Promise<unknown> }).work),
  ).toBe("edited");
  await expect.poll(() => app.paths).toEqual(["/o-7?tab=1"]);
  expect(app.navigations).toEqual([
    { app: undefined, path: "/customers/7", replace: false },
    { app: "app-under-test", path: "/o-7", replace: false },
  ]);
});
