/** A platform with a page that shows the sessions of its user, on an issuer of its own. */
import { createServer } from "node:http";
import type { Page } from "@playwright/test";
import type { BreezewayMySessionsElement } from "@breezeway/console";
import type { Host } from "@breezeway/host";
import { createIssuer, sqliteStore, type Issuer, type SessionClient } from "@breezeway/issuer";
import { toNodeHandler } from "@breezeway/issuer/node";
import { freePort } from "@breezeway/test-support/free-port";
import { listen } from "@breezeway/test-support/listen";
import { bundlePage } from "./bundle-page.ts";

import { test as base } from "./workers.ts";

declare global {
  interface Window {
    element: BreezewayMySessionsElement;
    host: Host;
  }
}

export interface MySessions {
  readonly issuer: Issuer;
  /** Opens the page as this user. */
  open(on: Page, userId?: string): Promise<void>;
  /** Signs the user in elsewhere. @returns the handle */
  signInElsewhere(client?: SessionClient, tenantId?: string): Promise<string>;
  /** What the server does with requests about devices. Default: it answers. */
  devices: "answer" | "fail" | "hang";
}

export const AGENTS = {
  firefox: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0",
  iphone:
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
} as const;

/** Pages of the platform may load nothing else, and no style attribute works. */
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'";

const PAGE = `<!doctype html><html lang="en"><head><title>Account</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/page.css"></head>
<body><main><h1>Account</h1></main><script src="/page.js"></script></body></html>`;

const STYLE = `:root { color-scheme: light dark; background: light-dark(#f6f7f9, #0f1215);
color: light-dark(#1c2127, #e8eaed); font-family: system-ui, sans-serif } body { margin: 0 }
main { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem } h1 { font-size: 1.5rem }`;

export const test = base.extend<{ mySessions: MySessions }>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the pattern
  mySessions: async ({}, use) => {
    const port = await freePort();
    const origin = `http://localhost:${port}`;
    await using issuer = createIssuer({
      issuer: `${origin}/auth`,
      store: sqliteStore({ file: ":memory:" }),
    });
    const auth = toNodeHandler(issuer);
    const script = await bundlePage("fixtures/console/my-sessions-page.ts");
    const files: Readonly<Record<string, readonly [type: string, body: string]>> = {
      "/": ["text/html", PAGE],
      "/page.css": ["text/css", STYLE],
      "/page.js": ["text/javascript", script],
    };
    const server = createServer((request, response) => {
      const path = (request.url ?? "").split("?", 1)[0] ?? "";
      if (path.startsWith("/auth/session/devices")) {
        if (platform.devices === "hang") return;
        if (platform.devices === "fail") return void response.writeHead(503).end();
      }
      if (path.startsWith("/auth/")) return auth(request, response);
      const [type, body] = files[path] ?? ["text/plain", ""];
      response.writeHead(path in files ? 200 : 404, {
        "content-type": `${type}; charset=utf-8`,
        "content-security-policy": CSP,
      });
      response.end(body);
    });
    await using _listening = await listen(server, port);
    const platform: MySessions = {
      issuer,
      devices: "answer",
      async open(on, userId = "alice") {
        const userAgent = await on.evaluate(() => navigator.userAgent);
        const client = { userAgent, address: "203.0.113.77" };
        const { setCookie } = await issuer.sessions.create({ userId, tenantId: "acme", client });
        const [name = "", value = ""] = (setCookie.split(";", 1)[0] ?? "").split("=");
        await on.context().addCookies([{ name, value, url: origin, httpOnly: true }]);
        await on.goto(origin);
      },
      async signInElsewhere(client, tenantId = "acme") {
        const { session } = await issuer.sessions.create({
          userId: "alice",
          tenantId,
          ...(client === undefined ? {} : { client }),
        });
        return session.handle;
      },
    };
    await use(platform);
  },
});

export { expect } from "@playwright/test";
