/** Every listener that the packages and the demo open. */
import { afterEach, expect, it } from "vitest";
import { freePort } from "@breezeway/test-support/free-port";
import { createSigner } from "@breezeway/test-support/signer";
import { serveOnLoopback } from "../../cli/src/dev/loopback-server.ts";
import { listen } from "../../demo/platform/listen.ts";
import { serveGateway } from "../../gateway/src/node.ts";
import { createIssuer, sqliteStore } from "../../issuer/src/index.ts";
import { serveIssuer } from "../../issuer/src/node.ts";
import { serveGuest } from "../../playwright/src/sites.ts";

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

const ISSUER = "http://localhost:4000/auth";

/** @returns addresses of the public listener and of the one for operators */
async function gateway(): Promise<readonly string[]> {
  const options = {
    issuer: ISSUER,
    jwks: { keys: [createSigner("key-1").publicJwk] },
    apps: [],
    routes: [{ prefix: "/orders", upstream: "http://127.0.0.1:1" }],
    revocations: false as const,
  };
  const server = stack.use(await serveGateway(options, { port: 0, operationsPort: 0 }));
  return [server.url, `${server.operationsUrl}/health/live`];
}

it.each<[string, () => Promise<readonly string[]>]>([
  [
    "serveIssuer",
    async () => {
      const store = sqliteStore({ file: ":memory:" });
      const issuer = stack.use(createIssuer({ issuer: ISSUER, apps: [], store }));
      const server = stack.adopt(await serveIssuer(issuer, { port: 0 }), (open) => open.close());
      return [server.url];
    },
  ],
  ["serveGateway", gateway],
  [
    "breezeway dev",
    async () => {
      const port = await freePort();
      const site = { hostname: "127.0.0.1", port } as const;
      stack.use(await serveOnLoopback(site, (_request, response) => void response.end()));
      return [`http://127.0.0.1:${port}`];
    },
  ],
  [
    "the demo",
    async () => {
      const port = await freePort();
      const address = {
        origin: `http://127.0.0.1:${port}`,
        authority: `127.0.0.1:${port}`,
        port,
        listenOn: ["127.0.0.1"],
      };
      const listener = await listen("upstream", address, () => new Response("ok"));
      stack.defer(() => listener.close());
      return [`http://127.0.0.1:${port}`];
    },
  ],
  [
    "the Playwright fixture",
    async () => {
      const site = await serveGuest({ html: "<p>" }, () => "http://localhost:1");
      stack.defer(() => site.close());
      return [site.origin];
    },
  ],
])("%s keeps an unused connection for 65 s, longer than proxies do", async (_name, open) => {
  for (const url of await open()) {
    const response = await fetch(url);
    await response.body?.cancel();
    expect(response.headers.get("keep-alive")).toBe("timeout=65");
  }
});
