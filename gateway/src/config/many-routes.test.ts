/** A configuration with many apps and routes: the work to apply it must grow with its size, not faster. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@breezeway/test-support/temporary-folder";
import { ISSUER } from "@breezeway/test-support/signer";
import { createAppRegistry, type RegisteredApp } from "@breezeway/shared/schemas";
import { describe, expect, it, vi } from "vitest";
import { createGateway } from "../gateway.ts";
import { readGatewayConfig } from "./read-config.ts";
import { createConfigReload } from "./watch-config.ts";
import { createRouteTable } from "../decision/route-table.ts";
import type { RouteOptions } from "./route-schema.ts";

const APPS = 100;
const ROUTES = 400;
const upstream = "http://127.0.0.1:4020";

const manifests = Array.from({ length: APPS }, (_, index) => ({
  id: `app-${index}`,
  name: `App ${index}`,
  version: "1.0.0",
  url: `https://app-${index}.example/`,
  scopes: [`things-${index}:read`, "things:read"],
}));

/** A registry that counts how often the scopes of its apps are read. */
function countingRegistry(): {
  readonly apps: ReturnType<typeof createAppRegistry>;
  reads: number;
} {
  const counted = { apps: createAppRegistry(manifests), reads: 0 };
  const count = (app: RegisteredApp): RegisteredApp =>
    Object.defineProperty({ ...app }, "scopes", {
      get: () => {
        counted.reads += 1;
        return app.scopes;
      },
    });
  const all = counted.apps.all.map(count);
  const byId = new Map(all.map((app) => [app.id, app]));
  counted.apps = { ...counted.apps, all, get: (id) => byId.get(id) };
  return counted;
}

const routesOf = (more: (index: number) => Partial<RouteOptions>): RouteOptions[] =>
  Array.from({ length: ROUTES }, (_, index) => ({
    prefix: `/route-${index}`,
    upstream,
    ...more(index),
  }));

const everyApp = manifests.map(({ id }) => id);

describe("many apps and routes", () => {
  it.each<[string, (index: number) => Partial<RouteOptions>]>([
    ["for all apps", (index) => ({ scopes: [`things-${index % APPS}:read`] })],
    ["for named apps", () => ({ scopes: ["things:read"], apps: everyApp })],
    ["with scopes by method", () => ({ scopes: { GET: ["things:read"], "*": ["things-1:read"] } })],
  ])("have each manifest's scopes read once for all routes %s", async (_case, more) => {
    const counted = countingRegistry();
    const { apps } = counted;
    const routes = routesOf(more);
    await using gateway = createGateway({ issuer: ISSUER, apps, routes, revocations: false });
    const created = counted.reads;
    gateway.reload({ apps, routes });
    expect([created, counted.reads - created]).toEqual([APPS, APPS]);
  });

  it("still have the route refused whose scope no app of the route holds", () => {
    const apps = createAppRegistry(manifests);
    const routes = routesOf((index) => ({ scopes: [`things-${index % APPS}:read`] }));
    const wrong = { prefix: "/wrong", upstream, scopes: ["things-1:read"], apps: ["app-2"] };
    expect(() =>
      createGateway({ issuer: ISSUER, apps, routes: [...routes, wrong], revocations: false }),
    ).toThrow(
      `createGateway: routes[${ROUTES}].scopes: no app that may use this route has the scope "things-1:read".`,
    );
  });

  it("are read from a changed file in as many turns as the work needs, one file after the other", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "gateway.json");
    const routes = routesOf(() => ({ scopes: ["things:read"] }));
    writeFileSync(file, JSON.stringify({ issuer: ISSUER, apps: manifests, routes }));
    const applied: number[] = [];
    let turn = 0;
    const running = readGatewayConfig(file);
    const reload = createConfigReload(file, { reload: () => void applied.push(turn) }, running);
    let isDone = false;
    // Each piece of work seems to take a second.
    let nowMs = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => (nowMs += 1_000));
    try {
      const done = Promise.all([reload(), reload()]).finally(() => (isDone = true));
      for (; !isDone; turn += 1) await new Promise(setImmediate);
      await done;
    } finally {
      clock.mockRestore();
    }
    const [first = 0, second = 0] = applied;
    // The least is a turn for each app, for the schema of each route, and for the scopes of each route.
    expect(Math.min(first, second - first)).toBeGreaterThan(APPS + 2 * ROUTES);
  });

  it("from a file are checked once, and not again by the gateway that takes them", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "gateway.json");
    const routes = routesOf(() => ({ scopes: ["things:read"] }));
    const config = { issuer: ISSUER, apps: manifests, routes, revocations: false };
    writeFileSync(file, JSON.stringify(config));
    const options = readGatewayConfig(file);
    const checked = vi.spyOn(URL, "canParse");
    try {
      await using gateway = createGateway(options);
      gateway.reload(options);
      expect(checked.mock.calls.filter(([url]) => url === upstream)).toEqual([]);
      gateway.reload({ ...options });
      expect(checked.mock.calls.filter(([url]) => url === upstream)).toHaveLength(ROUTES);
    } finally {
      checked.mockRestore();
    }
  });

  it("have a path compared with one prefix, not with every route's", () => {
    const table = createRouteTable(
      routesOf(() => ({})),
      "test",
    );
    const compared = vi.spyOn(String.prototype, "startsWith");
    try {
      table.match(`/route-${ROUTES - 1}/x`);
      table.match("/route-none/x");
      expect(compared.mock.calls.length).toBeLessThanOrEqual(2);
    } finally {
      compared.mockRestore();
    }
  });
});
