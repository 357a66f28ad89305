/** Request handlers of the shell's origin and of the guests' origins. */
import type { Issuer } from "@breezeway/issuer";
import type { DatabaseSync } from "node:sqlite";
import type { Assets } from "../web/bundle.ts";
import { createSite, type Site } from "../web/site.ts";
import type { Addresses, Guest } from "./addresses.ts";
import type { Handler } from "./listen.ts";
import { PEOPLE, TENANT_NAMES } from "./people.ts";
import { listCustomers } from "./shell-api.ts";

export interface ShellOptions {
  readonly addresses: Addresses;
  readonly issuerUrl: string;
  readonly issuer: Issuer;
  readonly database: DatabaseSync;
  readonly assets: Assets;
}

export function createShellHandler(options: ShellOptions): Handler {
  const { addresses, issuerUrl, issuer, database } = options;
  const site = createSite({
    bundle: "shell",
    assets: options.assets,
    title: "Porchlight",
    // A page that was open before an app of another origin was put must be loaded again to show that app.
    policy: async () => ({ frameAncestors: [], frames: await originsOf(issuer), connect: [] }),
    data: {
      gatewayUrl: addresses.gateway.origin,
      issuerUrl,
      people: PEOPLE.map(({ id, name, title, tenants }) => ({
        id,
        name,
        title,
        tenants: Object.keys(tenants),
      })),
      tenantNames: TENANT_NAMES,
    },
    statusOf: async (pathname) => ((await isPage(pathname, issuer)) ? 200 : 404),
  });

  return async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/auth" || pathname.startsWith("/auth/")) return issuer.fetch(request);
    if (pathname === "/api/customers" && request.method === "GET") {
      return listCustomers(request, { issuerUrl, issuer, database, now: Date.now });
    }
    return site(request);
  };
}

/** @returns none when the store is away: the page says so itself */
async function originsOf(issuer: Issuer): Promise<string[]> {
  const { items } = await issuer.apps.list({ limit: 1_000 }).catch(() => ({ items: [] }));
  return [...new Set(items.map(({ app }) => app.origin))];
}

async function isPage(pathname: string, issuer: Issuer): Promise<boolean> {
  // The rest of the path belongs to the app.
  const app = /^\/apps\/([^/]+)(?:\/.*)?$/.exec(pathname)?.[1];
  if (app !== undefined) {
    // Without the store, the page itself says what is wrong.
    return issuer.apps.get(app).then(
      (found) => found !== undefined,
      () => true,
    );
  }
  return pathname === "/" || /^\/customers(?:\/[^/]+)?$/.test(pathname);
}

const TITLES: Readonly<Record<Guest, string>> = {
  orders: "Orders",
  "customer-pane": "Customer insights",
  inspector: "Inspector",
};

/** Paths at which a guest has a page. */
const PAGES: Readonly<Record<Guest, RegExp>> = {
  orders: /^\/(?:new|\d+)?$/,
  "customer-pane": /^\/$/,
  inspector: /^\/$/,
};

export function createGuestSite(guest: Guest, addresses: Addresses, assets: Assets): Site {
  return createSite({
    bundle: guest,
    assets,
    title: TITLES[guest],
    policy: {
      frameAncestors: [addresses.shell.origin],
      frames: [],
      connect: [addresses.gateway.origin],
    },
    hostOrigins: [addresses.shell.origin],
    statusOf: (pathname) => (PAGES[guest].test(pathname) ? 200 : 404),
  });
}
