/**
 * Each way in which a client can break its own exchange, with another user's requests beside it. The circuit
 * opens at the first failure that counts, so a single one would refuse those requests.
 */
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Handler } from "@breezeway/test-support/upstream";
import { startGateway, type TestGateway } from "../../test-support/start.ts";

const AT_ONCE = 8;
const MAX_BODY_BYTES = 100;

type After =
  /** Keep the connection until the gateway closes it. */
  | "stay"
  | "half-close"
  | "reset"
  /** Keep the connection, and read nothing. */
  | "read nothing";

type ClientFault = readonly [name: string, text: string, after: After];

const sized = (bytes: number, body: string, path = "/orders"): string =>
  `POST ${path} HTTP/1.1\r\n$HEAD\r\nContent-Length: ${bytes}\r\n\r\n${body}`;
const chunked = (body: string, path = "/orders"): string =>
  `POST ${path} HTTP/1.1\r\n$HEAD\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;
const get = (path: string, rest = ""): string => `GET ${path} HTTP/1.1\r\n$HEAD\r\n\r\n${rest}`;
const upgrade = (path: string, rest = "", key = "dGhlIHNhbXBsZSBub25jZQ=="): string =>
  [
    `GET ${path} HTTP/1.1\r\n$HEAD\r\nConnection: upgrade\r\nUpgrade: websocket`,
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n${rest}`,
  ].join("\r\n");
const GARBAGE = "\u0000\u0001\u00ff garbage\r\n\r\n";

const faults: Readonly<Record<string, readonly ClientFault[]>> = {
  "a body of known length": [
    ["garbage after the body", sized(3, `abc${GARBAGE}`), "stay"],
    ["garbage after a request without a body", get("/orders", GARBAGE), "stay"],
    ["a second request that is malformed", sized(3, "abcGET /orders\r\n\r\n"), "stay"],
    ["a body that ends early", sized(10, "abc"), "half-close"],
    ["a body that is reset", sized(10, "abc"), "reset"],
    [
      "a body that is too large",
      sized(MAX_BODY_BYTES + 1, "x".repeat(MAX_BODY_BYTES + 1)),
      "reset",
    ],
    ["a head that ends early", "POST /orders HTTP/1.1\r\n$HEAD\r\n", "half-close"],
    [
      "garbage instead of the body that Expect announced",
      sized(10, GARBAGE).replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n"),
      "reset",
    ],
    ["a reset while the service works", get("/orders/hang"), "reset"],
    ["a reset while the service works on a body", sized(3, "abc", "/orders/hang"), "reset"],
    ["a half-close while the service works", get("/orders/hang"), "half-close"],
    ["a reset during the answer", get("/orders/large"), "reset"],
  ],
  "a body in chunks": [
    ["a size that is not a number", chunked("zz\r\nabc\r\n0\r\n\r\n"), "stay"],
    ["a size that is too small", chunked("2\r\nabc\r\n0\r\n\r\n"), "stay"],
    ["a size that is too large for a number", chunked(`${"f".repeat(20)}\r\nabc\r\n`), "stay"],
    ["a chunk extension of 20 kB", chunked(`3;${"x".repeat(20_000)}\r\nabc\r\n`), "stay"],
    ["a chunk that ends early", chunked("9\r\nabc"), "half-close"],
    ["a chunk that is reset", chunked("9\r\nabc"), "reset"],
    ["no last chunk", chunked("3\r\nabc\r\n"), "half-close"],
    [
      "chunks that are too large together",
      chunked(`c8\r\n${"x".repeat(200)}\r\n0\r\n\r\n`),
      "reset",
    ],
    ["a malformed trailer", chunked("3\r\nabc\r\n0\r\nbad trailer\r\n\r\n"), "stay"],
    ["a trailer with a control character", chunked("3\r\nabc\r\n0\r\nX-A: \u0001\r\n\r\n"), "stay"],
    ["a trailer outside ASCII", chunked("3\r\nabc\r\n0\r\nX-A: \u00ff\r\n\r\n"), "half-close"],
    ["trailers of 20 kB", chunked(`0\r\nX-A: ${"x".repeat(20_000)}\r\n\r\n`), "stay"],
    ["garbage after the last chunk", chunked(`3\r\nabc\r\n0\r\n\r\n${GARBAGE}`), "stay"],
    ["a reset while the service works", chunked("3\r\nabc\r\n", "/orders/hang"), "reset"],
  ],
  "an upgrade": [
    ["garbage as the first frames", upgrade("/orders/socket", GARBAGE), "half-close"],
    ["a malformed key", upgrade("/orders/socket", "", "x"), "half-close"],
    ["a reset before the service has switched", upgrade("/orders/hang"), "reset"],
    ["a half-close before the service has switched", upgrade("/orders/hang"), "half-close"],
    ["garbage before the service has switched", upgrade("/orders/hang", GARBAGE), "reset"],
    ["a reset after the switch", upgrade("/orders/socket", "x"), "reset"],
  ],
};

/** Each waits for the end that the gateway's time limit makes. */
const silences: readonly ClientFault[] = [
  ["a body that stops", sized(10, "abc", "/silent"), "stay"],
  ["a chunk that stops", chunked("9\r\nabc", "/silent"), "stay"],
  ["an answer that is not read", get("/silent/large"), "read nothing"],
  ["a WebSocket without traffic", upgrade("/silent/socket"), "stay"],
];

/** Answers with the request's path and body, once the whole body has arrived. */
const service: Handler = (request, response) => {
  let body = "";
  request.setEncoding("latin1").on("data", (chunk: string) => (body += chunk));
  request.on("end", () => {
    if (request.url?.endsWith("/hang") === true) return;
    const isLarge = request.url?.endsWith("/large") === true;
    response.end(isLarge ? Buffer.alloc(4_000_000) : `${request.url} ${body}`);
  });
};

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({
    handler: service,
    route: { maxBodyBytes: MAX_BODY_BYTES },
    // The same upstream, with a limit that is longer than the time between two checks of the limits.
    routes: [{ prefix: "/silent", idleTimeoutMs: 700 }],
    gateway: { limits: { circuitFailures: 1, circuitOpenMs: 60_000 } },
  });
  gateway.upstream.server.on("upgrade", (request, socket) => {
    socket.on("error", () => {});
    if (request.url?.endsWith("/hang") === true) return;
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    );
    socket.resume().on("end", () => socket.end());
  });
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** Another user's requests, one of each kind. Resolves to what they got. */
async function victims(label: string): Promise<string[]> {
  const authorization = `Bearer ${gateway.tokens.token({ sub: "bob", userId: "bob", sid: "bob-1" })}`;
  const inits: (RequestInit & { readonly duplex?: "half" })[] = [
    {},
    { method: "POST", body: label },
    // A stream has no known length, so it goes out in chunks.
    { method: "POST", body: new Blob([label]).stream(), duplex: "half" },
  ];
  return Promise.all(
    inits.map(async (init) => {
      const response = await gateway.request(`/orders/${label}`, {
        ...init,
        headers: { authorization },
      });
      return `${response.status} ${await response.text()}`;
    }),
  );
}

const served = (label: string): string[] => [
  `200 /orders/${label} `,
  `200 /orders/${label} ${label}`,
  `200 /orders/${label} ${label}`,
];

async function allExchangesEnded(): Promise<void> {
  for (;;) {
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    if (/^breezeway_gateway_open_exchanges 0$/m.test(metrics)) return;
  }
}

async function breakExchange(text: string, after: After): Promise<Socket> {
  const head = `Host: g\r\nAuthorization: Bearer ${gateway.tokens.token()}`;
  const socket = connect({
    port: Number(new URL(gateway.url).port),
    host: "127.0.0.1",
    allowHalfOpen: true,
  });
  socket.on("error", () => {});
  const { promise: sent, resolve } = Promise.withResolvers<void>();
  socket.write(Buffer.from(text.replace("$HEAD", head), "latin1"), () => resolve());
  await sent;
  if (after === "half-close") socket.end();
  else if (after === "reset") socket.resetAndDestroy();
  if (after !== "read nothing") socket.resume();
  return socket;
}

for (const [kind, table] of Object.entries(faults)) {
  describe(`a client's fault with ${kind}`, () => {
    it.each(table)("changes nothing for other users: %s", async (_name, text, after) => {
      const broken = Array.from({ length: AT_ONCE }, () => breakExchange(text, after));
      expect(await victims("beside")).toEqual(served("beside"));
      const sockets = await Promise.all(broken);
      await allExchangesEnded();
      expect(await victims("after")).toEqual(served("after"));
      for (const socket of sockets) socket.destroy();
    });
  });
}

it("a client's silence changes nothing for other users", async () => {
  const broken = silences.flatMap(([, text, after]) =>
    Array.from({ length: AT_ONCE }, () => breakExchange(text, after)),
  );
  expect(await victims("beside")).toEqual(served("beside"));
  const sockets = await Promise.all(broken);
  await allExchangesEnded();
  expect(await victims("after")).toEqual(served("after"));
  for (const socket of sockets) socket.destroy();
});

describe("a fault of a program that calls gateway.fetch", () => {
  const streamOf = (...chunks: readonly unknown[]): ReadableStream =>
    new ReadableStream({
      start: (controller) => {
        for (const chunk of chunks) controller.enqueue(chunk);
        controller.close();
      },
    });
  const failing = (): ReadableStream =>
    new ReadableStream({ pull: (controller) => controller.error(new Error("broken")) });
  const endless = (): ReadableStream =>
    new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from("abc")) });
  const bytes = Buffer.from("abc");

  it.each<[string, RequestInit, string?, string?]>([
    ["a body that fails", { body: failing() }],
    ["a body that fails, of known length", { body: failing(), headers: { "content-length": "9" } }],
    ["a body of strings", { body: streamOf("abc", "def") }],
    ["a body of objects", { body: streamOf({}, 7) }],
    [
      "a body shorter than its length",
      { body: streamOf(bytes), headers: { "content-length": "9" } },
    ],
    [
      "a body longer than its length",
      { body: streamOf(bytes), headers: { "content-length": "1" } },
    ],
    ["a body that is too large", { body: streamOf(Buffer.alloc(MAX_BODY_BYTES + 1)) }],
    ["a body that is aborted", { body: endless() }, "/orders", "abort"],
    ["an abort while the service works", { body: streamOf(bytes) }, "/orders/hang", "abort"],
    ["an answer that is cancelled", { body: streamOf(bytes) }, "/orders/large", "cancel"],
  ])(
    "changes nothing for other users: %s",
    async (_name, init, path = "/orders", after = "read") => {
      const aborting = new AbortController();
      const headers = new Headers(init.headers);
      headers.set("authorization", `Bearer ${gateway.tokens.token()}`);
      const request = new Request(`http://gateway.example${path}`, {
        ...init,
        headers,
        ...{ method: "POST", duplex: "half", signal: aborting.signal },
      });
      const answer = gateway.server.gateway.fetch(request);
      expect(await victims("beside")).toEqual(served("beside"));
      if (after === "abort") aborting.abort();
      else {
        const { body } = await answer;
        if (after === "cancel") await body?.cancel();
        else await body?.pipeTo(new WritableStream());
      }
      await allExchangesEnded();
      expect(await victims("after")).toEqual(served("after"));
    },
  );
});
