/** Pages that impersonate another app or exceed their permissions. */
import type { Frame } from "@playwright/test";
import { expect, test } from "../support/bridge.ts";

const ready = (frame: Frame): Promise<unknown> =>
  frame.evaluate(async () => (await window.bridge).state);

test("a guest gets only its own app's tokens, even when it asks for another app's", async ({
  bridge,
}) => {
  const page = await bridge.openHost();
  const frame = await bridge.mount(page, { app: "stock" });
  const audiences = await frame.evaluate(async () => {
    const connected = await window.bridge;
    const tokens = [
      await connected.method.call("getSessionToken"),
      await connected.getSessionToken(),
      ((await connected.method.call("bridge.token")) as { token: string }).token,
      ((await connected.method.call("bridge.token", "orders")) as { token: string }).token,
    ];
    return tokens.map(
      (token) => window.breezeway.decodeSessionToken(token).claims["aud"] as string,
    );
  });
  expect(new Set(audiences)).toEqual(new Set(["stock"]));
  expect(new Set(bridge.platform.issuer.mints)).toEqual(new Set(["stock"]));
  expect(await frame.evaluate(async () => (await window.bridge).method.call("whoAmI"))).toBe(
    "stock",
  );
});

test("host and guest ignore messages that another frame forges", async ({ bridge }) => {
  const { guestOrigin, hostOrigin } = bridge.platform;
  const page = await bridge.openHost();
  const victim = await bridge.mount(page, { app: "orders" });
  const attacker = await bridge.mount(page, { app: "stock" });
  await ready(victim);
  await ready(attacker);
  const before = bridge.platform.issuer.mints.length;
  await attacker.evaluate(
    ({ guest, host }) => {
      const { port1 } = new MessageChannel();
      for (const type of ["SYN", "ACK1", "ACK2", "DESTROY", "CALL"]) {
        const forged = {
          namespace: "penpal",
          channel: "breezeway",
          type,
          participantId: "zzzz-forged",
          methodPaths: [["hello"]],
          id: "1",
          methodPath: ["hello"],
          args: [{ protocol: [1, 1], sdk: "x", documentId: "x", autoRefresh: true }],
        };
        // These go to the other guest as if from the host, and to the host as if from the other guest.
        window.parent.frames[0]?.postMessage(forged, guest);
        window.parent.postMessage(forged, host);
      }
      window.parent.frames[0]?.postMessage([["state", "session", null]], guest, [port1]);
    },
    { guest: guestOrigin, host: hostOrigin },
  );
  const seen = await victim.evaluate(async () => {
    const connected = await window.bridge;
    return [await connected.method.call("whoAmI"), connected.session.current?.userId];
  });
  expect(seen).toEqual(["orders", "alice"]);
  // The forging guest stays connected as its own app, whatever it claimed to be.
  expect(await attacker.evaluate(async () => (await window.bridge).state)).toBe("connected");
  expect(await attacker.evaluate(async () => (await window.bridge).method.call("whoAmI"))).toBe(
    "stock",
  );
  expect(bridge.platform.issuer.mints.length).toBe(before);
});

test("a guest can call only hello in the handshake, and its errors reveal nothing", async ({
  bridge,
}) => {
  const page = await bridge.openHost();
  const frame = await bridge.mount(page, { path: "/orders?wait=never" });
  const answers = await frame.evaluate(async () => {
    const { connect, WindowMessenger } = window.penpal;
    // Each call needs a handshake of its own, because a handshake permits one call.
    const attempt = async (name: string, ...args: unknown[]): Promise<string> => {
      const connection = connect<Record<string, () => unknown>>({
        messenger: new WindowMessenger({ remoteWindow: window.parent, allowedOrigins: ["*"] }),
        channel: "breezeway",
      });
      const method = name
        .split(".")
        .reduce<unknown>(
          (target, key) => (target as Record<string, unknown>)[key],
          await connection.promise,
        ) as (...given: unknown[]) => Promise<unknown>;
      const answer = await method(...args).then(
        (value) => JSON.stringify(value),
        (error: Error) => `${error.message} ${error.stack}`,
      );
      connection.destroy();
      return answer;
    };
    const prototype: string[] = [];
    for (const name of ["constructor", "toString", "__proto__.toString", "hello.constructor"]) {
      prototype.push(await attempt(name));
    }
    return {
      prototype,
      malformed: await attempt("hello", { protocol: "1", sdk: {}, documentId: 1 }),
      future: await attempt("hello", {
        protocol: [7, 9],
        sdk: "9",
        documentId: "d",
        autoRefresh: true,
      }),
    };
  });
  expect(new Set(answers.prototype)).toEqual(
    new Set(["The handshake has one method, hello, which may be called once. undefined"]),
  );
  expect(JSON.parse(answers.malformed)).toMatchObject({
    welcome: { ok: false, error: { code: "FRAME_MALFORMED" } },
    port: null,
  });
  expect(JSON.parse(answers.future)).toMatchObject({
    welcome: { ok: false, error: { code: "HANDSHAKE_PROTOCOL_MISMATCH" } },
  });
  expect(JSON.stringify(answers)).not.toMatch(/stack|host-page|\.[jt]s:/);
});

test("a guest can connect after a forged penpal DESTROY", async ({ bridge }) => {
  const page = await bridge.openHost();
  const frame = await bridge.mount(page, { path: "/orders?wait=never" });
  const token = await frame.evaluate(async () => {
    const { connect, WindowMessenger } = window.penpal;
    const connection = connect({
      messenger: new WindowMessenger({ remoteWindow: window.parent, allowedOrigins: ["*"] }),
      channel: "breezeway",
    });
    await connection.promise;
    connection.destroy();
    return (await window.breezeway.createAppBridge()).getSessionToken();
  });
  expect(token.split(".")).toHaveLength(3);
});

test("the host disconnects a guest that floods it, without affecting another guest", async ({
  bridge,
}) => {
  const page = await bridge.openHost({
    limits: { frameBurst: 500, maxFramesPerSecond: 100, maxViolations: 3 },
  });
  const noisy = await bridge.mount(page, { app: "stock" });
  const quiet = await bridge.mount(page, { app: "orders" });
  await ready(quiet);
  await page.evaluate(() => {
    window.log = [];
    window.host.tap(({ appId, kind, code }) => {
      if (kind === "refused-message") window.log.push([appId, code]);
    });
  });
  await noisy
    .evaluate(async () => {
      const connected = await window.bridge;
      for (let round = 0; round < 5; round += 1) {
        for (let i = 0; i < 400; i += 1) connected.event.publish("a:flood", i);
        await new Promise((resolve) => setTimeout(resolve, 0));
        if (connected.state !== "connected") return;
      }
    })
    .catch(() => undefined);
  await expect
    .poll(() => page.evaluate(() => window.log.slice(0, 3)))
    .toEqual([
      ["stock", "FRAME_RATE_EXCEEDED"],
      ["stock", "FRAME_RATE_EXCEEDED"],
      ["stock", "FRAME_RATE_EXCEEDED"],
    ]);
  expect(await quiet.evaluate(async () => (await window.bridge).method.call("add", 1, 2))).toBe(3);
});

test("a tap receives kinds, names, times and codes of messages, and never a value", async ({
  bridge,
}) => {
  const page = await bridge.openHost();
  await page.evaluate(() => {
    const log: unknown[] = [];
    window.host.tap((event) => log.push(event));
    Object.assign(window, { tapped: log });
  });
  const frame = await bridge.mount(page);
  await frame.evaluate(async () => {
    const connected = await window.bridge;
    await connected.method.call("bridge.token");
    await connected.method.call("add", "canary-argument", 2);
    await connected.method.call("fail").catch(() => undefined);
    connected.event.publish("a:canary", { secret: "canary-payload" });
    await connected.method.call("whoAmI");
  });
  const events = (await page.evaluate(
    () => (window as unknown as { tapped: unknown[] }).tapped,
  )) as Record<string, unknown>[];
  expect(events.map(({ direction, kind, name, code }) => [direction, kind, name, code])).toEqual([
    ["in", "call", "bridge.token", undefined],
    ["out", "result", "bridge.token", undefined],
    ["in", "call", "add", undefined],
    ["out", "result", "add", undefined],
    ["in", "call", "fail", undefined],
    ["out", "error", "fail", "CALL_FAILED"],
    ["in", "event", "a:canary", undefined],
    ["in", "call", "whoAmI", undefined],
    ["out", "result", "whoAmI", undefined],
  ]);
  const text = JSON.stringify(events);
  expect(text).not.toMatch(/canary-|eyJ|alice/);
  expect(events[1]?.["latencyMs"]).toBeGreaterThanOrEqual(0);
});
