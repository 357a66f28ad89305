/**
 * Starts a host for one app on this machine: the page, an issuer in memory, and a gateway when
 * `--upstream` names a backend.
 */
import { createGateway } from "@breezeway/gateway";
import { serveGateway } from "@breezeway/gateway/node";
import { createIssuer, sqliteStore } from "@breezeway/issuer";
import { createAppRegistry, type AppRegistry } from "@breezeway/shared/schemas";
import type { DevPlan } from "./dev-plan.ts";
import { createHostSite } from "./host-site.ts";
import { inspectGuest } from "./inspect-guest.ts";
import { portError, serveOnLoopback } from "./loopback-server.ts";
import { ISSUER_PATH, type Finding } from "./page-config.ts";
import { readPageScript } from "./page-script.ts";

export interface DevHost extends AsyncDisposable {
  readonly origin: string;
  /** The `iss` claim of the tokens. Each start creates new keys. */
  readonly issuerUrl: string;
  readonly gatewayUrl: string | undefined;
  /** Requests the page of the app and explains why its frame would stay empty. */
  inspect(): Promise<readonly Finding[]>;
}

/** @throws {BridgeError} CONFIG_INVALID when a port cannot be opened */
export async function startDev(plan: DevPlan): Promise<DevHost> {
  const { app, hostname, port, upstream } = plan;
  const origin = `http://${hostname}:${port}`;
  const issuerUrl = `${origin}${ISSUER_PATH}`;
  const apps = createAppRegistry([app]);
  const gatewayUrl = upstream && `http://127.0.0.1:${port + 1}`;
  const script = await readPageScript();
  const inspect = (): Promise<Finding[]> =>
    inspectGuest({ url: plan.path ?? app.url, hostOrigin: origin });

  await using parts = new AsyncDisposableStack();
  const tenants = Object.fromEntries(plan.tenants.map((id) => [id, { scopes: plan.scopes }]));
  const issuer = parts.adopt(
    createIssuer({
      issuer: issuerUrl,
      apps,
      store: sqliteStore({ file: ":memory:" }),
      devLogin: { users: plan.users.map((id) => ({ id, name: id, tenants })) },
      rateLimits: false,
    }),
    (opened) => opened.close(),
  );
  await issuer.ready;
  const site = createHostSite({
    origin,
    issuer,
    script,
    guestOrigin: app.origin,
    methodsFile: plan.methodsFile,
    inspect,
    config: {
      app,
      path: plan.path,
      gatewayUrl,
      users: plan.users,
      tenants: plan.tenants,
      hasMethods: plan.methodsFile !== undefined,
    },
  });
  parts.use(await serveOnLoopback({ hostname, port }, site));
  if (upstream !== undefined) {
    parts.use(
      await startGateway({ apps, issuerUrl, hostOrigin: origin, port: port + 1 }, upstream),
    );
  }
  const running = parts.move();
  return {
    origin,
    issuerUrl,
    gatewayUrl,
    inspect,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

interface GatewayPlace {
  readonly apps: AppRegistry;
  readonly issuerUrl: string;
  readonly hostOrigin: string;
  readonly port: number;
}

async function startGateway(
  { apps, issuerUrl, hostOrigin, port }: GatewayPlace,
  upstream: string,
): Promise<AsyncDisposable> {
  const gateway = createGateway({
    issuer: issuerUrl,
    apps,
    hostOrigins: [hostOrigin],
    // Forwarded so that the backend can verify the token itself, as without a gateway.
    routes: [{ prefix: "/", upstream, forwardToken: true }],
  });
  try {
    return await serveGateway(gateway, { port });
  } catch (error) {
    throw portError(port, (error as Error).cause);
  }
}
