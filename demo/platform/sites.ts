/** Request handlers of the shell's origin and of the guests' origins. */
import type { Issuer } from "@breezeway/issuer";
import type { AppRegistry } from "@breezeway/shared/schemas";
import type { DatabaseSync } from "node:sqlite";
import type { Assets } from "../web/bundle.ts";
import { createSite, type Site } from "../web/site.ts";
import type { Addresses, Guest } from "./addresses.ts";
import type { Handler } from "./listen.ts";
import { PEOPLE, TENANT_NAMES } from "./people.ts";
import { listCustomers } from "./shell-api.ts";

export interface ShellOptions {
  readonly addresses: Addresses;
  readonly apps: AppRegistry;
  readonly issuerUrl: string;
  readonly issuer: Issuer;
  readonly database: DatabaseSync;
  readonly assets: Assets;
}

export function createShellHandler(options: ShellOptions): Handler {
  const { addresses, apps, issuerUrl, issuer, database } = options;
  const site = createSite({
    bundle: "shell",
    assets: options.assets,
    title: "Porchlight",
    policy: {
      frameAncestors: [],
      frames: apps.all.map((app) => app.origin),
      connect: [],
    },
    data: {
      gatewayUrl: addresses.gateway.origin,
      issuerUrl,
      apps: apps.all,
      people: PEOPLE.map(({ id, name, title, tenants }) => ({
        id,
        name,
        title,
        tenants: Object.keys(tenants),
      })),
      tenantNames: TENANT_NAMES,
    },
    statusOf: (pathname) => (isPage(pathname, apps) ? 200 : 404),
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

function isPage(pathname: string, apps: AppRegistry): boolean {
  // The rest of the path belongs to the app.
  const app = /^\/apps\/([^/]+)(?:\/.*)?$/.exec(pathname)?.[1];
  if (app !== undefined) return apps.get(app) !== undefined;
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
