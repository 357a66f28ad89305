import { afterEach, describe, expect, it, vi } from "vitest";
import { createHost } from "./create-host.ts";
import type { Host, HostPlatform } from "./host-types.ts";
import type { MountOptions } from "./mount-types.ts";
import { createHostForTesting, createTestIssuer } from "./testing.ts";
import type { OpenGuestPlace } from "./transport/guest-place.ts";

afterEach(() => vi.unstubAllGlobals());

describe("createHost in a page", () => {
  it("refuses an issuer of another origin, which would not receive the session cookie", () => {
    standAt("https://shell.example");
    expect(() => createHost({ issuerUrl: "https://auth.example/auth", apps: [] })).toThrow(
      "createHost: issuerUrl: must be of this page's origin, https://shell.example.",
    );
  });

  it("allows an issuer of any origin with a custom fetch", () => {
    standAt("https://shell.example");
    const issuer = createTestIssuer();
    const host = createHostForTesting({ ...issuer.hostOptions, apps: [] }, issuer.hooks);
    expect(host.apps.all).toEqual([]);
    host.close();
  });
});

describe("createHost", () => {
  const app = { id: "orders", name: "Orders", version: "1.0.0", url: "https://orders.test/" };
  const open = (more: object): Host => {
    const issuer = createTestIssuer();
    return createHostForTesting({ ...issuer.hostOptions, apps: [app], ...more }, issuer.hooks);
  };
  const place: OpenGuestPlace = () => ({ element: undefined, reload() {}, close() {} });

  it.each([
    ["apps", { apps: "orders" }],
    ["theme.scheme", { theme: { scheme: "drak" } }],
    ["locale", { locale: 7 }],
    ["context", { context: { load: () => {} } }],
  ])("refuses an invalid %s, and names the option", (name, more) => {
    expect(() => open(more)).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        message: expect.stringContaining(`createHost: ${name}: `) as string,
      }),
    );
  });

  it("refuses an unknown option, and suggests the nearest name", () => {
    expect(() => open({ gatewayURL: "https://api.test" })).toThrow(
      'createHost: gatewayURL: unknown option. Did you mean "gatewayUrl"?',
    );
    using host = open({});
    const options = { place, placment: "menu" } as MountOptions;
    expect(() => host.mount("orders", options)).toThrow(
      'host.mount: placment: unknown option. Did you mean "placement"?',
    );
  });

  it("opens the event stream through the platform of the options", async () => {
    const { hostOptions } = createTestIssuer();
    const opened: string[] = [];
    const platform: HostPlatform = {
      visibility: { isVisible: true, onVisible: () => () => undefined },
      openStream(url) {
        opened.push(url);
        return { readyState: 1, addEventListener: () => undefined, close: () => undefined };
      },
    };
    using host = createHost({ ...hostOptions, apps: [], platform });
    await host.session.ready;
    expect(opened).toEqual(["https://host.test/auth/session/events"]);
  });

  it.each<[string, object]>([
    ["mount: container", { container: null }],
    ["mount: context", { place, context: { load: () => {} } }],
  ])("refuses an invalid %s, and names the option", (name, options) => {
    using host = open({});
    expect(() => host.mount("orders", options as MountOptions)).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        message: expect.stringContaining(`${name}: `) as string,
      }),
    );
  });

  it.each([
    ["404", () => new Response(null, { status: 404 })],
    ["a page", () => new Response("<!doctype html>")],
  ])("reports once that no issuer answers when it gets %s", async (_what, answer) => {
    const errors: unknown[] = [];
    const onError = (error: unknown): void => void errors.push(error);
    using host = open({ fetch: async () => answer(), onError });
    await host.session.ready;
    await host.session.reload().catch(() => undefined);
    expect(errors).toEqual([
      expect.objectContaining({
        code: "CONFIG_INVALID",
        message: "createHost: issuerUrl: no issuer answers at https://host.test/auth.",
      }),
    ]);
  });

  it("names its own origin in the error when a guest sends no hello", async () => {
    standAt("https://shell.example");
    const issuer = createTestIssuer();
    using host = createHostForTesting({ ...issuer.hostOptions, apps: [app] }, issuer.hooks);
    const mount = host.mount("orders", { place });
    await issuer.advance(10_000);
    expect(mount.error?.message).toContain(
      "Does it run at https://orders.test, and does it name https://shell.example in hostOrigins?",
    );
  });
});

function standAt(origin: string): void {
  vi.stubGlobal("document", { baseURI: `${origin}/app` });
  vi.stubGlobal("location", { origin });
}
