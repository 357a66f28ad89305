/** Forged, flooded and interrupted handshakes between real windows, and who is served afterwards. */
import type { Frame } from "@playwright/test";
import { expect, test } from "../support/bridge.ts";

/** Messages that a page may post to its host. Their ports are closed, or open and silent. */
type Forgery = "SYN" | "ACK1" | "ACK2" | "ACK2 with a port" | "DESTROY" | "CALL" | "penpal 6";

const FORGERIES: readonly (readonly Forgery[])[] = [
  ["SYN"],
  ["SYN", "SYN", "ACK2"],
  ["SYN", "ACK2 with a port"],
  ["ACK2 with a port", "ACK2 with a port", "SYN"],
  ["penpal 6", "ACK1", "SYN", "CALL", "DESTROY"],
  ["SYN", "ACK1", "ACK2 with a port", "SYN", "DESTROY"],
];

async function teachToForge(frame: Frame): Promise<void> {
  await frame.evaluate(() => {
    const ids = ["", "0", "~", "zzzz-forged", "deprecated-penpal"];
    let count = 0;
    const forge = (kinds: readonly string[]): void => {
      for (const kind of kinds) {
        count += 1;
        const [type] = kind.split(" ");
        const header = { namespace: "penpal", channel: "breezeway", type };
        const message =
          kind === "penpal 6"
            ? { penpal: "syn" }
            : { ...header, participantId: `${ids[count % ids.length]}${count}`, methodPath: "x" };
        const ports = kind.endsWith("port") ? [new MessageChannel().port2] : [];
        window.parent.postMessage(message, "*", ports);
      }
    };
    Object.assign(window, { forge });
  });
}

declare global {
  interface Window {
    forge(kinds: readonly string[]): void;
  }
}

for (const moment of ["before", "during"] as const) {
  test(`a guest connects when its page forges messages ${moment} its own handshake`, async ({
    bridge,
  }) => {
    const page = await bridge.openHost();
    const frame = await bridge.mount(page, { app: "stock", path: "/stock?wait=never" });
    await teachToForge(frame);
    for (const kinds of FORGERIES) {
      const identity = await frame.evaluate(
        async ([forged, isBefore]) => {
          if (isBefore) window.forge(forged);
          const opening = window.breezeway.createAppBridge();
          // The first message of the handshake is in flight when the page posts these.
          if (!isBefore) window.forge(forged);
          const connected = await opening;
          const answer = await connected.method.call("whoAmI");
          connected.close();
          return answer;
        },
        [kinds, moment === "before"] as const,
      );
      expect(identity, kinds.join()).toBe("stock");
    }
  });
}

test("a connected guest stays connected when its page forges messages", async ({ bridge }) => {
  const page = await bridge.openHost();
  const frame = await bridge.mount(page);
  await teachToForge(frame);
  const seen = await frame.evaluate(async (forgeries) => {
    const connected = await window.bridge;
    const states: string[] = [];
    connected.subscribeState((state) => states.push(state));
    for (const kinds of forgeries) window.forge(kinds);
    // Window messages arrive in order, so the host has handled all of them when it answers this one.
    for (let i = 0; i < 3; i += 1) await connected.method.call("add", i, 1);
    return states;
  }, FORGERIES);
  expect(seen).toEqual(["connected"]);
  expect(await page.evaluate(() => window.mount.state)).toBe("connected");
});

test("the host answers a flood of handshakes at a bounded rate and welcomes the frame's next document", async ({
  bridge,
}) => {
  const page = await bridge.openHost();
  const frame = await bridge.mount(page, { path: "/orders?wait=never" });
  await teachToForge(frame);
  const answers = await frame.evaluate(async () => {
    let heard = 0;
    addEventListener("message", () => (heard += 1));
    const started = performance.now();
    for (let i = 0; i < 2_000; i += 1) window.forge(["SYN", "ACK2 with a port"]);
    // An honest handshake follows the flood.
    const connected = await window.breezeway.createAppBridge();
    const seconds = (performance.now() - started) / 1000;
    connected.close();
    return { heard, allowed: 2 * (10 + Math.ceil(2 * seconds)) };
  });
  // The host answers each attempt that begins with a SYN with two messages.
  expect(answers.heard).toBeGreaterThan(0);
  expect(answers.heard).toBeLessThanOrEqual(answers.allowed);

  await frame.evaluate(() => {
    for (let i = 0; i < 2_000; i += 1) window.forge(["SYN", "ACK2 with a port"]);
    location.search = "?again";
  });
  await expect.poll(() => page.evaluate(() => window.mount.state)).toBe("connected");
  const again = page.frameLocator("iframe").locator("html");
  expect(await again.evaluate(async () => (await window.bridge).method.call("whoAmI"))).toBe(
    "orders",
  );
});

test("the last of many hellos from one page stays connected, without another mint", async ({
  bridge,
}) => {
  const page = await bridge.openHost();
  const frame = await bridge.mount(page, { path: "/orders?wait=never" });
  const codes = await frame.evaluate(async () => {
    const header = { namespace: "penpal", channel: "breezeway" };
    const hello = { protocol: [1, 1], sdk: "x", documentId: "x", autoRefresh: true };
    const answers: string[] = [];
    for (let i = 0; i < 8; i += 1) {
      const { port1, port2 } = new MessageChannel();
      port1.addEventListener("message", ({ data }) => {
        const { value } = data as { value: { welcome?: { ok: boolean } } };
        answers.push(value.welcome?.ok === true ? "welcome" : "refused");
      });
      port1.start();
      window.parent.postMessage({ ...header, type: "ACK2" }, "*", [port2]);
      const call = { ...header, type: "CALL", methodPath: ["hello"], args: [hello] };
      for (const id of ["1", "2", "3"]) port1.postMessage({ ...call, id });
    }
    const connected = await window.breezeway.createAppBridge();
    await connected.method.call("whoAmI");
    return [connected.state, answers.filter((answer) => answer === "refused").length >= 16];
  });
  expect(codes).toEqual(["connected", true]);
  expect(await page.evaluate(() => window.mount.state)).toBe("connected");
  expect(bridge.platform.issuer.mints).toEqual(["orders"]);
});

test("the host refuses a guest and reports the reason when its context cannot be cloned", async ({
  bridge,
}) => {
  const page = await bridge.openHost();
  await page.evaluate(() => {
    window.host.context.set({ canary: () => undefined });
    addEventListener("unhandledrejection", (event) => {
      event.preventDefault();
      window.log.push((event.reason as Error).name);
    });
  });
  const frame = await bridge.mount(page);
  const code = await frame.evaluate(async () =>
    window.bridge.catch((error: { code: string; message: string }) => error.code),
  );
  expect(code).toBe("HANDSHAKE_REFUSED");
  await expect.poll(() => page.evaluate(() => window.mount.state)).toBe("lost");
  expect(await page.evaluate(() => window.log)).toEqual(["DataCloneError"]);
});
