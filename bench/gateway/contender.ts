/**
 * Runs one contender in a process of its own: `contender.ts NAME UPSTREAM_PORT JWK`. Prints its
 * port.
 */
import { createServer, type Server } from "node:http";
import { createPublicKey, verify } from "node:crypto";
import type { AddressInfo } from "node:net";
import { serveGateway } from "@breezeway/gateway/node";
import { importJWK, jwtVerify, type JWK } from "jose";
import { Client, Pool, type Dispatcher } from "undici";
import { ISSUER } from "./tokens.ts";

const [name = "", upstreamPort = "", jwkText = ""] = process.argv.slice(2);
const upstream = `http://127.0.0.1:${upstreamPort}`;
const jwk = JSON.parse(jwkText) as JWK & { kty: string; kid: string };

async function verifyWithJose(authorization: string | undefined): Promise<void> {
  const token = authorization?.replace(/^Bearer /, "") ?? "";
  await jwtVerify(token, await joseKey, {
    issuer: ISSUER,
    audience: "orders",
    algorithms: ["EdDSA"],
  });
}
const joseKey = importJWK(jwk, "EdDSA");

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

/**
 * The gateway's own server options, so that the comparison shows only the gateway's work. They save
 * a request without a body about 2 % of the time for verifying and answering.
 */
const GATEWAY_SERVER = {
  optimizeEmptyRequests: true,
  requireHostHeader: false,
  keepAliveTimeout: 65_000,
};

/** Checks a signature and an expiry synchronously, the minimum of any verifier. */
function createBareCheck(): (authorization: string | undefined) => boolean {
  const key = createPublicKey({ key: jwk, format: "jwk" });
  return (authorization) => {
    const token = authorization?.slice(7) ?? "";
    const dot = token.lastIndexOf(".");
    const signature = Buffer.from(token.slice(dot + 1), "base64url");
    const isGood = verify(null, Buffer.from(token.slice(0, dot)), key, signature);
    const payload = token.slice(token.indexOf(".") + 1, dot);
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as { exp: number };
    return isGood && claims.exp > Date.now() / 1_000;
  };
}

/** Proxies without removing or adding anything. Only `allows` may refuse a request. */
function proxyBarely(
  dispatch: Dispatcher["dispatch"],
  allows?: (authorization: string | undefined) => boolean,
): Promise<number> {
  const server = createServer(GATEWAY_SERVER, (request, response) => {
    if (allows !== undefined && !allows(request.headers.authorization)) {
      response.writeHead(401).end();
      return;
    }
    const list: string[] = [];
    const { rawHeaders } = request;
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const header = (rawHeaders[index] ?? "").toLowerCase();
      if (header === "host" || header === "connection") continue;
      list.push(header, rawHeaders[index + 1] ?? "");
    }
    let status = 0;
    let headers: string[] = [];
    let held: Buffer | undefined;
    const path = request.url ?? "/";
    dispatch(
      { path, method: "GET", headers: list, body: null },
      {
        onRequestStart: () => {},
        onResponseStart: (_controller, code, given) => {
          status = code;
          headers = Object.entries(given).flatMap(([header, value]) =>
            header === "connection" ? [] : [header, String(value)],
          );
        },
        onResponseData: (_controller, chunk) => {
          held = held === undefined ? chunk : Buffer.concat([held, chunk]);
        },
        onResponseEnd: () => {
          response.writeHead(status, headers);
          response.end(held?.toString("latin1"), "latin1");
        },
        onResponseError: () => response.destroy(),
      },
    );
  });
  return listen(server);
}

/** Keeps connections like the gateway: the last used one first, without timers. */
function createStack(): Dispatcher["dispatch"] {
  const free: Client[] = [];
  return (options, handler) => {
    const client = free.pop() ?? new Client(upstream, { pipelining: 1, allowH2: false });
    return client.dispatch(
      { ...options, headersTimeout: 0, bodyTimeout: 0 },
      {
        ...handler,
        onResponseEnd: (controller, trailers) => {
          free.push(client);
          handler.onResponseEnd?.(controller, trailers);
        },
      },
    );
  };
}

const contenders: Record<string, () => Promise<number>> = {
  gateway: async () => {
    const server = await serveGateway(
      {
        issuer: ISSUER,
        jwks: { keys: [jwk] },
        revocations: false,
        apps: [
          {
            id: "orders",
            name: "Orders",
            version: "1.0.0",
            url: "https://orders.example/",
            scopes: ["orders:read", "orders:write"],
          },
        ],
        routes: [
          { prefix: "/orders", upstream, scopes: ["orders:read"], maxBodyBytes: 2_000_000_000 },
        ],
      },
      { port: 0 },
    );
    return Number(new URL(server.url).port);
  },

  "no-auth": () => {
    const pool = new Pool(upstream, { connections: 1_024, pipelining: 1, allowH2: false });
    return proxyBarely((options, handler) => pool.dispatch(options, handler));
  },

  "no-auth-stack": () => proxyBarely(createStack()),

  "verify-and-answer": () => {
    const allows = createBareCheck();
    return listen(
      createServer(GATEWAY_SERVER, (request, response) => {
        const status = allows(request.headers.authorization) ? 200 : 401;
        response.writeHead(status, { "content-length": 2 });
        response.end("ok");
      }),
    );
  },

  "verify-and-proxy": () => proxyBarely(createStack(), createBareCheck()),

  fastify: async () => {
    const { default: Fastify } = await import("fastify");
    const { default: proxy } = await import("@fastify/http-proxy");
    const app = Fastify();
    app.addHook("onRequest", async (request) => {
      await verifyWithJose(request.headers.authorization);
    });
    await app.register(proxy, {
      upstream,
      prefix: "/orders",
      rewritePrefix: "/orders",
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    return (app.server.address() as AddressInfo).port;
  },

  hono: async () => {
    const { Hono } = await import("hono");
    const { proxy } = await import("hono/proxy");
    const { serve } = await import("@hono/node-server");
    const app = new Hono();
    app.all("/orders/*", async (context) => {
      await verifyWithJose(context.req.header("authorization"));
      const { pathname, search } = new URL(context.req.url);
      return proxy(upstream + pathname + search, { headers: context.req.header() });
    });
    return new Promise((resolve) => {
      serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => resolve(port));
    });
  },

  express: async () => {
    const { default: express } = await import("express");
    const { createProxyMiddleware } = await import("http-proxy-middleware");
    const { Agent } = await import("node:http");
    const app = express();
    app.use(async (request, _response, next) => {
      await verifyWithJose(request.headers.authorization);
      next();
    });
    app.use(createProxyMiddleware({ target: upstream, agent: new Agent({ keepAlive: true }) }));
    return listen(createServer(app));
  },
};

const start = contenders[name];
if (start === undefined) throw new Error(`No contender is called ${name}.`);
const port = await start();
process.send?.(port);
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  const rssMb = process.memoryUsage().rss / 1_048_576;
  process.send?.({ rssMb, cpuSeconds: (user + system) / 1e6 });
});
