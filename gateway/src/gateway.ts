/**
 * Puts the parts of a gateway together. Opens nothing before it must: pools connect with the first
 * request, keys are fetched at once but nobody waits for them.
 */
import { randomUUID } from "node:crypto";
import { createSessionVerifier, type SessionVerifier } from "@breezeway/verify";
import { BridgeError, originOf } from "@breezeway/shared";
import {
  parsePolicy,
  type GatewayOptions,
  type Policy,
  type PolicyOptions,
} from "./config/options.ts";
import { createOperations } from "./operations/operations.ts";
import { Exchange } from "./proxy/exchange.ts";
import type { ExchangeServices } from "./proxy/services.ts";
import { createUpstreams } from "./proxy/upstreams.ts";
import { registerCore } from "./core.ts";
import { FetchClient, headOfRequest } from "./web/fetch-client.ts";

export interface Gateway extends AsyncDisposable {
  /** A Web-standard handler, with everything but WebSocket. Serve it, or use `serveGateway`. */
  readonly fetch: (request: Request) => Promise<Response>;
  /**
   * Settles when the first attempt to fetch the issuer's keys has ended, well or not; never rejects.
   * Requests are answered before that too. `/health/ready` says whether there are keys.
   */
  readonly ready: Promise<void>;
  /**
   * Replaces apps, routes, CORS and trusted proxies for requests that start from now on.
   *
   * @throws {BridgeError} CONFIG_INVALID or MANIFEST_INVALID; the old policy then stays in force
   */
  reload(options: PolicyOptions): void;
  /** Ends what is under way, and all connections. */
  close(): Promise<void>;
}

/**
 * @example
 * const gateway = createGateway({
 *   issuer: "https://shell.example/auth",
 *   apps: [ordersManifest],
 *   routes: [{ prefix: "/orders", upstream: "http://127.0.0.1:4020", scopes: ["orders:read"] }],
 * });
 * const response = await gateway.fetch(request);
 *
 * @throws {BridgeError} CONFIG_INVALID or MANIFEST_INVALID, naming the field
 */
export function createGateway(options: GatewayOptions): Gateway {
  const source = "createGateway";
  let policy = parsePolicy(options, source);
  const now = options.clock ?? Date.now;
  const verifier = createVerifier(options, () => policy);
  const upstreams = createUpstreams({ connectTimeoutMs: 5_000, maxConnections: 1_024 });
  const services: ExchangeServices = {
    verifier,
    upstreams,
    policy: () => policy,
    randomId: options.randomId ?? randomUUID,
    now,
  };
  const operations = createOperations({ verifier });

  const gateway: Gateway = {
    fetch: async (request) => {
      const operation = await operations.handle(request.method, new URL(request.url).pathname);
      const client = new FetchClient(request);
      if (operation !== undefined) {
        client.answer(operation);
        return client.response;
      }
      const exchange = new Exchange(services, client);
      client.attach(exchange);
      exchange.handle(headOfRequest(request));
      return client.response;
    },
    ready: verifier.ready().catch(() => {}),
    reload: (next) => {
      const parsed = parsePolicy(next, "reload");
      policy = parsed;
      upstreams.retain(
        new Set(parsed.routes.routes.flatMap((route) => route.upstreamOrigin ?? [])),
      );
    },
    close: async () => {
      verifier.close();
      await upstreams.destroy();
    },
    [Symbol.asyncDispose]: () => gateway.close(),
  };
  registerCore(gateway, { services, operations });
  return gateway;
}

function createVerifier(options: GatewayOptions, policy: () => Policy): SessionVerifier {
  const { issuer, jwks, algorithms, isRevoked, clock, fetch } = options;
  if (typeof issuer !== "string" || originOf(issuer) === undefined) {
    throw new BridgeError("CONFIG_INVALID", "createGateway: issuer: must be an http or https URL.");
  }
  return createSessionVerifier({
    issuer,
    audience: { has: (appId) => policy().apps.get(appId) !== undefined },
    jwks: jwks ?? `${issuer}/.well-known/jwks.json`,
    ...(algorithms === undefined ? {} : { algorithms }),
    ...(isRevoked === undefined ? {} : { isRevoked }),
    ...(clock === undefined ? {} : { clock }),
    ...(fetch === undefined ? {} : { fetch }),
  });
}
