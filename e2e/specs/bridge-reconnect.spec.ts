/** Each cause of a lost channel, and what must survive the reconnect. */
import type { Page } from "@playwright/test";
import { expect, test } from "../support/bridge.ts";
import { frameOf, waitInFrame } from "../support/frames.ts";
import { expectWorking, prepare } from "../support/working-guest.ts";

async function states(page: Page): Promise<void> {
  await page.evaluate(() => {
    const log: unknown[] = [];
    window.log = log;
    window.mount.subscribeState((state) => log.push(state));
  });
}

test("a guest reconnects after location.reload()", async ({ bridge }) => {
  const page = await bridge.openHost();
  const frame = await bridge.mount(page);
  await prepare(frame);
  await expectWorking(page, frame);
  await states(page);
  await frame.evaluate(() => location.reload()).catch(() => undefined);
  await expect
    .poll(() => page.evaluate(() => window.log))
    .toEqual(["connected", "lost", "connected"]);
  await prepare(frame);
  await expectWorking(page, frame);
  expect(
    await frame.evaluate(async () => (await (await window.bridge).getSessionToken()).length > 20),
  ).toBe(true);
});

test("a pending call rejects at once with a retryable code when the guest reloads", async ({
  bridge,
}) => {
  const page = await bridge.openHost();
  const frame = await bridge.mount(page);
  await frame.evaluate(async () => {
    (await window.bridge).method.expose("hang", () => new Promise(() => {}));
  });
  await page.evaluate(() => {
    window.log = [];
    window.mount.call("hang").catch((error: { code: string; retryable: boolean }) => {
      window.log.push([error.code, error.retryable]);
    });
  });
  await frame.evaluate(() => location.reload()).catch(() => undefined);
  await expect.poll(() => page.evaluate(() => window.log)).toEqual([["CHANNEL_LOST", true]]);
});

test("a document whose channel another one took reconnects with its subscriptions, and its calls reject with a retryable code", async ({
  bridge,
}) => {
  const page = await bridge.openHost();
  const frame = await bridge.mount(page);
  await prepare(frame);
  await expectWorking(page, frame, "before");
  const rejection = await frame.evaluate(async () => {
    const connected = await window.bridge;
    const waiting = connected.method.call("hang").catch((error: unknown) => error);
    // Another script in the page says hello, and the host welcomes it instead.
    const { connect, WindowMessenger } = window.penpal;
    const connection = connect<{ hello(hello: unknown): unknown }>({
      messenger: new WindowMessenger({ remoteWindow: window.parent, allowedOrigins: ["*"] }),
      channel: "breezeway",
    });
    const host = await connection.promise;
    await host.hello({ protocol: [1, 1], sdk: "x", documentId: "x", autoRefresh: false });
    connection.destroy();
    const { code, retryable } = (await waiting) as { code: string; retryable: boolean };
    return [code, retryable];
  });
  expect(rejection).toEqual(["CHANNEL_LOST", true]);
  await expectWorking(page, frame, "after");
  expect(await frame.evaluate(() => window.log)).toEqual([
    "connected",
    "before",
    "lost",
    "connected",
    "after",
  ]);
});

test("a guest that loads before its host knows the session is welcomed once the host knows it", async ({
  bridge,
}) => {
  const page = await bridge.openHost();
  const held = Promise.withResolvers<void>();
  await page.route("**/auth/session", async (route) => {
    await held.promise;
    await route.continue();
  });
  await page.evaluate(() => window.host.close());
  await bridge.startHost();
  const frame = await bridge.mount(page);
  await frame.waitForLoadState();
  expect(await page.evaluate(() => window.mount.state)).toBe("connecting");
  held.resolve();
  await prepare(frame);
  await expectWorking(page, frame);
  expect(await frame.evaluate(async () => (await window.bridge).session.current?.userId)).toBe(
    "alice",
  );
});

test("a guest reconnects when the host page is reloaded", async ({ bridge }) => {
  const page = await bridge.openHost();
  await prepare(await bridge.mount(page));
  await bridge.openHost();
  const frame = await bridge.mount(page);
  await prepare(frame);
  await expectWorking(page, frame);
});

test("a guest reconnects when the host page is reloaded without caches", async ({ bridge }) => {
  const page = await bridge.openHost();
  await prepare(await bridge.mount(page));
  const devtools = await page.context().newCDPSession(page);
  const isLoaded = page.waitForEvent("load");
  await devtools.send("Page.reload", { ignoreCache: true });
  await isLoaded;
  await bridge.startHost();
  const frame = await bridge.mount(page);
  await prepare(frame);
  await expectWorking(page, frame);
});

test("a guest reconnects when its iframe is moved in the page", async ({ bridge }) => {
  const page = await bridge.openHost();
  const first = await bridge.mount(page);
  await prepare(first);
  await expectWorking(page, first);
  await page.evaluate(() => {
    const section = document.createElement("section");
    document.body.prepend(section);
    section.append(window.mount.element);
  });
  const frame = await frameOf(page);
  await prepare(frame);
  await expectWorking(page, frame);
});

test("a guest reconnects when src changes to another page of the app or is set to the same page", async ({
  bridge,
}) => {
  const page = await bridge.openHost();
  await prepare(await bridge.mount(page));
  for (const path of ["/other", "/other"]) {
    await states(page);
    await page.evaluate((to) => {
      const { element } = window.mount;
      element.src = new URL(to, element.src).href;
    }, path);
    await expect
      .poll(() => page.evaluate(() => window.log))
      .toEqual(["connected", "lost", "connected"]);
    const frame = await frameOf(page);
    await prepare(frame);
    await expectWorking(page, frame);
  }
});

test("a frame that navigates to another origin or to srcdoc loses its channel and receives nothing", async ({
  bridge,
}) => {
  const { platform } = bridge;
  const page = await bridge.openHost();
  const frame = await bridge.mount(page);
  await prepare(frame);
  await page.evaluate(() => {
    window.log = [];
    window.host.tap((event) => window.log.push(event.kind));
  });
  const mintsBefore = platform.issuer.mints.length;
  await frame
    .evaluate((to) => location.assign(to), `${platform.strangerOrigin}/orders?wait=never`)
    .catch(() => undefined);
  await expect.poll(() => page.evaluate(() => window.mount.state)).toBe("lost");
  const stranger = await frameOf(page);
  await waitInFrame(stranger, () => "breezeway" in window);
  // Its handshakes have no effect, because its origin is not the app's.
  const code = await stranger.evaluate(async () =>
    window.breezeway.createAppBridge({ handshakeTimeoutMs: 800 }).then(
      () => "connected",
      (error: { code: string }) => error.code,
    ),
  );
  expect(code).toBe("HANDSHAKE_TIMEOUT");
  expect(await page.evaluate(() => window.mount.state)).toBe("lost");
  expect(platform.issuer.mints.length).toBe(mintsBefore);

  await page.evaluate(() => {
    window.mount.element.srcdoc = "<p>no origin</p>";
  });
  await expect(page.frameLocator("iframe").getByText("no origin")).toBeVisible();
  expect(await page.evaluate(() => window.mount.state)).toBe("lost");

  await page.evaluate(() => {
    window.mount.element.removeAttribute("srcdoc");
    window.mount.reload();
  });
  const back = await frameOf(page);
  await prepare(back);
  await expectWorking(page, back);
});

test("a bridge connects when StrictMode opens, closes and opens it again in one task", async ({
  bridge,
}) => {
  const page = await bridge.openHost();
  const frame = await bridge.mount(page, { path: "/orders?wait=never" });
  const result = await frame.evaluate(async () => {
    const { createAppBridge } = window.breezeway;
    const first = createAppBridge();
    void first.then((bridge) => bridge.close());
    const second = createAppBridge();
    window.bridge = second;
    await first;
    const bridge = await second;
    return [bridge.state, await bridge.method.call("add", 2, 2), (await first).state];
  });
  expect(result).toEqual(["connected", 4, "closed"]);
  await prepare(frame);
  await expectWorking(page, frame);
});

test("a bridge that was closed can be opened again", async ({ bridge }) => {
  const page = await bridge.openHost();
  const frame = await bridge.mount(page);
  await frame.evaluate(async () => {
    (await window.bridge).close();
    window.bridge = window.breezeway.createAppBridge();
    await window.bridge;
  });
  await prepare(frame);
  await expectWorking(page, frame);
});

test("two copies of the SDK on a page share one channel, which stays open when one copy closes", async ({
  bridge,
}) => {
  const page = await bridge.openHost();
  const frame = await bridge.mount(page);
  await prepare(frame);
  const result = await frame.evaluate(async () => {
    const first = window.breezeway;
    const bridge = await window.bridge;
    // Loading the page script as another module runs a second copy of the SDK.
    const url = "/guest-page.js?copy";
    await import(url);
    const other = await window.bridge;
    const isCopied = window.breezeway.createAppBridge !== first.createAppBridge;
    const failure = await other.method.call("nothing").catch((error: unknown) => error);
    const isRecognised = first.BridgeError.is(failure);
    const isSame = (await other.getSessionToken()) === (await bridge.getSessionToken());
    other.close();
    return [isCopied, isRecognised, isSame, other.state, bridge.state];
  });
  expect(result).toEqual([true, true, true, "closed", "connected"]);
  expect(await page.evaluate(() => window.mount.state)).toBe("connected");
});

// Browsers cache whole pages only, never a single frame: going back in a frame loads its document
// again. The cache restores a guest together with its host page, which
// bridge-back-forward-cache.spec.ts tests. The first test below goes back in a frame, the second fires
// the `pageshow` event in a page that was never cached.
test("the document reloads and reconnects after going back in the frame's history", async ({
  bridge,
}) => {
  const page = await bridge.openHost();
  const frame = await bridge.mount(page);
  await prepare(frame);
  await frame.evaluate(() => {
    Object.assign(window, { isFirst: true });
    location.search = "?second";
  });
  await frame.waitForURL(/second/);
  await prepare(frame);
  await frame.evaluate(() => void setTimeout(() => history.back()));
  await frame.waitForURL(/orders$/);
  await prepare(frame);
  expect(await frame.evaluate(() => "isFirst" in window)).toBe(false);
  await expectWorking(page, frame);
});

test("a guest restored from the back/forward cache keeps its working channel", async ({
  bridge,
}) => {
  const page = await bridge.openHost();
  const frame = await bridge.mount(page);
  await prepare(frame);
  await frame.evaluate(() => {
    dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
  });
  await expectWorking(page, frame);
  expect(await frame.evaluate(() => window.log)).not.toContain("lost");
});
