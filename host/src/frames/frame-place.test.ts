/** Frames of a page in memory. `e2e/specs/bridge-silent-frames.spec.ts` uses real ones. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Host } from "../index.ts";
import { createHostForTesting, createTestIssuer } from "../testing.ts";

const ORIGIN = "https://orders.test";
const SELF = "https://shell.example";
const app = { id: "orders", name: "Orders", version: "1.0.0", url: `${ORIGIN}/app` };
const SYN = { namespace: "penpal", channel: "breezeway", type: "SYN", participantId: "1" };

class FakeFrame extends EventTarget {
  /** Messages that the host has posted to the frame's window. */
  readonly sent: unknown[] = [];
  readonly contentWindow = { postMessage: (message: unknown) => void this.sent.push(message) };
  contentDocument: { readonly URL: string } | null = { URL: "about:blank" };
  readonly style = {};
  readonly parentNode = null;
  readonly attributes = new Map<string, string>();
  isConnected = false;
  setAttribute(name: string, value: string): void {
    this.attributes.set(name, value);
  }
  toggleAttribute(name: string, isSet: boolean): void {
    if (isSet) this.attributes.set(name, "");
    else this.attributes.delete(name);
  }
  hasAttribute(name: string): boolean {
    return this.attributes.has(name);
  }
  remove(): void {
    this.isConnected = false;
  }
  loads(contentDocument: FakeFrame["contentDocument"] = null): void {
    this.contentDocument = contentDocument;
    this.dispatchEvent(new Event("load"));
  }
  /** Its document posts a message to the page. */
  posts(origin: string, data: unknown = SYN): void {
    const fields = { data, origin, source: this.contentWindow, ports: [] };
    dispatchEvent(Object.assign(new Event("message"), fields));
  }
}

const open: Host[] = [];
let frame: FakeFrame;

beforeEach(() => {
  const page = new EventTarget();
  frame = new FakeFrame();
  vi.stubGlobal("window", { origin: SELF });
  vi.stubGlobal("location", { origin: SELF });
  vi.stubGlobal("document", { baseURI: SELF, createElement: () => frame });
  vi.stubGlobal("crossOriginIsolated", false);
  vi.stubGlobal(
    "ShadowRoot",
    class {
      readonly host = null;
    },
  );
  vi.stubGlobal(
    "MutationObserver",
    class {
      observe(): void {}
      disconnect(): void {}
    },
  );
  for (const name of ["addEventListener", "removeEventListener", "dispatchEvent"] as const) {
    vi.stubGlobal(name, page[name].bind(page));
  }
});
afterEach(() => {
  for (const host of open.splice(0)) host.close();
  vi.unstubAllGlobals();
});

const IN_PAGE = { append: (child: FakeFrame) => void (child.isConnected = true) };
const OUTSIDE = { append: () => undefined };

function mount(container: object, path?: string) {
  const issuer = createTestIssuer();
  const host = createHostForTesting({ ...issuer.hostOptions, apps: [app] }, issuer.hooks);
  open.push(host);
  const where = { container: container as Element };
  return { issuer, mount: host.mount("orders", path === undefined ? where : { ...where, path }) };
}

describe("the error of a frame in which no guest connects", () => {
  const stranger = "https://www.orders.test";

  it.each<{
    title: string;
    container?: object;
    happens?: () => void;
    says: string;
  }>([
    {
      title: "is outside the page",
      container: OUTSIDE,
      says: "Its frame is not in the page, so the browser does not load it.",
    },
    { title: "has loaded nothing", says: "No page has loaded in its frame." },
    {
      title: "has loaded nothing that says something",
      happens: () => frame.loads(),
      says: "A page has loaded in its frame and did not begin a handshake.",
    },
    {
      title: "begins a handshake from another origin",
      happens() {
        frame.posts(stranger);
        frame.loads();
      },
      says: `Its frame shows a page of ${stranger}, but the manifest's url is at ${ORIGIN}.`,
    },
    {
      title: "posts from an opaque origin",
      happens: () => frame.posts("null", "hi"),
      says: "Its frame shows a page of an opaque origin (a sandboxed page),",
    },
    {
      title: "shows a page of the host",
      happens: () => frame.loads({ URL: `${SELF}/login` }),
      says: `Its frame shows a page of ${SELF},`,
    },
    {
      title: "begins a handshake and stops",
      happens: () => frame.posts(ORIGIN),
      says: `A page of ${ORIGIN} began a handshake and did not complete it.`,
    },
    {
      title: "posts messages of the app that belong to no handshake",
      happens() {
        frame.posts(ORIGIN, { type: "analytics" });
        frame.loads();
      },
      says: "A page has loaded in its frame and did not begin a handshake.",
    },
    {
      title: "may be blocked by the isolation of the page",
      happens() {
        vi.stubGlobal("crossOriginIsolated", true);
        frame.loads();
      },
      says: "This page is cross-origin isolated, so the browser blocks the frame unless",
    },
    {
      title: "is exempt from the isolation of the page",
      happens() {
        vi.stubGlobal("crossOriginIsolated", true);
        frame.setAttribute("credentialless", "");
        frame.loads();
      },
      says: "A page has loaded in its frame and did not begin a handshake.",
    },
    {
      title: "comes from another origin although the page is isolated",
      happens() {
        vi.stubGlobal("crossOriginIsolated", true);
        frame.posts(stranger);
      },
      says: `Its frame shows a page of ${stranger},`,
    },
  ])("names the cause when the frame $title", async ({ container = IN_PAGE, happens, says }) => {
    const { issuer, mount: mounted } = mount(container);
    happens?.();
    await issuer.advance(10_000);
    expect(mounted.error?.code).toBe("HANDSHAKE_TIMEOUT");
    expect(mounted.error?.message).toContain(`Orders did not say hello within 10000 ms. ${says}`);
  });

  it("is not told to a page of another origin, which gets no message at all", async () => {
    const { issuer } = mount(IN_PAGE);
    frame.posts(stranger);
    frame.loads();
    await issuer.advance(10_000);
    expect(frame.sent).toEqual([]);
  });
});

it.each([
  `blob:${ORIGIN}/0b8a3a7c-6f5e-4f39-9a55-000000000000`,
  `filesystem:${ORIGIN}/temporary/page.html`,
  "data:text/html,<p>",
  "javascript:alert(1)",
  " java\tscript:alert(1)",
  "about:blank",
  "about:srcdoc",
  "file:///etc/hosts",
  `view-source:${ORIGIN}/app`,
  "//other.test/app",
  "https://other.test/app",
  "http://orders.test/app",
])("refuses the path %j, which leaves the app's origin", (path) => {
  expect(() => mount(IN_PAGE, path)).toThrow(
    expect.objectContaining({
      code: "CONFIG_INVALID",
      message: `orders: path: must stay on the app's origin, ${ORIGIN}.`,
    }),
  );
  expect(frame.isConnected).toBe(false);
});
