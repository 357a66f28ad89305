import { expect, it, vi } from "vitest";
import type { HostFetchResponse } from "@breezeway/shared";
import { createSkew, splitTransfer, type IncomingCall } from "@breezeway/shared/channel";
import { createTestClock, fakeToken, nextTask } from "@breezeway/shared/testing";
import { createTokenSource, type TokenSource } from "@breezeway/shared/session";
import { createHostFetch } from "./host-fetch.ts";

const NOW_SECONDS = 1_700_000_000;

function appTokens(): TokenSource {
  const clock = createTestClock({ nowMs: NOW_SECONDS * 1_000 });
  return createTokenSource({
    mint: async () => ({
      token: fakeToken({ iat: NOW_SECONDS, exp: NOW_SECONDS + 60 }),
      expiresAt: NOW_SECONDS + 60,
    }),
    clock,
    skew: createSkew(clock),
    random: () => 0,
    isVisible: () => true,
  });
}

const CALL: IncomingCall = {
  method: "bridge.fetch",
  args: [{ url: "https://api.example/orders", method: "GET", headers: [], body: null }],
  signal: new AbortController().signal,
  isUserActive: undefined,
};

/** The guest's result for a gateway response with this body; the limit is 1 000 bytes. */
async function answerOf(body: BodyInit, init?: ResponseInit): Promise<number> {
  const hostFetch = createHostFetch({
    gatewayUrl: "https://api.example",
    fetch: async () => new Response(body, init),
    maxBytes: 1_000,
    maxHeldBytes: 1_000,
  });
  const { value } = splitTransfer(await hostFetch(CALL, appTokens()));
  return (value as HostFetchResponse).body.byteLength;
}

function endless(onCancel: () => void): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(100)),
    cancel: onCancel,
  });
}

it("returns a response of exactly the allowed size", async () => {
  expect(await answerOf(new Uint8Array(1_000))).toBe(1_000);
});

it.each([
  ["a document", {}],
  ["a refusal", { status: 401, headers: { "content-type": "application/problem+json" } }],
])(
  "[HF-4] stops reading %s beyond the size limit, also one without an end",
  async (_what, init) => {
    const tooLarge = expect.objectContaining({ code: "FETCH_FAILED" });
    await expect(answerOf(new Uint8Array(1_001), init)).rejects.toEqual(tooLarge);
    const cancelled = Promise.withResolvers<void>();
    await expect(answerOf(endless(cancelled.resolve), init)).rejects.toEqual(tooLarge);
    await cancelled.promise;
  },
);

it("rejects when the response ends prematurely", async () => {
  const broken = new ReadableStream({
    pull: (controller) => controller.error(new Error("reset")),
  });
  await expect(answerOf(broken)).rejects.toThrow("connection to the gateway broke");
});

it("[HF-5] bounds what it reads at once for one app, and nothing after that", async () => {
  const bodies: ReadableStreamDefaultController<Uint8Array>[] = [];
  const hostFetch = createHostFetch({
    gatewayUrl: "https://api.example",
    fetch: async () =>
      new Response(new ReadableStream({ start: (controller) => void bodies.push(controller) })),
    maxBytes: 1_000,
    maxHeldBytes: 1_500,
  });
  const tokens = appTokens();
  const lengthOf = async (source: TokenSource): Promise<number> =>
    (splitTransfer(await hostFetch(CALL, source)).value as HostFetchResponse).body.byteLength;
  const open = async (source: TokenSource): Promise<Promise<number>[]> => {
    const index = bodies.length;
    const answer = lengthOf(source);
    answer.catch(() => undefined);
    await vi.waitUntil(() => bodies[index]);
    return [answer];
  };
  const [first] = await open(tokens);
  const [second] = await open(tokens);
  const [other] = await open(appTokens());
  bodies[0]?.enqueue(new Uint8Array(900));
  await nextTask();
  bodies[1]?.enqueue(new Uint8Array(700));
  await expect(second).rejects.toMatchObject({ code: "CALL_LIMIT_EXCEEDED" });
  bodies[2]?.enqueue(new Uint8Array(900));
  for (const index of [0, 2]) bodies[index]?.close();
  await expect(Promise.all([first, other])).resolves.toEqual([900, 900]);

  const [next] = await open(tokens);
  bodies[3]?.enqueue(new Uint8Array(1_000));
  bodies[3]?.close();
  await expect(next).resolves.toBe(1_000);
});
