/** [TM-597] [TM-598] A registered guest without the SDK posts messages that cost its host more than the guest. */
import type { Frame } from "@playwright/test";
import { expect, test } from "../support/bridge.ts";
import { shakeHands } from "../support/handshake.ts";

type Answer = readonly [kind: string, id: number, value: unknown];

declare global {
  interface Window {
    /** Posts one call in a message of its own, and resolves with the answer to it. */
    attackCall(method: string, value: unknown): Promise<Answer>;
  }
}

test("a guest whose messages hide their size gets refusals, and the host serves its other guest", async ({
  bridge,
}) => {
  const page = await bridge.openHost();
  const victim = await bridge.mount(page, { app: "stock" });
  await victim.evaluate(async () => (await window.bridge).state);
  const attacker = async (): Promise<Frame> => {
    const frame = await bridge.mount(page, { path: "/orders?wait=never" });
    await arm(frame);
    return frame;
  };

  const answers = await (
    await attacker()
  ).evaluate(async () => {
    const arrived: unknown[] = [];
    const calls = [
      window.attackCall("add", new String("x".repeat(10_000_000))),
      window.attackCall("add", Object.assign([], { length: 500_000, 7: 1 })),
      window.attackCall("whoAmI", 1),
      window.attackCall("add", 1n << 64_000_000n),
    ];
    for (const call of calls) void call.then(([kind, id]) => arrived.push([kind, id]));
    return { answers: await Promise.all(calls), arrived };
  });
  expect(answers.answers).toMatchObject([
    ["error", 1, { code: "FRAME_MALFORMED" }],
    ["result", 2, Number.NaN],
    ["result", 3, "orders"],
    ["error", 4, { code: "FRAME_TOO_LARGE" }],
  ]);
  // Each message was looked at in its turn.
  expect(answers.arrived).toEqual(answers.answers.map(([kind, id]) => [kind, id]));

  // A message that is too large spends a frame's bytes of several seconds, so each has a frame of its own.
  const image = await (
    await attacker()
  ).evaluate(() => {
    const canvas = new OffscreenCanvas(4_200, 4_200);
    canvas.getContext("2d")?.fillRect(0, 0, 1, 1);
    return window.attackCall("add", canvas.transferToImageBitmap());
  });
  const wide = await (
    await attacker()
  ).evaluate(() => {
    const members = Array.from({ length: 300_000 }, (_, i) => [`k${i}`, 1]);
    return window.attackCall("add", Object.fromEntries(members));
  });
  for (const answer of [image, wide])
    expect(answer).toMatchObject(["error", 1, { code: "FRAME_TOO_LARGE" }]);
  expect(await call(victim)).toBe("stock");
});

test("calls of a guest that stay pending hold a bounded number of bytes", async ({ bridge }) => {
  const page = await bridge.openHost();
  const victim = await bridge.mount(page, { app: "stock" });
  await victim.evaluate(async () => (await window.bridge).state);
  const attacker = await bridge.mount(page, { path: "/orders?wait=never" });
  await arm(attacker);

  const refused = await attacker.evaluate(async () => {
    const large = "x".repeat(15_000_000);
    const answered: Answer[] = [];
    for (let i = 0; i < 6; i += 1)
      void window.attackCall("hang", large).then((answer) => answered.push(answer));
    const last = await window.attackCall("whoAmI", 1);
    return [...answered, last];
  });
  expect(refused).toMatchObject([
    ["error", 5, { code: "CALL_LIMIT_EXCEEDED" }],
    ["error", 6, { code: "CALL_LIMIT_EXCEEDED" }],
    ["result", 7, "orders"],
  ]);
  expect(await call(victim)).toBe("stock");
});

function call(guest: Frame): Promise<unknown> {
  return guest.evaluate(async () => (await window.bridge).method.call("whoAmI"));
}

/** Shakes hands, answers each call of the host, and makes calls one by one. */
async function arm(frame: Frame): Promise<void> {
  await shakeHands(frame);
  await frame.evaluate(() => {
    const port = window.rawPort;
    const waiting = new Map<number, (answer: Answer) => void>();
    let lastId = 0;
    port.addEventListener("message", ({ data }) => {
      for (const frame of data as Answer[]) {
        const [kind, id] = frame;
        if (kind === "call") port.postMessage([["result", id, true]]);
        else waiting.get(id)?.(frame);
      }
    });
    port.start();
    window.attackCall = (method, value) => {
      lastId += 1;
      const id = lastId;
      port.postMessage([["call", id, method, [value]]]);
      return new Promise((resolve) => waiting.set(id, resolve));
    };
  });
}
