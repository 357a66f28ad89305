/** Starts the parts of the demo, each on its own port. */
import { randomBytes } from "node:crypto";
import { createGateway } from "@breezeway/gateway";
import { serveGateway } from "@breezeway/gateway/node";
import { createIssuer, sqliteStore, type Issuer } from "@breezeway/issuer";
import type { AppRegistry } from "@breezeway/shared/schemas";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { openDatabase } from "../upstream/database.ts";
import { createUpstream } from "../upstream/service.ts";
import type { Sites } from "../web/bundle.ts";
import type { Addresses, Guest, Part } from "./addresses.ts";
import { listen, portError, type Listener } from "./listen.ts";
import { PEOPLE, TENANT_NAMES } from "./people.ts";
import { createGuestSite, createShellHandler } from "./sites.ts";

/** With it, the gateway may read the issuer's apps and revocations. */
const FEED_SECRET = randomBytes(24).toString("base64url");

export interface PartsDeps {
  readonly addresses: Addresses;
  readonly apps: AppRegistry;
  readonly dataDir: string;
  readonly issuerUrl: string;
  readonly sites: Promise<Sites>;
  readonly tokenTtlSeconds: number | undefined;
  readonly sessionIdleSeconds: number | undefined;
  /** Receives the new issuer each time the shell has started. */
  onIssuer(issuer: Issuer): void;
}

/** Starts one part, and resolves when the part listens. */
export type PartStarters = Readonly<Record<Part, () => Promise<Listener>>>;

export function createPartStarters(deps: PartsDeps): PartStarters {
  return {
    shell: () => startShell(deps),
    gateway: () => startGateway(deps),
    upstream: () => startUpstream(deps),
    orders: () => startGuest(deps, "orders"),
    "customer-pane": () => startGuest(deps, "customer-pane"),
    inspector: () => startGuest(deps, "inspector"),
  };
}

async function startShell(deps: PartsDeps): Promise<Listener> {
  const { addresses, issuerUrl } = deps;
  const issuer = createDemoIssuer(deps);
  const database = openData(deps);
  const release = async (): Promise<void> => {
    database.close();
    await issuer.close();
  };
  try {
    await issuer.ready;
    await grantAtFirst(issuer, deps.apps);
    const assets = (await deps.sites).shell;
    const handler = createShellHandler({ addresses, issuerUrl, issuer, database, assets });
    const listener = await listen("shell", addresses.shell, handler);
    deps.onIssuer(issuer);
    return closing(listener, release);
  } catch (error) {
    await release();
    throw error;
  }
}

function createDemoIssuer(deps: PartsDeps): Issuer {
  const { apps, dataDir, issuerUrl, sessionIdleSeconds, tokenTtlSeconds } = deps;
  return createIssuer({
    issuer: issuerUrl,
    apps,
    store: sqliteStore({ file: join(dataDir, "issuer.sqlite") }),
    revocations: { secrets: [FEED_SECRET] },
    consent: "required",
    installations: {
      mayManage: ({ session }) =>
        PEOPLE.some(({ id, isAdministrator }) => id === session.userId && isAdministrator === true),
    },
    devLogin: { users: PEOPLE.map(({ id, name, tenants }) => ({ id, name, tenants })) },
    ...(tokenTtlSeconds !== undefined && { tokenTtlSeconds }),
    ...(sessionIdleSeconds !== undefined && { sessions: { idleSeconds: sessionIdleSeconds } }),
  });
}

/** Both workspaces agreed long ago to what the apps need, and to nothing that is optional. */
async function grantAtFirst({ installations }: Issuer, apps: AppRegistry): Promise<void> {
  const { grants } = installations;
  for (const tenantId of Object.keys(TENANT_NAMES)) {
    for (const { id: appId, scopes } of apps.all) {
      if (await grants.get({ appId, tenantId })) continue;
      await grants.set({ appId, tenantId, scopes, actor: "demo" });
    }
  }
}

async function startUpstream(deps: PartsDeps): Promise<Listener> {
  const database = openData(deps);
  try {
    const upstream = createUpstream({ database });
    const listener = await listen("upstream", deps.addresses.upstream, (request) =>
      upstream.fetch(request),
    );
    return closing(listener, () => database.close());
  } catch (error) {
    database.close();
    throw error;
  }
}

async function startGuest({ addresses, sites }: PartsDeps, guest: Guest): Promise<Listener> {
  const assets = (await sites)[guest];
  return listen(guest, addresses[guest], createGuestSite(guest, addresses, assets));
}

async function startGateway({ addresses, issuerUrl }: PartsDeps): Promise<Listener> {
  const { gateway: address, shell, upstream } = addresses;
  const gateway = createGateway({
    issuer: issuerUrl,
    apps: "issuer",
    revocations: { headers: { authorization: `Bearer ${FEED_SECRET}` } },
    // A shell may fetch for apps that get no token (`via: "host"`).
    hostOrigins: [shell.origin],
    routes: [
      {
        prefix: "/orders",
        upstream: upstream.origin,
        scopes: { GET: ["orders:read"], HEAD: ["orders:read"], "*": ["orders:write"] },
      },
      {
        prefix: "/orders/export",
        upstream: upstream.origin,
        scopes: { GET: ["orders:export"] },
      },
      { prefix: "/products", upstream: upstream.origin, scopes: { "*": ["orders:read"] } },
      { prefix: "/customers", upstream: upstream.origin, scopes: { "*": ["customers:read"] } },
    ],
  });
  const servers: Listener[] = [];
  try {
    for (const host of address.listenOn) {
      const server = await tryServe(gateway, { port: address.port, host });
      if (server !== undefined) servers.push(server);
    }
  } catch (error) {
    for (const server of servers) await server.close();
    await gateway.close();
    throw error;
  }
  return { close: async () => void (await Promise.all(servers.map((server) => server.close()))) };
}

async function tryServe(
  gateway: ReturnType<typeof createGateway>,
  { port, host }: { port: number; host: string },
): Promise<Listener | undefined> {
  try {
    return await serveGateway(gateway, { port, host });
  } catch (error) {
    const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
    // Some machines have IPv6 disabled.
    if (host === "::1" && (cause?.code === "EADDRNOTAVAIL" || cause?.code === "EAFNOSUPPORT")) {
      return undefined;
    }
    throw cause === undefined ? error : portError("gateway", port, cause);
  }
}

function openData({ dataDir }: PartsDeps): DatabaseSync {
  return openDatabase({ file: join(dataDir, "business.sqlite"), now: Date.now });
}

function closing(listener: Listener, release: () => void | Promise<void>): Listener {
  return {
    async close() {
      await listener.close();
      await release();
    },
  };
}
