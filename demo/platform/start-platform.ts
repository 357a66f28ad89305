/**
 * The demo platform in one process: every part on its own port, each of which can be stopped and
 * started alone, as it would in an outage.
 */
import { createGateway } from "@breezeway/gateway";
import { serveGateway } from "@breezeway/gateway/node";
import { createIssuer, sqliteStore, type Issuer } from "@breezeway/issuer";
import { BridgeError } from "@breezeway/shared";
import type { AppRegistry } from "@breezeway/shared/schemas";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openDatabase } from "../upstream/database.ts";
import { createUpstream } from "../upstream/service.ts";
import { bundleSites } from "../web/bundle.ts";
import {
  addressesFrom,
  DEFAULT_BASE_PORT,
  PARTS,
  type Addresses,
  type Guest,
  type Part,
} from "./addresses.ts";
import { readApps } from "./apps.ts";
import { listen, portError, type Listener } from "./listen.ts";
import { PEOPLE } from "./people.ts";
import { createGuestSite, createShellHandler } from "./sites.ts";

export { addressesFrom, PARTS, type Address, type Addresses, type Part } from "./addresses.ts";

export interface PlatformOptions {
  /** Port of the shell; the others follow it. 1024 to 65515. Default 4000. */
  readonly basePort?: number;
  /** Folder of the databases and the signing key. Created when it is missing. */
  readonly dataDir: string;
  /** Folder of the manifests. Default: `demo/apps`. */
  readonly appsDir?: string;
  /** Life of a session token in seconds, 15 to 300. Default 60. */
  readonly tokenTtlSeconds?: number;
  /** Seconds without activity after which a session has ended. Default 7 days. */
  readonly sessionIdleSeconds?: number;
}

export interface Platform {
  readonly addresses: Addresses;
  readonly apps: AppRegistry;
  /** The page to open. */
  readonly url: string;
  readonly issuer: Issuer;
  /** Takes one part off the network. Does nothing when it is down already. */
  stop(part: Part): Promise<void>;
  /** Brings it back with nothing remembered but what is on disk. */
  start(part: Part): Promise<void>;
  close(): Promise<void>;
}

/**
 * @throws {BridgeError} CONFIG_INVALID (port in use, folder not writable), MANIFEST_INVALID; the
 * message is fit to be shown to whoever started it
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const addresses = addressesFrom(options.basePort ?? DEFAULT_BASE_PORT);
  const apps = readApps(options.appsDir ?? join(import.meta.dirname, "../apps"), addresses);
  makeFolder(options.dataDir);
  const issuerUrl = `${addresses.shell.origin}/auth`;
  const sites = bundleSites();
  // Whoever needs them first hears of a failure.
  sites.catch(() => undefined);
  const running = new Map<Part, Listener>();
  let issuer: Issuer | undefined;

  const openData = () =>
    openDatabase({ file: join(options.dataDir, "business.sqlite"), now: Date.now });

  const starters: Readonly<Record<Part, () => Promise<Listener>>> = {
    async shell() {
      const started = createIssuer({
        issuer: issuerUrl,
        apps,
        store: sqliteStore({ file: join(options.dataDir, "issuer.sqlite") }),
        devLogin: { users: PEOPLE.map(({ id, name, tenants }) => ({ id, name, tenants })) },
        ...(options.tokenTtlSeconds !== undefined && { tokenTtlSeconds: options.tokenTtlSeconds }),
        ...(options.sessionIdleSeconds !== undefined && {
          sessions: { idleSeconds: options.sessionIdleSeconds },
        }),
      });
      const database = openData();
      const release = async (): Promise<void> => {
        database.close();
        await started.close();
      };
      try {
        await started.ready;
        const handler = createShellHandler({
          addresses,
          apps,
          issuerUrl,
          issuer: started,
          database,
          assets: (await sites).shell,
        });
        const listener = await listen("shell", addresses.shell, handler);
        issuer = started;
        return closing(listener, release);
      } catch (error) {
        await release();
        throw error;
      }
    },
    gateway: () => startGateway(addresses, apps, issuerUrl),
    async upstream() {
      const database = openData();
      try {
        const upstream = createUpstream({ database });
        return closing(
          await listen("upstream", addresses.upstream, (request) => upstream.fetch(request)),
          () => database.close(),
        );
      } catch (error) {
        database.close();
        throw error;
      }
    },
    orders: () => startGuest("orders"),
    "customer-pane": () => startGuest("customer-pane"),
    inspector: () => startGuest("inspector"),
  };

  async function startGuest(guest: Guest): Promise<Listener> {
    const assets = (await sites)[guest];
    return listen(guest, addresses[guest], createGuestSite(guest, addresses, assets));
  }

  async function stop(part: Part): Promise<void> {
    const listener = running.get(part);
    running.delete(part);
    await listener?.close();
  }

  async function start(part: Part): Promise<void> {
    if (!running.has(part)) running.set(part, await starters[part]());
  }

  async function close(): Promise<void> {
    await Promise.all(PARTS.map(stop));
  }

  // The issuer first: a gateway that finds no keys when it starts waits before it asks again.
  const issuing = start("shell");
  const outcomes = await Promise.allSettled(
    PARTS.map((part) => (part === "shell" ? issuing : issuing.then(() => start(part)))),
  );
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) {
    await close();
    throw failed.reason;
  }

  return {
    addresses,
    apps,
    url: addresses.shell.origin,
    get issuer() {
      if (issuer === undefined) throw new TypeError("the shell was never started");
      return issuer;
    },
    stop,
    start,
    close,
  };
}

async function startGateway(
  { gateway: address, shell, upstream }: Addresses,
  apps: AppRegistry,
  issuer: string,
): Promise<Listener> {
  const gateway = createGateway({
    issuer,
    apps,
    // A shell may fetch for apps that get no token (`via: "host"`).
    hostOrigins: [shell.origin],
    routes: [
      {
        prefix: "/orders",
        upstream: upstream.origin,
        scopes: { GET: ["orders:read"], HEAD: ["orders:read"], "*": ["orders:write"] },
      },
      { prefix: "/products", upstream: upstream.origin, scopes: { "*": ["orders:read"] } },
      { prefix: "/customers", upstream: upstream.origin, scopes: { "*": ["customers:read"] } },
    ],
  });
  const servers: { close(): Promise<void> }[] = [];
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
): Promise<{ close(): Promise<void> } | undefined> {
  try {
    return await serveGateway(gateway, { port, host });
  } catch (error) {
    const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
    // IPv6 is switched off on some machines.
    if (host === "::1" && (cause?.code === "EADDRNOTAVAIL" || cause?.code === "EAFNOSUPPORT")) {
      return undefined;
    }
    throw cause === undefined ? error : portError("gateway", port, cause);
  }
}

function closing(listener: Listener, release: () => void | Promise<void>): Listener {
  return {
    async close() {
      await listener.close();
      await release();
    },
  };
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown";
    throw new BridgeError(
      "CONFIG_INVALID",
      `BREEZEWAY_DATA: the folder ${folder} cannot be created (${code}).`,
      { cause },
    );
  }
}
