/**
 * Two programs that were written from `docs/protocol.md` alone, against the real system: a guest in the
 * host of `@breezeway/host`, and a host around the guest of `@breezeway/guest`, both with a real issuer.
 */
import type { Frame, Page } from "@playwright/test";
import { createIssuer, sqliteStore, type Issuer } from "@breezeway/issuer";
import { toNodeHandler } from "@breezeway/issuer/node";
import { createSessionVerifier } from "@breezeway/verify";
import { startPlatform, type Platform } from "../fixtures/bridge/platform.ts";
import type { connectGuest, Guest } from "../protocol/guest.ts";
import type { Host, startHost } from "../protocol/host.ts";
import { expect, test as base } from "../support/bridge.ts";
import { bundlePage } from "../support/bundle-page.ts";
import { frameOf, waitInFrame } from "../support/frames.ts";

declare global {
  interface Window {
    connectGuest: typeof connectGuest;
    startHost: typeof startHost;
    foreignGuest: Guest;
    foreignHost: Host;
  }
}

interface Scene {
  readonly platform: Platform;
  readonly issuer: Issuer;
  readonly handle: string;
}

const test = base.extend<{ scene: Scene }>({
  async scene({ page }, use) {
    const platform = await startPlatform();
    const issuer = createIssuer({
      issuer: `${platform.hostOrigin}/auth`,
      store: sqliteStore({ file: ":memory:" }),
      apps: [
        {
          id: "orders",
          name: "Orders",
          version: "1.0.0",
          url: `${platform.guestOrigin}/orders`,
          scopes: ["orders:read"],
        },
      ],
    });
    const handler = toNodeHandler(issuer);
    platform.answerAuth = async (request, response) => handler(request, response);
    const { session, setCookie } = await issuer.sessions.create({
      userId: "alice",
      tenantId: "acme",
      tenants: { acme: { scopes: ["orders:read"] }, globex: { scopes: [] } },
    });
    const [name = "", value = ""] = setCookie.split(";", 1)[0]?.split("=") ?? [];
    await page.context().addCookies([{ name, value, url: platform.hostOrigin }]);
    await use({ platform, issuer, handle: session.handle });
    await issuer.close();
    await platform.close();
  },
});

/** A page with the guest's program and nothing else. */
async function serveGuest(page: Page, url: string): Promise<void> {
  const script = await bundlePage("protocol/guest.ts");
  const body = `<!doctype html><meta charset="utf-8"><title>Guest</title><body><script>${script}</script></body>`;
  await page.context().route(url, (route) => route.fulfill({ contentType: "text/html", body }));
}

test.describe("a guest that was written from the page", () => {
  async function mountGuest(page: Page, { platform }: Scene): Promise<Frame> {
    const { hostOrigin, guestOrigin } = platform;
    await serveGuest(page, `${guestOrigin}/foreign`);
    await page.goto(hostOrigin);
    await page.waitForFunction(() => "breezeway" in window);
    await page.evaluate((origin) => {
      window.host = window.breezeway.createHost({
        issuerUrl: "/auth",
        apps: [
          {
            id: "orders",
            name: "Orders",
            version: "1.0.0",
            url: `${origin}/foreign`,
            capabilities: ["orders:read"],
          },
        ],
        context: { page: "home" },
        locale: "en-GB",
        methods: {
          add: (...args) => Number(args[0]) + Number(args[1]),
          fail: () => {
            throw new Error("secret of the host");
          },
        },
      });
      window.mount = window.host.mount("orders", { container: document.body });
    }, guestOrigin);
    const frame = await frameOf(page);
    await waitInFrame(frame, () => "connectGuest" in window);
    await frame.evaluate(async (origin) => {
      const hello = { protocol: [1, 1], sdk: "foreign", documentId: "d-1", autoRefresh: true };
      const guest = await window.connectGuest(["https://elsewhere.example", origin], hello);
      window.foreignGuest = guest;
    }, hostOrigin);
    return frame;
  }

  test("is welcomed with its app, the session and a token that verifies", async ({
    page,
    scene,
  }) => {
    const frame = await mountGuest(page, scene);
    const welcome = await frame.evaluate(() => window.foreignGuest.welcome);
    expect(welcome).toMatchObject({
      ok: true,
      protocol: 1,
      appId: "orders",
      capabilities: ["orders:read"],
      context: { page: "home" },
      locale: "en-GB",
      session: { userId: "alice", tenantId: "acme", handle: scene.handle },
      gatewayUrl: null,
    });
    const { token } = welcome["token"] as { token: string };
    const { url } = scene.issuer;
    const verifier = createSessionVerifier({ issuer: url, audience: "orders" });
    expect((await verifier.verify(token)).userId).toBe("alice");
    verifier.close();
    expect(await page.evaluate(() => window.mount.state)).toBe("connected");
  });

  test("calls the host's methods, and learns why one fails", async ({ page, scene }) => {
    const frame = await mountGuest(page, scene);
    const outcomes = await frame.evaluate(async () => {
      const { foreignGuest: guest } = window;
      const code = (method: string, ...args: unknown[]): Promise<unknown> =>
        guest.call(method, ...args).then(
          () => "done",
          (error: { code: string; message: string }) => error.code,
        );
      return Promise.all([
        guest.call("add", 2, 3),
        guest.call("bridge.ping"),
        guest.call("getSessionToken").then((token) => String(token).split(".").length),
        code("fail"),
        code("toString"),
        code("showToast", "Hello"),
        code("navigate", "/elsewhere"),
      ]);
    });
    expect(outcomes).toEqual([
      5,
      true,
      3,
      "CALL_FAILED",
      "CALL_METHOD_UNKNOWN",
      "CAPABILITY_MISSING",
      "CAPABILITY_MISSING",
    ]);
  });

  test("answers the host's calls, and sends and receives events", async ({ page, scene }) => {
    const frame = await mountGuest(page, scene);
    await frame.evaluate(() => {
      const { foreignGuest: guest } = window;
      guest.expose("double", (value) => Number(value) * 2);
      guest.subscribe("order:changed", (payload) => guest.publish("order:seen", payload));
    });
    await page.evaluate(() => {
      window.log = [];
      window.host.event.subscribe("order:seen", (payload) => window.log.push(payload));
    });
    expect(await page.evaluate(() => window.mount.call("double", [21]))).toBe(42);
    // After a load event the host asks the document, and loses it when it does not answer.
    await page.evaluate(async () => {
      const answered = new Promise((resolve) => {
        addEventListener(
          "message",
          ({ data }) => String(data).startsWith("breezeway:") && resolve(true),
        );
      });
      window.mount.element.dispatchEvent(new Event("load"));
      await answered;
    });
    const refused = await page.evaluate(() =>
      window.mount.call("constructor", []).then(
        () => "done",
        (error: { code: string }) => error.code,
      ),
    );
    expect(refused).toBe("CALL_METHOD_UNKNOWN");
    await page.evaluate(() => window.host.event.publish("order:changed", { id: 7 }));
    await expect.poll(() => page.evaluate(() => window.log)).toEqual([{ id: 7 }]);
  });

  test("learns of another tenant and of the end of the session", async ({ page, scene }) => {
    const frame = await mountGuest(page, scene);
    const state = (key: string) => frame.evaluate((name) => window.foreignGuest.state[name], key);
    await page.evaluate(() => window.host.session.switchTenant("globex"));
    await expect.poll(() => state("session")).toMatchObject({ tenantId: "globex" });
    await expect.poll(() => state("token")).toMatchObject({ token: expect.stringContaining(".") });
    await scene.issuer.sessions.revoke(scene.handle);
    await expect.poll(() => state("session")).toBeNull();
    await expect.poll(() => state("token")).toBeNull();
    await page.evaluate(() => window.mount.close());
    expect(await page.locator("iframe").count()).toBe(0);
  });
});

function switchTenantInAnotherTab(page: Page): Promise<unknown> {
  return page.evaluate(() =>
    fetch("/auth/session/tenant", {
      method: "POST",
      headers: { "x-breezeway-request": "1", "content-type": "application/json" },
      body: JSON.stringify({ tenantId: "globex" }),
    }),
  );
}

test.describe("a host that was written from the page", () => {
  async function openForeignHost(page: Page, { platform }: Scene): Promise<Frame> {
    const { hostOrigin, guestOrigin } = platform;
    // A document of the host's origin that runs nothing. One that the test made up would count as
    // public, and Chromium keeps public pages from frames on loopback addresses.
    await page.goto(`${hostOrigin}/host-page.js`);
    await page.addScriptTag({ content: await bundlePage("protocol/host.ts") });
    await page.evaluate(async (origin) => {
      const app = {
        id: "orders",
        origin,
        url: `${origin}/orders`,
        capabilities: ["orders:read"],
      };
      window.foreignHost = await window.startHost(app, {
        add: { run: (a, b) => Number(a) + Number(b) },
        erase: { capability: "orders:erase", run: () => null },
      });
    }, guestOrigin);
    const frame = await frameOf(page);
    await waitInFrame(frame, () => "bridge" in window);
    return frame;
  }

  test("welcomes a guest of the SDK, and serves its tokens", async ({ page, scene }) => {
    const frame = await openForeignHost(page, scene);
    const seen = await frame.evaluate(async () => {
      const bridge = await window.bridge;
      return {
        state: bridge.state,
        context: bridge.context.current,
        locale: bridge.locale.current,
        theme: bridge.theme.current,
        can: bridge.can("orders:read"),
        session: bridge.session.current,
        token: await bridge.getSessionToken(),
      };
    });
    expect(seen).toMatchObject({
      state: "connected",
      context: { page: "home" },
      locale: "de-DE",
      theme: { scheme: "dark" },
      can: true,
      session: { userId: "alice", tenantId: "acme", handle: scene.handle },
    });
    const verifier = createSessionVerifier({ issuer: scene.issuer.url, audience: "orders" });
    expect(await verifier.verify(seen.token)).toMatchObject({
      userId: "alice",
      scopes: ["orders:read"],
    });
    verifier.close();
  });

  test("answers calls and refusals, calls the guest, and sends events", async ({ page, scene }) => {
    const frame = await openForeignHost(page, scene);
    const outcomes = await frame.evaluate(async () => {
      const { method, event } = await window.bridge;
      window.log = [];
      event.subscribe("order:changed", (payload) => window.log.push(payload));
      method.expose("double", (value: unknown) => Number(value) * 2);
      const code = (name: string): Promise<unknown> =>
        method.call(name).then(
          () => "done",
          (error: { code: string }) => error.code,
        );
      return Promise.all([method.call("add", 2, 3), code("erase"), code("toString")]);
    });
    expect(outcomes).toEqual([5, "CAPABILITY_MISSING", "CALL_METHOD_UNKNOWN"]);
    expect(await page.evaluate(() => window.foreignHost.call("double", 21))).toBe(42);
    expect(await page.evaluate(() => window.foreignHost.isPresent())).toBe(true);
    await page.evaluate(() => window.foreignHost.publish("order:changed", { id: 7 }));
    await expect.poll(() => frame.evaluate(() => window.log)).toEqual([{ id: 7 }]);
    await page.evaluate(() => window.foreignHost.pushState("locale", "fr-FR"));
    await expect
      .poll(() => frame.evaluate(async () => (await window.bridge).locale.current))
      .toBe("fr-FR");
  });

  test("tells the guest of another tenant and of a sign-out", async ({ page, scene }) => {
    const frame = await openForeignHost(page, scene);
    const session = () => frame.evaluate(async () => (await window.bridge).session.current);
    await expect.poll(session).toMatchObject({ tenantId: "acme" });
    await switchTenantInAnotherTab(page);
    await expect.poll(session).toMatchObject({ tenantId: "globex" });
    await scene.issuer.sessions.revoke(scene.handle);
    await expect.poll(session).toBeNull();
  });

  test("tells the guest of a tenant that changed before the event stream opened", async ({
    page,
    scene,
  }) => {
    const switched = Promise.withResolvers<undefined>();
    await page.route("**/auth/session/events", async (route) => {
      await switched.promise;
      await route.continue();
    });
    const frame = await openForeignHost(page, scene);
    const session = () => frame.evaluate(async () => (await window.bridge).session.current);
    await expect.poll(session).toMatchObject({ tenantId: "acme" });
    await switchTenantInAnotherTab(page);
    switched.resolve(undefined);
    await expect.poll(session).toMatchObject({ tenantId: "globex" });
  });

  test("reconnects a guest that has reloaded", async ({ page, scene }) => {
    const frame = await openForeignHost(page, scene);
    await frame.evaluate(async () => (await window.bridge).state);
    await frame.evaluate(() => location.reload());
    await expect.poll(() => page.evaluate(() => window.foreignHost.hellos)).toBe(2);
    const again = await frameOf(page);
    await waitInFrame(again, () => "bridge" in window);
    expect(await again.evaluate(async () => (await window.bridge).method.call("add", 1, 1))).toBe(
      2,
    );
  });
});
