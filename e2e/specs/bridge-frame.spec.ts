/** A frame that leaves the page, the history that the host must leave alone, and the size of frames. */
import type { Page } from "@playwright/test";
import { expect, test } from "../support/bridge.ts";
import { expectWorking, prepare } from "../support/working-guest.ts";
import { guestIn } from "../support/surfaces.ts";

interface Left {
  readonly state: string;
  readonly text: string | undefined;
  readonly mounts: number;
  readonly pending: unknown;
  readonly next: unknown;
}

test.describe("a frame that leaves the page without close()", () => {
  const WAYS: Readonly<Record<string, string>> = {
    "is removed": "frame.remove()",
    "leaves with its container": "container.remove()",
    "leaves with an ancestor": "container.parentElement.remove()",
    "is overwritten by text": "container.textContent = 'gone'",
    "is overwritten by HTML above its container": "document.querySelector('main').innerHTML = ''",
    "leaves with the host of its shadow tree": "container.getRootNode().host.remove()",
  };

  test("is lost at once, its calls reject, and its mount leaves host.mounts", async ({
    bridge,
  }) => {
    const page = await bridge.openHost();
    for (const [title, way] of Object.entries(WAYS)) {
      await mountInMain(page, way.includes("getRootNode"));
      const outcome = await page.evaluate(async (script): Promise<Left> => {
        const codeOf = (call: Promise<unknown>): Promise<unknown> =>
          call.then(
            () => "answered",
            (error: { code: string }) => error.code,
          );
        const { mount } = window;
        const pending = codeOf(mount.call("hang"));
        const frame = mount.element;
        const container = frame.parentElement;
        // oxlint-disable-next-line typescript/no-implied-eval -- the cases of the table
        new Function("frame", "container", script)(frame, container);
        return {
          next: await codeOf(mount.call("hang")),
          pending: await pending,
          state: mount.state,
          text: mount.error?.message,
          mounts: window.host.mounts.length,
        };
      }, way);
      expect(outcome, title).toEqual({
        state: "lost",
        text: "Orders left the page: its frame was removed without mount.close().",
        mounts: 0,
        pending: "CHANNEL_LOST",
        next: "CHANNEL_LOST",
      });
    }
  });

  test("reconnects when it comes back, and is among host.mounts again", async ({ bridge }) => {
    const page = await bridge.openHost();
    await mountInMain(page, false);
    await page.evaluate(async () => {
      window.mount.element.remove();
      // Coming back within the same task would count as a move.
      await new Promise((resolve) => setTimeout(resolve));
    });
    expect(await page.evaluate(() => window.mount.state)).toBe("lost");
    await page.evaluate(() => document.body.append(window.mount.element));
    const frame = await guestIn(page, "body > iframe");
    await prepare(frame);
    await expectWorking(page, frame);
    expect(await page.evaluate(() => window.host.mounts.includes(window.mount))).toBe(true);
    await page.evaluate(() => window.mount.element.remove());
    await expect.poll(() => page.evaluate(() => window.mount.state)).toBe("lost");
  });

  test("can be collected with its mount", async ({ bridge }) => {
    const page = await bridge.openHost();
    // In one task of the page, since a handle of the test would keep the frame alive.
    await page.evaluate(async () => {
      const mount = window.host.mount("orders", { container: document.body });
      await new Promise((resolve) => {
        mount.subscribeState((state) => state === "connected" && resolve(undefined));
      });
      Object.assign(window, { gone: [new WeakRef(mount), new WeakRef(mount.element)] });
      mount.element.remove();
    });
    const devtools = await page.context().newCDPSession(page);
    await expect
      .poll(async () => {
        await devtools.send("HeapProfiler.collectGarbage");
        return page.evaluate(() =>
          (window as unknown as { gone: WeakRef<object>[] }).gone.map(
            (reference) => reference.deref() === undefined,
          ),
        );
      })
      .toEqual([true, true]);
  });
});

test("nothing that the host does to a frame changes the history of the page", async ({
  bridge,
  page,
}) => {
  await bridge.openHost({ hasSurfaces: true });
  await mountElement(page);
  const before = await page.evaluate(() => history.length);
  const element = page.locator("breezeway-app");
  const connected = (): Promise<void> =>
    expect.poll(() => element.evaluate(({ mount }: AppElement) => mount?.state)).toBe("connected");
  const steps: Readonly<Record<string, () => Promise<unknown>>> = {
    reload: () => element.evaluate(({ mount }: AppElement) => mount?.reload()),
    retry: () => element.evaluate((app: AppElement) => app.retry()),
    "another path": () => element.evaluate((app: AppElement) => (app.path = "/orders?other")),
    "a path with a fragment": () => element.evaluate((app: AppElement) => (app.path = "/o#part")),
    "reload at a fragment": () => element.evaluate(({ mount }: AppElement) => mount?.reload()),
    "another placement": () => element.evaluate((app: AppElement) => (app.placement = "pane")),
    "another app": () => element.evaluate((app: AppElement) => (app.app = "stock")),
    "another tenant": () => page.evaluate(() => window.host.session.switchTenant("globex")),
    "the element moves": () => element.evaluate((app) => document.body.prepend(app)),
    "the element is removed and comes back": () =>
      element.evaluate(async (app) => {
        app.remove();
        await new Promise((resolve) => setTimeout(resolve));
        document.body.append(app);
      }),
  };
  for (const [title, step] of Object.entries(steps)) {
    const hellos = await countHellos(page);
    await step();
    if (title !== "another tenant") await expect.poll(hellos, title).toBe(1);
    await connected();
    expect(await page.evaluate(() => history.length), title).toBe(before);
  }
});

test("a frame is as high as its app asks, whatever borders and box sizing the page has", async ({
  bridge,
  page,
}) => {
  const styles = [
    "",
    "* { box-sizing: border-box }",
    "iframe { border: 3px solid; padding: 5px }",
    "* { box-sizing: border-box } iframe, breezeway-app { border: 3px solid; padding: 5px }",
  ];
  await bridge.openHost();
  for (const style of styles) {
    await page.evaluate((css) => {
      document.body.innerHTML = `<style></style><breezeway-app app="orders" max-height-px="500"></breezeway-app><p></p>`;
      const [style, , container] = document.body.children;
      style?.append(css);
      window.setDefaultHost(window.host);
      if (container) window.mount = window.host.mount("orders", { container, maxHeightPx: 500 });
    }, style);
    for (const selector of ["breezeway-app iframe", "p iframe"]) {
      const frame = await guestIn(page, selector);
      const height = await frame.evaluate(async () => {
        const sized = new Promise((resolve) => {
          addEventListener("resize", () => innerHeight === 233 && resolve(undefined));
        });
        const { method } = await window.bridge;
        await method.call("resize", { heightPx: 233 });
        await Promise.race([sized, new Promise((resolve) => setTimeout(resolve, 2_000))]);
        return innerHeight;
      });
      expect(height, `${selector} ${style}`).toBe(233);
    }
    await page.evaluate(() => window.mount.close());
  }
});

type AppElement = HTMLElementTagNameMap["breezeway-app"];

async function mountInMain(page: Page, isInShadow: boolean): Promise<void> {
  await page.evaluate((inShadow) => {
    document.body.innerHTML = "<main><section><div></div></section></main>";
    const container = document.createElement("div");
    for (const section of document.querySelectorAll("section")) {
      const root = inShadow ? section.attachShadow({ mode: "open" }) : section;
      root.append(container);
    }
    window.mount = window.host.mount("orders", { container });
  }, isInShadow);
  const frame = await guestIn(page, "main iframe");
  await frame.evaluate(async () => {
    (await window.bridge).method.expose("hang", () => new Promise(() => {}));
  });
}

async function mountElement(page: Page): Promise<void> {
  await page.evaluate(() => {
    window.setDefaultHost(window.host);
    document.body.innerHTML = `<breezeway-app app="orders"></breezeway-app>`;
  });
  const frame = await guestIn(page, "breezeway-app iframe");
  await frame.evaluate(async () => (await window.bridge).state);
}

/** Counts how often an app becomes connected from now on. */
async function countHellos(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    window.log = [];
    document.addEventListener("breezeway-state", (event) => {
      const { state } = (event as CustomEvent<{ state: string }>).detail;
      if (state === "connected") window.log.push("hello");
    });
  });
  return () => page.evaluate(() => new Set(window.log).size);
}
