/** Events after a handler's final event, which an exchange would ignore. */
import { Readable } from "node:stream";
import { buildConnector, type Dispatcher } from "undici";
import { expect, it } from "vitest";
import { startUpstream } from "@breezeway/test-support/upstream";
import { ChunkedClient } from "./chunked-client.ts";

interface Told {
  readonly words: string[];
  readonly controller: Dispatcher.DispatchController;
  /** The final event. */
  readonly over: Promise<void>;
}

function post(client: ChunkedClient, onHead: (told: Told) => void): Told {
  const words: string[] = [];
  const { promise: over, resolve } = Promise.withResolvers<void>();
  let controller: Dispatcher.DispatchController | undefined;
  const told: Told = {
    words,
    get controller() {
      if (controller === undefined) throw new Error("has not begun");
      return controller;
    },
    over,
  };
  client.dispatch(
    {
      method: "POST",
      path: "/",
      headers: [],
      body: Readable.from([Buffer.from("body")]),
      trailers: () => [],
      timeoutMs: 60_000,
    },
    {
      onRequestStart: (given) => void (controller = given),
      onBodySent: () => {},
      onRequestSent: () => {},
      onResponseStart: () => {
        words.push("head");
        onHead(told);
      },
      onResponseData: () => void words.push("data"),
      onResponseEnd: () => {
        words.push("end");
        resolve();
      },
      onResponseError: () => {
        words.push("error");
        resolve();
      },
    },
  );
  return told;
}

it("calls no handler after its final event, and sends exactly one final event", async () => {
  const closed = Promise.withResolvers<void>();
  await using upstream = await startUpstream({
    handler: (request, response) => {
      request.socket.on("close", () => closed.resolve());
      request.resume().on("end", () => response.end("whole"));
    },
  });
  const client = new ChunkedClient(upstream.url, {
    connect: buildConnector({ allowH2: false }),
    keepAliveMs: 60_000,
  });
  const whole = post(client, () => {});
  await whole.over;
  whole.controller.abort(new Error("late"));
  expect(whole.words).toEqual(["head", "data", "end"]);

  const left = post(client, ({ controller }) => {
    // The whole answer has arrived, and nothing has read it.
    controller.pause();
    setImmediate(() => {
      controller.abort(new Error("gone"));
      controller.abort(new Error("gone again"));
    });
  });
  await left.over;
  await closed.promise;
  expect(left.words).toEqual(["head", "error"]);
  client.destroy();
});
