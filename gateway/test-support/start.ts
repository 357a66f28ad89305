/** A gateway in front of an upstream, both on real sockets. */
import { createSigner, ISSUER, type TestSigner } from "@breezeway/test-support/signer";
import { startUpstream, type Handler, type TestUpstream } from "@breezeway/test-support/upstream";
import type { GatewayOptions } from "../src/config/options.ts";
import type { RouteOptions } from "../src/config/route-schema.ts";
import { serveGateway, type GatewayServer } from "../src/node/serve-gateway.ts";
import type { ServeOptions } from "../src/node/serve-options.ts";
import { createGatewayForTesting, type GatewayTestHooks } from "../src/testing.ts";
import { ORDERS_APP, PANE_APP } from "./apps.ts";

/** The functions to fake, so that a test decides when time limits of exchanges are checked. */
export const TICKING: ("setInterval" | "clearInterval" | "performance")[] = [
  "setInterval",
  "clearInterval",
  "performance",
];

export interface TestGateway extends AsyncDisposable {
  readonly url: string;
  readonly server: GatewayServer;
  readonly upstream: TestUpstream;
  readonly tokens: TestSigner;
  /** Sends a request with a valid token, unless the headers have `authorization`. */
  request(path: string, init?: RequestInit): Promise<Response>;
}

export interface StartOptions {
  readonly handler?: Handler;
  /** Routes besides `/orders`. The upstream is filled in. */
  readonly routes?: readonly RouteOptions[];
  /** Options of the `/orders` route. */
  readonly route?: Partial<RouteOptions>;
  readonly gateway?: Partial<GatewayOptions>;
  readonly hooks?: GatewayTestHooks;
  readonly serve?: ServeOptions;
  readonly tokens?: TestSigner;
}

export async function startGateway(options: StartOptions = {}): Promise<TestGateway> {
  const upstream = await startUpstream({ handler: options.handler });
  const tokens = options.tokens ?? createSigner();
  const orders: RouteOptions = {
    prefix: "/orders",
    upstream: upstream.url,
    scopes: { GET: ["orders:read"], "*": ["orders:write"] },
    ...options.route,
  };
  const others = (options.routes ?? []).map((route) => ({ upstream: upstream.url, ...route }));
  const gateway = createGatewayForTesting(
    {
      issuer: ISSUER,
      apps: [ORDERS_APP, PANE_APP],
      routes: [orders, ...others],
      jwks: tokens.jwks,
      revocations: false,
      // Some tests stop the issuer, and the default would write lines about it.
      onError: () => {},
      ...options.gateway,
    },
    options.hooks,
  );
  const server = await serveGateway(gateway, { port: 0, ...options.serve });
  return {
    url: server.url,
    server,
    upstream,
    tokens,
    request: (path, init = {}) => {
      const headers = new Headers(init.headers);
      if (!headers.has("authorization")) headers.set("authorization", `Bearer ${tokens.token()}`);
      return fetch(server.url + path, { ...init, headers });
    },
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await upstream[Symbol.asyncDispose]();
    },
  };
}
