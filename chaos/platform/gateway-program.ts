/** A gateway of the platform, until it is killed. */
import { flushCompileCache } from "node:module";
import process from "node:process";
import { serveGateway } from "@breezeway/gateway/node";
import { APPS, ISSUER_URL, type GatewaySettings } from "./fixture.ts";

/** Never reached: the limit is there so that each request asks the store of counters. */
const REQUESTS = 1_000_000;

const { port, issuers, upstream, counters } = JSON.parse(process.argv[2] ?? "") as GatewaySettings;
const server = await serveGateway(
  {
    issuer: ISSUER_URL,
    jwks: `${issuers}/.well-known/jwks.json`,
    revocations: { url: `${issuers}/revocations` },
    apps: APPS,
    routes: [
      {
        prefix: "/orders",
        upstream,
        timeoutMs: 2_000,
        rateLimit: { requests: REQUESTS, windowSeconds: 60 },
      },
    ],
    ...(counters !== undefined && { rateLimitStore: { kind: "redis", url: counters } }),
    onError: (error) => process.stderr.write(`${String(error)}\n`),
  },
  { port },
);
await server.gateway.ready;
flushCompileCache();
process.send?.("listening");
