/**
 * Host origins from `/.well-known/breezeway.json`: a real server and a real `fetch`, with a page's
 * globals around `createAppBridge`. `e2e/specs/bridge-well-known.spec.ts` tests what only a browser
 * decides.
 */
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { createAppBridge, type BridgeError, type BridgeOptions } from "../index.ts";
import { breezeway } from "../vite.ts";

const SHELL = "https://shell.example";
const FILE = "/.well-known/breezeway.json";

let server: Server;
let answer: RequestListener;
const asked: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  asked.length = 0;
});

interface Page {
  /** The content of the meta tag. */
  readonly meta?: string;
  /** The attribute of the script tag. */
  readonly attribute?: string;
}

interface Outcome {
  readonly code: string;
  readonly message: string;
  /** The origins to which the page has sent its first message. */
  readonly greeted: readonly string[];
}

/** Opens a bridge in a page of this server whose parent never answers. */
async function open({ meta, attribute }: Page = {}, options: BridgeOptions = {}): Promise<Outcome> {
  const greeted: string[] = [];
  const events = new EventTarget();
  const { port } = server.address() as AddressInfo;
  const script = attribute === undefined ? null : { dataset: { hostOrigins: attribute } };
  vi.stubGlobal("window", {
    parent: { postMessage: (_message: unknown, origin: string) => void greeted.push(origin) },
  });
  vi.stubGlobal("location", { origin: `http://127.0.0.1:${port}` });
  vi.stubGlobal("document", {
    head: { querySelector: () => (meta === undefined ? null : { content: meta }) },
    querySelector: () => script,
  });
  vi.stubGlobal("addEventListener", events.addEventListener.bind(events));
  vi.stubGlobal("removeEventListener", events.removeEventListener.bind(events));
  const { code, message } = await createAppBridge({ handshakeTimeoutMs: 1, ...options }).then(
    () => ({ code: "connected", message: "" }),
    (error: BridgeError) => error,
  );
  return { code, message, greeted };
}

/** Answers with status 200 and this body. */
function body(text: string): RequestListener {
  return (_request, response) => response.end(text);
}

function json(value: unknown): RequestListener {
  return body(JSON.stringify(value));
}

const GOOD = JSON.stringify({ hostOrigins: [SHELL, "http://localhost:4600"] });
const longest = GOOD + " ".repeat(16_384 - GOOD.length);

describe("a page without option, meta tag and attribute", () => {
  test.each([
    ["the list", body(GOOD)],
    ["the list after a byte order mark", body(`\uFEFF${GOOD}`)],
    ["the list and 16 384 characters", body(longest)],
    ["the list as HTML", htmlOf(GOOD)],
    ["the list in several parts", inParts(GOOD)],
  ])("greets the listed origins when the file has %s", async (_what, listener) => {
    answer = listener;
    const { code, greeted } = await open();
    expect([code, ...new Set(greeted)]).toEqual([
      "HANDSHAKE_TIMEOUT",
      SHELL,
      "http://localhost:4600",
    ]);
    expect(asked).toEqual([`GET ${FILE}`]);
  });

  test.each<[string, RequestListener]>([
    ["is missing", (_request, response) => response.writeHead(404).end(GOOD)],
    ["is forbidden", (_request, response) => response.writeHead(403).end(GOOD)],
    ["fails", (_request, response) => response.writeHead(500).end(GOOD)],
    ["is the start page", htmlOf("<!doctype html><title>App</title>")],
    ["is empty", body("")],
    ["is broken", body(GOOD.slice(0, -1))],
    ["has 16 385 characters", body(`${longest} `)],
    ["is a redirect to a good one", redirectOnce],
    ["never arrives", (request) => request.socket.destroy()],
    ["breaks off", (_request, response) => breakOff(response.writeHead(200), GOOD)],
    ["lists nobody", json({ hostOrigins: [] })],
  ])("names all four ways to set host origins when the file %s", async (_what, listener) => {
    answer = listener;
    const { code, message, greeted } = await open();
    expect(code).toBe("CONFIG_HOST_ORIGINS_MISSING");
    for (const way of ["createAppBridge(", "<meta ", "data-host-origins=", `at ${FILE}`]) {
      expect(message).toContain(way);
    }
    expect(greeted).toEqual([]);
    expect(asked).toEqual([`GET ${FILE}`]);
  });

  test.each<[string, unknown]>([
    ["an inexact origin", { hostOrigins: [`${SHELL}/`] }],
    ["a wildcard", { hostOrigins: ["*"] }],
    ["a good and a bad origin", { hostOrigins: [SHELL, "shell.example"] }],
    ["a number", { hostOrigins: [7] }],
    ["null among the origins", { hostOrigins: [null] }],
    ["a text in place of the list", { hostOrigins: SHELL }],
    ["another member", { hostOrigins: [SHELL], more: 1 }],
    ["no member", {}],
    ["a list alone", [SHELL]],
    ["a text alone", SHELL],
    ["null alone", null],
  ])("refuses a file with %s", async (_what, value) => {
    answer = json(value);
    const { code, message, greeted } = await open();
    expect(code).toBe("CONFIG_HOST_ORIGINS_INVALID");
    expect(message).toMatch(/^createAppBridge: (hostOrigins|\/\.well-known\/breezeway\.json): /u);
    expect(greeted).toEqual([]);
  });

  test("gives the file up after 5 seconds", async () => {
    const limit = new AbortController();
    const timeout = vi.spyOn(AbortSignal, "timeout").mockReturnValue(limit.signal);
    // The server keeps the request open, and the time is over once it has received it.
    answer = () => limit.abort(new DOMException("", "TimeoutError"));
    expect(await open()).toMatchObject({ code: "CONFIG_HOST_ORIGINS_MISSING" });
    expect(timeout).toHaveBeenCalledWith(5_000);
  });
});

test.each<[string, Page, BridgeOptions, string]>([
  ["an option", {}, { hostOrigins: ["https://a.example"] }, "HANDSHAKE_TIMEOUT"],
  ["a meta tag", { meta: " https://a.example " }, {}, "HANDSHAKE_TIMEOUT"],
  ["an attribute", { attribute: "https://a.example" }, {}, "HANDSHAKE_TIMEOUT"],
  ["an empty option", {}, { hostOrigins: [] }, "CONFIG_HOST_ORIGINS_MISSING"],
  ["an empty meta tag", { meta: "" }, {}, "CONFIG_HOST_ORIGINS_MISSING"],
  ["an empty attribute", { attribute: "" }, {}, "CONFIG_HOST_ORIGINS_MISSING"],
  ["a bad meta tag", { meta: "*" }, {}, "CONFIG_HOST_ORIGINS_INVALID"],
])("a page with %s does not request the file", async (_what, page, options, expected) => {
  answer = body(GOOD);
  const { code, greeted } = await open(page, options);
  expect(code).toBe(expected);
  expect([...new Set(greeted)]).toEqual(
    expected === "HANDSHAKE_TIMEOUT" ? ["https://a.example"] : [],
  );
  expect(asked).toEqual([]);
});

test.each([
  ["https://shell.example", true],
  ["http://localhost:4600", true],
  ["http://[::1]:4600", true],
  ["https://xn--mnchen-3ya.example", true],
  ["https://münchen.example", false],
  ["https://Shell.example", false],
  ["https://shell.example/", false],
  ["https://shell.example:443", false],
  ["https://user@shell.example", false],
  ["https://*.shell.example", false],
  ["shell.example", false],
  ["//shell.example", false],
  ["null", false],
  ["*", false],
  ["", false],
  ["file:///app", false],
  ["capacitor://localhost", false],
])("the file and the Vite plugin agree about the origin %j: %j", async (origin, isAccepted) => {
  answer = json({ hostOrigins: [origin] });
  const { code } = await open();
  expect(code).toBe(isAccepted ? "HANDSHAKE_TIMEOUT" : "CONFIG_HOST_ORIGINS_INVALID");
  const config = { mode: "production", base: "/", logger: { info: () => {} } };
  const plugin = breezeway({ hostOrigins: [origin] });
  if (isAccepted) plugin.configResolved(config);
  else expect(() => plugin.configResolved(config)).toThrow("must be an exact origin such as");
});

function htmlOf(text: string): RequestListener {
  return (_request, response) => response.writeHead(200, { "content-type": "text/html" }).end(text);
}

function inParts(text: string): RequestListener {
  return (_request, response) => {
    response.write(text.slice(0, 9), () => response.end(text.slice(9)));
  };
}

function redirectOnce(...[request, response]: Parameters<RequestListener>): void {
  const isFirst = request.url === FILE;
  response.writeHead(isFirst ? 302 : 200, { location: "/elsewhere.json" });
  response.end(isFirst ? "" : GOOD);
}

function breakOff(response: Parameters<RequestListener>[1], text: string): void {
  response.write(text.slice(0, 9), () => response.destroy());
}
