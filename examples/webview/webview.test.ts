import { defineContract, type AppBridge } from "@breezeway/guest";
import { createAppBridgeForTesting, createTestHost } from "@breezeway/guest/testing";
import { isInWebView, webViewLink, type WebViewPage } from "@breezeway/guest/webview";
import type { Host, Mount } from "@breezeway/host";
import { createHostForTesting, createTestIssuer, type TestIssuer } from "@breezeway/host/testing";
import { createWebView } from "@breezeway/host/webview";
import { CHANNEL_LIMITS } from "@breezeway/shared";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { createFakeWebView, type FakeWebView } from "./fake-web-view.ts";

const contract = defineContract({
  methods: {
    echo: { args: z.tuple([z.unknown()]), returns: z.unknown() },
    wait: {},
    nothing: { returns: z.undefined() },
  },
  events: {
    "customer:changed": { payload: z.object({ id: z.string() }), retained: true },
    "order:verified": z.object({ orderId: z.number() }),
  },
  guestMethods: { double: { args: z.tuple([z.number()]), returns: z.number() } },
});
type C = typeof contract;

const APP = "https://orders.test";
const coded = (code: string): unknown => expect.objectContaining({ code });

let issuer: TestIssuer;
let host: Host<C>;
let mount: Mount<C>;
let web: FakeWebView;
const bridges: AppBridge<C>[] = [];
const reload = vi.fn<() => void>();
let beforeInject: (script: string) => void;

const setUp = (bootsInTime = true): void => {
  issuer = createTestIssuer();
  host = createHostForTesting(
    {
      ...issuer.hostOptions,
      apps: [{ id: "orders", name: "Orders", version: "1.0.0", url: `${APP}/` }],
      contract,
      methods: {
        echo: (value) => value,
        wait: () => new Promise(() => undefined),
        nothing: () => undefined,
      },
      context: { page: "home" },
    },
    issuer.hooks,
  );
  beforeInject = () => undefined;
  const view = createWebView({
    inject(script) {
      beforeInject(script);
      web.inject(script);
    },
    reload,
  });
  web = createFakeWebView({
    bootsInTime,
    bootScript: () => view.bootScript,
    onMessage: view.onMessage,
    onLoadEnd: view.onLoadEnd,
  });
  mount = host.mount("orders", { place: view.place });
};

const connect = async (page: WebViewPage): Promise<AppBridge<C>> => {
  const onError = (error: unknown): void => expect.unreachable(String(error));
  const bridge = await createAppBridgeForTesting(
    { link: webViewLink(page), contract, onError },
    { clock: issuer.clock },
  );
  bridges.push(bridge);
  return bridge;
};

const loadAndConnect = (): Promise<AppBridge<C>> => connect(web.load(`${APP}/`).page);

beforeEach(() => setUp());
afterEach(() => {
  for (const bridge of bridges.splice(0)) bridge.close();
  host.close();
});

describe("a guest in a WebView", () => {
  it("starts with the host's snapshot and a token", async () => {
    const bridge = await loadAndConnect();
    expect(bridge.context.current).toEqual({ page: "home" });
    expect(bridge.session.current?.userId).toBe("alice");
    expect(bridge.session.claims()?.claims["aud"]).toBe("orders");
    expect(mount.state).toBe("connected");
  });

  it("calls the host, answers its calls, and exchanges events in both directions", async () => {
    host.event.publish("customer:changed", { id: "c-0" });
    const bridge = await loadAndConnect();
    bridge.method.expose("double", (n) => n * 2);
    await expect(mount.call("double", 21)).resolves.toBe(42);
    await expect(bridge.method.call("nothing")).resolves.toBeUndefined();

    const seen: string[] = [];
    const verified: number[] = [];
    bridge.event.subscribe("customer:changed", ({ id }) => seen.push(id));
    host.event.subscribe("order:verified", ({ orderId }) => verified.push(orderId));
    bridge.event.publish("order:verified", { orderId: 5 });
    await expect.poll(() => [seen, verified]).toEqual([["c-0"], [5]]);
    host.event.publish("customer:changed", { id: "c-1" });
    await expect.poll(() => seen).toEqual(["c-0", "c-1"]);
  });

  it.each([
    ["text with quotes and line separators", "\"'</script>\u2028\\ \u0000 ☃ 🏠"],
    ["nested values", { list: [1, null, undefined, { deep: [true, ""] }], empty: {} }],
    ["a key that looks like a prototype", JSON.parse('{"__proto__":{"polluted":1}}')],
  ])("carries %s unchanged", async (_name, value: unknown) => {
    const bridge = await loadAndConnect();
    await expect(bridge.method.call("echo", value)).resolves.toEqual(value);
    expect("polluted" in {}).toBe(false);
  });

  it.each([
    ["a buffer", new ArrayBuffer(1)],
    ["a date", new Date(0)],
    ["a map", new Map()],
    ["NaN", Number.NaN],
    ["a function", () => 1],
    ["a marker of ours", { $undefined: 0 }],
  ])("refuses %s instead of changing it", async (_name, value: unknown) => {
    const bridge = await loadAndConnect();
    const call = bridge.method.call("echo", { list: [1, value] });
    await expect(call).rejects.toThrow(coded("VALUE_NOT_CLONEABLE"));
    await expect(call).rejects.toThrow("the member at .message[0][3][0].list[1] is neither");
  });

  it("receives a revoked session and fresh tokens", async () => {
    const bridge = await loadAndConnect();
    const first = await bridge.getSessionToken();
    await issuer.advance(50_000);
    await expect.poll(() => bridge.session.token.current).not.toBe(first);
    issuer.revoke();
    await expect.poll(() => bridge.session.current).toBeNull();
  });

  it("connects again after a reload, and loses the calls of the old document", async () => {
    await loadAndConnect();
    const call = expect(mount.call("double", 1)).rejects.toThrow(coded("CHANNEL_LOST"));
    const bridge = await loadAndConnect();
    await call;
    await expect(bridge.method.call("echo", 1)).resolves.toBe(1);
    mount.reload();
    expect(reload).toHaveBeenCalledOnce();
  });

  it("closes from either side, and leaves no timers", async () => {
    const bridge = await loadAndConnect();
    bridge.close();
    await expect.poll(() => mount.state).toBe("lost");
    const second = await loadAndConnect();
    host.close();
    await expect.poll(() => second.state).toBe("lost");
    second.close();
    expect(issuer.clock.timers).toBe(0);
  });

  it("connects where the platform runs the boot script too late", async () => {
    setUp(false);
    await expect(loadAndConnect()).resolves.toBeDefined();
  });

  it("fails at once outside a WebView", () => {
    expect(isInWebView(undefined)).toBe(false);
    expect(() => webViewLink(new EventTarget())).toThrow(coded("HANDSHAKE_NOT_EMBEDDED"));
  });

  it("fails after its time limit when the host does not answer", async () => {
    host.close();
    const failed = expect(loadAndConnect()).rejects.toThrow(coded("HANDSHAKE_TIMEOUT"));
    await issuer.advance(10_000);
    await failed;
  });
});

describe("somebody else in the WebView", () => {
  const hello = { protocol: [1, 1], sdk: "x", documentId: "y", autoRefresh: true };
  const greetingWith = (nonce: string): string =>
    JSON.stringify({ type: "hello", id: "1", nonce, hello });
  const realNonce = (): string =>
    web.posted.map((text) => /"nonce":"(\w+)"/.exec(text)?.[1]).find(Boolean) ?? "";

  it("that floods the host with hellos is answered at a bounded rate, and the last of them always [WV-7]", async () => {
    const { page } = web.load(`${APP}/`);
    const nonce = page.breezewayHost;
    const before = web.injected.length;
    const welcomed = (): string[] =>
      web.injected
        .slice(before)
        .flatMap((text) => /\\"type\\":\\"welcome\\",\\"id\\":\\"(\w+)\\"/.exec(text)?.[1] ?? []);
    for (let id = 0; id < 1_000; id += 1) {
      page.ReactNativeWebView?.postMessage(
        JSON.stringify({ type: "hello", id: String(id), nonce, hello }),
      );
    }
    await issuer.advance(10_000);
    // The host answers a burst at once, then only the last hello.
    expect(welcomed()).toHaveLength(10 + 1);
    expect(welcomed().at(-1)).toBe("999");
    host.close();
    expect(issuer.clock.timers).toBe(0);
  });

  it("gets no welcome when the WebView has gone to another origin, even with the nonce", async () => {
    await loadAndConnect();
    const nonce = realNonce();
    expect(nonce).toHaveLength(24);
    const welcomes = (): number => web.injected.filter((text) => text.includes("welcome")).length;
    const { page } = web.load("https://evil.test/");
    expect(page).not.toHaveProperty("breezewayHost");
    const before = welcomes();
    page.ReactNativeWebView?.postMessage(greetingWith(nonce));
    await issuer.advance(1_000);
    expect(welcomes()).toBe(before);
  });

  it("receives nothing when it replaces the document while the welcome is in transit", async () => {
    const heard = vi.fn<() => void>();
    beforeInject = (script) => {
      if (!script.includes("welcome")) return;
      const { page } = web.load("https://evil.test/");
      page.addEventListener("breezeway", heard);
    };
    const link = webViewLink(web.load(`${APP}/`).page);
    const options = { link, onError: () => undefined };
    createAppBridgeForTesting(options, { clock: issuer.clock }).catch(() => undefined);
    await expect.poll(() => web.injected.join("")).toContain("welcome");
    await issuer.advance(1_000);
    expect(heard).not.toHaveBeenCalled();
  });

  it("cannot greet or speak from a frame inside the page", async () => {
    const document = web.load(`${APP}/`);
    const bridge = await connect(document.page);
    const states: string[] = [];
    mount.subscribeState((state) => states.push(state));
    for (const nonce of ["", "guess", "0".repeat(24)]) document.postFromFrame(greetingWith(nonce));
    const call = [["call", 99, "echo", [1]]];
    document.postFromFrame(JSON.stringify({ type: "data", channel: "guess", message: call }));
    document.postFromFrame(JSON.stringify({ type: "close", channel: "guess" }));
    await issuer.advance(10);
    await expect(bridge.method.call("echo", 2)).resolves.toBe(2);
    expect(states).toEqual(["connected"]);
    expect(web.injected.filter((text) => text.includes("welcome"))).toHaveLength(1);
  });

  it.each([
    ["not JSON", "{"],
    ["null", "null"],
    ["a list", "[]"],
    ["an unknown type", '{"type":"shutdown","channel":"x"}'],
    ["names that are not strings", '{"type":"data","channel":{},"message":[]}'],
    ["very deep nesting", `${"[".repeat(100_000)}${"]".repeat(100_000)}`],
  ])("is ignored when it posts %s", async (_name, text) => {
    const bridge = await loadAndConnect();
    web.load(`${APP}/`).postFromFrame(text);
    await issuer.advance(10);
    expect(mount.state).toBe("connected");
    expect(bridge.state).toBe("connected");
  });

  const channelName = (): string => {
    const welcome = web.injected.findLast((text) => text.includes("welcome")) ?? "";
    const channel = /\\"channel\\":\\"([\w-]+)/.exec(welcome)?.[1] ?? "";
    expect(channel.length).toBeGreaterThan(20);
    return channel;
  };

  it("ends the channel with a message that is too long, before it is parsed", async () => {
    const document = web.load(`${APP}/`);
    await connect(document.page);
    const channel = channelName();
    const states: string[] = [];
    mount.subscribeState((state) => states.push(state));
    // The text is not JSON, so parsing it would fail.
    document.postFromFrame(channel + " ".repeat(CHANNEL_LIMITS.maxMessageBytes));
    await expect.poll(() => states).toEqual(["connected", "lost", "connected"]);
  });

  it("is not harmed by a text that is too long from a frame inside the page", async () => {
    const document = web.load(`${APP}/`);
    const bridge = await connect(document.page);
    document.postFromFrame(" ".repeat(CHANNEL_LIMITS.maxMessageBytes + 1));
    await issuer.advance(10);
    await expect(bridge.method.call("echo", 1)).resolves.toBe(1);
    expect(mount.state).toBe("connected");
  });

  it("ends the channel with a flood of texts, and frames inside the page use up nothing", async () => {
    const document = web.load(`${APP}/`);
    await connect(document.page);
    const states: string[] = [];
    mount.subscribeState((state) => states.push(state));
    const { byteBurst, maxMessageBytes } = CHANNEL_LIMITS;
    const flood = (text: string): void => {
      for (let bytes = 0; bytes <= byteBurst; bytes += text.length) document.postFromFrame(text);
    };
    flood(" ".repeat(maxMessageBytes));
    await issuer.advance(10);
    expect(states).toEqual(["connected"]);
    flood(channelName() + " ".repeat(maxMessageBytes - 100));
    document.postFromFrame(channelName());
    await expect.poll(() => states.slice(0, 2)).toEqual(["connected", "lost"]);
  });

  it("may send 10 MB of text", async () => {
    const bridge = await loadAndConnect();
    const text = "x".repeat(10_000_000);
    expect((await bridge.method.call("echo", text)) === text).toBe(true);
  });
});

it("the test kit's host and a native host are the same to a guest", async () => {
  const kit = createTestHost({ contract, methods: { echo: (value) => value } });
  const viaKit = await kit.connect();
  const viaView = await loadAndConnect();
  for (const bridge of [viaKit, viaView]) {
    await expect(bridge.method.call("echo", { a: [1] })).resolves.toEqual({ a: [1] });
    await expect(bridge.method.call("wait", 1 as never)).rejects.toThrow(
      coded("CALL_ARGUMENTS_INVALID"),
    );
  }
  kit.close();
});
