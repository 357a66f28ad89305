/** Malicious sites for the attack specs. They serve pages from `pages/` without any policy. */
import type { Frame, Page } from "@playwright/test";
import { build } from "esbuild";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test as demoTest, expect } from "../support/demo.ts";
import { waitInFrame } from "../support/frames.ts";
import type { Attack } from "./pages/attack-window.ts";

export interface EvilSite {
  readonly origin: string;
  /** Paths of the requested documents. */
  readonly visits: string[];
}

export interface EvilSiteOptions {
  /** Default: a free port, so that no registry contains the origin. */
  readonly port?: number;
  /** File in `pages/`, without its extension. */
  readonly page: "sdk-guest" | "raw-guest" | "fake-host" | "sibling";
  /** Hosts that the page claims to trust. */
  readonly hostOrigins?: readonly string[];
  /** URL that the site redirects to, instead of serving a page. */
  readonly redirectTo?: string;
}

interface AttackFixtures {
  /** Serves a site on 127.0.0.1 until the end of the test. */
  readonly openEvilSite: (options: EvilSiteOptions) => Promise<EvilSite>;
  /** Serves a site and opens it in the page. */
  readonly visitEvilSite: (page: EvilSiteOptions["page"]) => Promise<EvilSite>;
  /** Replaces an app by a site, signs in, and opens that app in the shell. */
  readonly usurp: (
    app: keyof typeof LINKS,
    site: Omit<EvilSiteOptions, "port">,
  ) => Promise<EvilSite>;
}

const LINKS = { orders: "Orders", inspector: "Inspector" } as const;

/** Bundled once per worker. */
let scripts: Promise<ReadonlyMap<string, string>> | undefined;

export const test = demoTest.extend<AttackFixtures>({
  usurp: async ({ demo, openEvilSite, page, platform }, use) =>
    use(async (app, site) => {
      await platform.stop(app);
      const opened = await openEvilSite({ ...site, port: platform.addresses[app].port });
      await demo.signIn();
      await page.getByRole("link", { name: LINKS[app], exact: true }).click();
      return opened;
    }),
  visitEvilSite: async ({ openEvilSite, page }, use) =>
    use(async (name) => {
      const site = await openEvilSite({ page: name });
      await page.goto(site.origin);
      await page.waitForFunction(() => "attack" in window);
      return site;
    }),
  openEvilSite: async ({ platform }, use) => {
    const evilScripts = await (scripts ??= bundlePages());
    const servers: Server[] = [];
    await use(async (options) => {
      const { server, site } = await serve(evilScripts, options);
      servers.push(server);
      return site;
    });
    // The sites close before the platform starts its parts on the same ports again.
    void platform;
    for (const server of servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  },
});

export type Fixtures = Parameters<Parameters<typeof test>[2]>[0];

export { expect };

/** The frame with a page of this origin, when its script has run. */
export async function frameAt(page: Page, origin: string): Promise<Frame> {
  await expect.poll(() => page.frames().some((frame) => frame.url().startsWith(origin))).toBe(true);
  const frame = page.frames().find((candidate) => candidate.url().startsWith(origin));
  if (frame === undefined) throw new Error(`Expected a frame of ${origin}.`);
  await waitInFrame(frame, () => "attack" in window);
  return frame;
}

/** Returns the window messages that the page has received. */
export async function heardBy(frame: Frame | Page): Promise<Attack["heard"]> {
  return frame.evaluate(() => window.attack.heard);
}

async function bundlePages(): Promise<ReadonlyMap<string, string>> {
  const pages = ["sdk-guest", "raw-guest", "fake-host", "sibling"];
  const { outputFiles } = await build({
    entryPoints: pages.map((page) => join(import.meta.dirname, "pages", `${page}.ts`)),
    bundle: true,
    write: false,
    outdir: "out",
    format: "esm",
    target: "es2022",
    conditions: ["@breezeway/source"],
    logLevel: "silent",
  });
  return new Map(outputFiles.map(({ text }, index) => [pages[index] ?? "", text]));
}

async function serve(
  scripts: ReadonlyMap<string, string>,
  { port = 0, page, hostOrigins = [], redirectTo }: EvilSiteOptions,
): Promise<{ server: Server; site: EvilSite }> {
  const visits: string[] = [];
  const html = `<!doctype html><meta charset="utf-8"><title>${page}</title>
    <meta name="breezeway-host-origins" content="${hostOrigins.join(" ")}">
    <body><script type="module" src="/page.js"></script></body>`;
  const server = createServer((request, response) => {
    const url = request.url ?? "/";
    if (url === "/page.js") {
      response.setHeader("content-type", "text/javascript");
      response.end(scripts.get(page));
      return;
    }
    if (url === "/favicon.ico") return void response.writeHead(404).end();
    visits.push(url);
    if (redirectTo !== undefined)
      return void response.writeHead(302, { location: redirectTo }).end();
    response.setHeader("content-type", "text/html");
    response.end(html);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { server, site: { origin, visits } };
}
