/** Runs against a real server with the fetch of the runtime. The browser specs cover redirects. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { BridgeError, type HostFetchRequest } from "@breezeway/shared";
import { createBridgeFetch, type BridgeFetch } from "./bridge-fetch.ts";

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly traceparent: string | undefined;
  readonly body: string;
}

interface Refusal {
  readonly status: number;
  readonly type?: string;
  readonly body?: string;
}

const ASKS_FOR_REFRESH: Refusal = { status: 401, body: '{"action":"refresh"}' };

const seen: Seen[] = [];
const refusals: Refusal[] = [];
const hostRequests: HostFetchRequest[] = [];
let replaced: string[] = [];
let gateway = "";
let tokenFailure: BridgeError | undefined;

const server = createServer((request, response) => {
  void textOf(request).then((body) => {
    const { authorization, traceparent } = request.headers;
    const path = request.url ?? "";
    seen.push({
      method: request.method ?? "",
      path,
      authorization,
      traceparent: traceparent as string | undefined,
      body,
    });
    const refusal = refusals.shift();
    if (path === "/never") return;
    response.writeHead(refusal?.status ?? 200, {
      "content-type": refusal?.type ?? "application/problem+json",
    });
    response.end(refusal?.body ?? "fine");
  });
});

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

function open(
  options: { gatewayUrl?: string | null; gatewayOrigins?: string[] } = {},
): BridgeFetch {
  const { gatewayUrl = gateway, gatewayOrigins = [] } = options;
  return createBridgeFetch({
    tokens: {
      async get() {
        if (tokenFailure) throw tokenFailure;
        return "first";
      },
      async replace(rejected) {
        replaced.push(rejected);
        return "second";
      },
      now: () => Date.now(),
    },
    proof: undefined,
    gatewayUrl: () => gatewayUrl,
    gatewayOrigins,
    fetch: globalThis.fetch,
    async hostFetch(request) {
      hostRequests.push(request);
      return { status: 204, statusText: "", headers: [["x-by", "host"]], body: new ArrayBuffer(0) };
    },
  });
}

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  gateway = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  seen.length = 0;
  refusals.length = 0;
  hostRequests.length = 0;
  replaced = [];
  tokenFailure = undefined;
});

describe("a request of the guest", () => {
  it("goes to the gateway with the token and a new trace", async () => {
    const response = await open()("/orders?open=1");
    expect(await response.text()).toBe("fine");
    await open()("/orders");
    expect(seen[0]).toMatchObject({ path: "/orders?open=1", authorization: "Bearer first" });
    const [first, second] = seen.map(({ traceparent }) => traceparent);
    expect(first).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(second).not.toBe(first);
  });

  it("keeps the app's traceparent, and replaces its Authorization", async () => {
    const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    await open()("/orders", { headers: { traceparent, authorization: "Bearer forged" } });
    expect(seen[0]).toMatchObject({ traceparent, authorization: "Bearer first" });
  });

  it.each([
    ["", "/orders", "/orders"],
    ["/v1", "/orders", "/v1/orders"],
    ["/v1/", "orders?x=/y", "/v1/orders?x=/y"],
  ])("under a gateway at %o resolves %o to %o", async (prefix, url, path) => {
    await open({ gatewayUrl: gateway + prefix })(url);
    expect(seen[0]?.path).toBe(path);
  });

  it("may go to configured further origins", async () => {
    const send = open({ gatewayUrl: "https://gateway.example", gatewayOrigins: [gateway] });
    await send(`${gateway}/reports`);
    expect(seen[0]).toMatchObject({ path: "/reports", authorization: "Bearer first" });
  });

  it.each([
    "https://evil.example/",
    "//evil.example/orders",
    "\\\\evil.example\\orders",
    "https:evil.example/orders",
    "data:text/plain,x",
    "blob:https://evil.example/x",
    "javascript:alert(1)",
  ])("to %o is refused before a token is requested [FT-1]", async (url) => {
    tokenFailure = new BridgeError("DENIED", "must not be asked");
    await expect(open()(url)).rejects.toMatchObject({ code: "FETCH_ORIGIN_NOT_ALLOWED" });
    await expect(open({ gatewayUrl: null })(url)).rejects.toMatchObject({
      code: "FETCH_ORIGIN_NOT_ALLOWED",
    });
  });

  it("says that the host names no gateway", async () => {
    await expect(open({ gatewayUrl: null })("/orders")).rejects.toThrow(
      "this URL is not: the host names no gatewayUrl.",
    );
    await expect(open()("https://evil.example/")).rejects.toThrow(
      "and https://evil.example is not.",
    );
  });

  it("is not sent without a token, and rejects with the reason", async () => {
    tokenFailure = new BridgeError("SIGNED_OUT", "nobody is signed in");
    await expect(open()("/orders")).rejects.toMatchObject({ code: "SIGNED_OUT" });
    expect(seen).toEqual([]);
  });

  it("rejects on abort as fetch does", async () => {
    const controller = new AbortController();
    const work = open()("/never", { signal: controller.signal });
    const outcome = expect(work).rejects.toMatchObject({ name: "AbortError" });
    await expect.poll(() => seen.length).toBe(1);
    controller.abort();
    await outcome;
  });

  it("rejects with a retryable error when no server answers", async () => {
    const send = open({ gatewayUrl: "http://127.0.0.1:1" });
    await expect(send("/orders")).rejects.toMatchObject({
      code: "FETCH_FAILED",
      retryable: true,
      message: "The gateway cannot be reached, or CORS blocked its response.",
    });
  });
});

describe("a request that the gateway answers with 401 and refresh", () => {
  it.each<[string, BodyInit, string]>([
    ["text", "some text", "some text"],
    ["a form", new URLSearchParams({ a: "1" }), "a=1"],
    ["binary data", new TextEncoder().encode("bytes"), "bytes"],
    ["a blob", new Blob(["blob"]), "blob"],
  ])("is retried once with %s and a fresh token [FT-2]", async (_what, body, text) => {
    refusals.push(ASKS_FOR_REFRESH);
    const response = await open()("/orders", { method: "POST", body });
    expect(response.status).toBe(200);
    expect(replaced).toEqual(["first"]);
    expect(seen).toMatchObject([
      { method: "POST", body: text, authorization: "Bearer first" },
      { method: "POST", body: text, authorization: "Bearer second" },
    ]);
    // A retry belongs to the same trace.
    expect(seen[0]?.traceparent).toBe(seen[1]?.traceparent);
  });

  it("is sent at most twice [FT-2]", async () => {
    refusals.push(ASKS_FOR_REFRESH, ASKS_FOR_REFRESH);
    expect((await open()("/orders")).status).toBe(401);
    expect(seen).toHaveLength(2);
  });

  it("is not retried when its body is a stream", async () => {
    refusals.push(ASKS_FOR_REFRESH);
    const body = new Blob(["one ", "two"]).stream();
    const init = { method: "POST", body, duplex: "half" } as RequestInit;
    expect((await open()("/orders", init)).status).toBe(401);
    expect(seen.map((request) => request.body)).toEqual(["one two"]);
  });

  it("is not retried when its body came in a Request", async () => {
    refusals.push(ASKS_FOR_REFRESH);
    const request = new Request(`${gateway}/orders`, { method: "POST", body: "text" });
    expect((await open()(request)).status).toBe(401);
    expect(seen).toHaveLength(1);
  });
});

it.each<[string, Refusal]>([
  ["that asks for a login", { status: 401, body: '{"action":"login"}' }],
  ["that is not a problem document", { ...ASKS_FOR_REFRESH, type: "application/json" }],
  ["that is not JSON", { status: 401, body: "refresh" }],
  ["of another status", { ...ASKS_FOR_REFRESH, status: 403 }],
])("a response %s reaches the app unchanged", async (_what, refusal) => {
  refusals.push(refusal);
  const response = await open()("/orders");
  expect([response.status, await response.text()]).toEqual([refusal.status, refusal.body]);
  expect(seen).toHaveLength(1);
});

it("a request via the host uses no token of this page and carries its whole body", async () => {
  tokenFailure = new BridgeError("DENIED", "must not be asked");
  const response = await open()("/orders", { via: "host", method: "PUT", body: "text" });
  expect([response.status, response.headers.get("x-by")]).toEqual([204, "host"]);
  const [request] = hostRequests;
  expect(request).toMatchObject({ url: `${gateway}/orders`, method: "PUT" });
  expect(new TextDecoder().decode(request?.body ?? undefined)).toBe("text");
  expect(seen).toEqual([]);
});
