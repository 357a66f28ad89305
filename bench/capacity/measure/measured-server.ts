/**
 * An issuer or a gateway in a process of its own, which counts what it does: `measured-server.ts KIND
 * SETTINGS`. Prints its port over IPC, then answers each order with its own cost.
 */
import process from "node:process";
import { setImmediate as nextTurn } from "node:timers/promises";
import { serveGateway, type GatewayServer } from "@breezeway/gateway/node";
import { createIssuer, type Issuer } from "@breezeway/issuer";
import { serveIssuer } from "@breezeway/issuer/node";
import { postgresStore } from "@breezeway/issuer/postgres";
import pg from "pg";
import { ISSUER } from "../../gateway/tokens.ts";
import { APPS, type Order, type Settings, type Usage } from "./protocol.ts";

const counted = { statements: 0, rowWrites: 0 };
const WRITES = new Set(["INSERT", "UPDATE", "DELETE"]);
/** Orders that one process carries out at once. */
const AT_ONCE = 50;

/** Counts the statements that this process sends, and the rows that they write. */
function countStatements(): void {
  const { prototype } = pg.Client;
  const query = prototype.query as (...args: unknown[]) => unknown;
  const count = (result: unknown): void => {
    const { command, rowCount } = (result ?? {}) as { command?: string; rowCount?: number };
    if (command !== undefined && WRITES.has(command)) counted.rowWrites += rowCount ?? 0;
  };
  Object.assign(prototype, {
    query(this: pg.Client, ...args: unknown[]): unknown {
      counted.statements += 1;
      const result = query.apply(this, args);
      if (result instanceof Promise) void result.then(count, () => undefined);
      return result;
    },
  });
}

/** Rate limits that one client of a bench does not reach. */
const RATE_LIMITS = {
  mintsPerSession: 10_000_000,
  mintsPerSessionAndApp: 10_000_000,
  mintsPerApp: 10_000_000,
  requestsPerAddress: 10_000_000,
};

async function startIssuer(settings: Settings): Promise<{ port: number; issuer: Issuer }> {
  countStatements();
  const issuer = createIssuer({
    issuer: "http://127.0.0.1:4000/auth",
    apps: APPS,
    store: postgresStore({ connectionString: settings.database ?? "" }),
    rateLimits: RATE_LIMITS,
    // A busy machine must not let tokens expire.
    tokenTtlSeconds: 300,
  });
  const server = await serveIssuer(issuer, { port: 0 });
  return { port: Number(new URL(server.url).port), issuer };
}

function startGateway({ upstreamPort = 0, jwks, redis, issuer }: Settings): Promise<GatewayServer> {
  const rateLimit = { requests: 1_000_000, windowSeconds: 60 };
  return serveGateway(
    {
      issuer: issuer ?? ISSUER,
      jwks: jwks ?? { keys: [] },
      revocations: false,
      apps: APPS,
      routes: [
        {
          prefix: "/orders",
          upstream: `http://127.0.0.1:${upstreamPort}`,
          scopes: ["orders:read"],
          ...(redis === undefined ? {} : { rateLimit }),
        },
      ],
      // A busy machine must not make the gateway count alone.
      ...(redis === undefined
        ? {}
        : { rateLimitStore: { kind: "redis", url: redis, timeoutMs: 10_000 } }),
    },
    { port: 0 },
  );
}

async function inSlices<T>(count: number, work: (n: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let done = 0; done < count; done += AT_ONCE) {
    const size = Math.min(AT_ONCE, count - done);
    results.push(
      ...(await Promise.all(Array.from({ length: size }, (_, index) => work(done + index)))),
    );
  }
  return results;
}

async function carryOut(order: Order, issuer: Issuer | undefined): Promise<unknown> {
  if (order.kind === "usage") return usage(order.afterGc);
  if (!issuer) throw new Error(`A gateway cannot carry out ${order.kind}.`);
  if (order.kind === "change") {
    const { handles } = order;
    await inSlices(order.count, (n) =>
      issuer.sessions.updateClaims(handles[n % handles.length] ?? "", { n }),
    );
    return undefined;
  }
  return inSlices(order.count, async (n) => {
    const { session, setCookie } = await issuer.sessions.create({
      userId: `user-${order.from + n}`,
      tenantId: `tenant-${(order.from + n) % order.tenants}`,
      scopes: ["orders:read", "orders:write"],
      claims: { org_role: "member" },
      data: { name: "A person of the bench" },
    });
    return { handle: session.handle, cookie: setCookie.split(";", 1)[0] ?? "" };
  });
}

async function usage(afterGc: boolean): Promise<Usage> {
  if (afterGc) {
    // Finalizers of the first collection release what the second one frees.
    for (let round = 0; round < 3; round += 1) {
      globalThis.gc?.();
      await nextTurn();
    }
  }
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return { cpuMs: (user + system) / 1_000, rss, heapUsed, ...counted };
}

const [kind = "", text = "{}"] = process.argv.slice(2);
const settings = JSON.parse(text) as Settings;
let issuer: Issuer | undefined;
let port: number;
if (kind === "issuer") ({ port, issuer } = await startIssuer(settings));
else port = Number(new URL((await startGateway(settings)).url).port);
process.on("message", (order: Order) => {
  carryOut(order, issuer).then(
    (result) => process.send?.({ id: order.id, result }),
    (error: unknown) => process.send?.({ id: order.id, error: String(error) }),
  );
});
process.send?.({ id: 0, result: port });
