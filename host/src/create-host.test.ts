import { afterEach, describe, expect, it, vi } from "vitest";
import { createHost } from "./create-host.ts";
import { createTestIssuer } from "./testing/test-issuer.ts";

afterEach(() => vi.unstubAllGlobals());

describe("createHost, in a page", () => {
  it("refuses an issuer of another origin, where the session cookie would not go", () => {
    standAt("https://shell.example");
    expect(() => createHost({ issuerUrl: "https://auth.example/auth", apps: [] })).toThrow(
      "createHost: issuerUrl: must be of this page's origin, https://shell.example.",
    );
  });

  it("leaves it to a fetch of the caller's own where the issuer is", () => {
    standAt("https://shell.example");
    const host = createHost({ ...createTestIssuer().hostOptions, apps: [] });
    expect(host.apps.all).toEqual([]);
    host.close();
  });
});

function standAt(origin: string): void {
  vi.stubGlobal("document", { baseURI: `${origin}/app` });
  vi.stubGlobal("location", { origin });
}
