/**
 * A whole installation as real processes:
 *
 *   load ──► issuer-1, issuer-2 ──way──► Postgres          (or: one issuer on SQLite)
 *     └────► gateway-1, gateway-2 ──way──► the issuers, by a load balancer
 *                      └──► Redis, upstream (by host name)
 */
import { freePort } from "@breezeway/test-support/free-port";
import type { Relay } from "@breezeway/test-support/relay";
import type { Shape } from "../faults/fault.ts";
import type { Place } from "../load/client.ts";
import type { Places } from "../load/load-deps.ts";
import { startBalancer } from "./balancer.ts";
import type { GatewaySettings, IssuerSettings } from "./fixture.ts";
import { createPart, type Part } from "./part.ts";
import {
  openSqliteStore,
  startCounters,
  startPostgresStore,
  type Counters,
  type IssuerStore,
} from "./stores.ts";
import { startUpstreams, UPSTREAM_HOST, type Upstreams } from "./upstreams.ts";

export interface Platform extends AsyncDisposable {
  readonly shape: Shape;
  readonly places: Places;
  /** Issuers and gateways by name. */
  readonly parts: ReadonlyMap<string, Part>;
  /** The ways of issuers to their store, and of gateways to the issuers. */
  readonly ways: ReadonlyMap<string, Relay>;
  readonly store: IssuerStore;
  readonly counters: Counters | undefined;
  readonly upstreams: Upstreams;
  /** Resolves to the unhealthy parts with their reasons. */
  unhealthy(): Promise<readonly string[]>;
}

export interface PlatformOptions {
  readonly store: Shape["store"];
}

const HEALTH_TIMEOUT_MS = 2_000;

export async function startPlatform({ store: kind }: PlatformOptions): Promise<Platform> {
  await using opened = new AsyncDisposableStack();
  const isPostgres = kind === "postgres";
  const names = (role: string): string[] =>
    [1, 2].slice(0, isPostgres ? 2 : 1).map((n) => `${role}-${n}`);
  const [issuers, gateways] = [names("issuer"), names("gateway")];
  const store = opened.use(
    isPostgres ? await startPostgresStore(issuers.length) : openSqliteStore(),
  );
  const counters = isPostgres ? await startCounters() : undefined;
  if (counters) opened.use(counters);
  const firstPort = await freePort(issuers.length + gateways.length + 1);
  const portOf = new Map(
    [...issuers, ...gateways, "upstream"].map((name, at) => [name, firstPort + at]),
  );
  const port = (name: string): number => portOf.get(name) ?? 0;
  const parts = new Map<string, Part>();
  const ways = new Map<string, Relay>();

  const upstreams = opened.use(await startUpstreams(port("upstream")));
  for (const [index, name] of issuers.entries()) {
    const { location = "", way } = store.places[index] ?? {};
    if (way) ways.set(name, way);
    const settings: IssuerSettings = { port: port(name), store: location };
    parts.set(name, opened.use(createPart({ name, program: "issuer-program.ts", settings })));
  }
  for (const name of gateways) {
    const way = opened.use(
      await startBalancer({ ports: issuers.map(port), healthPath: "/auth/health" }),
    );
    ways.set(name, way);
    const settings: GatewaySettings = {
      port: port(name),
      issuers: `http://127.0.0.1:${way.port}/auth`,
      upstream: `http://${UPSTREAM_HOST}:${port("upstream")}`,
      ...(counters && { counters: counters.url }),
    };
    const part = opened.use(createPart({ name, program: "gateway-program.ts", settings }));
    part.surround({ hosts: upstreams.hosts() });
    parts.set(name, part);
  }
  for (const role of [issuers, gateways]) {
    await Promise.all(role.flatMap((name) => parts.get(name) ?? []).map((part) => part.start()));
  }

  const places = {
    issuers: issuers.map((part): Place => ({
      part,
      role: "issuer",
      url: `http://127.0.0.1:${port(part)}/auth`,
    })),
    gateways: gateways.map((part): Place => ({
      part,
      role: "gateway",
      url: `http://127.0.0.1:${port(part)}`,
    })),
  };
  const stack = opened.move();
  return {
    shape: { store: kind, issuers, gateways, hasDisk: store.disk !== undefined },
    places,
    parts,
    ways,
    store,
    counters,
    upstreams,
    unhealthy: async () => {
      const all = [...places.issuers, ...places.gateways];
      const states = await Promise.all(all.map(stateOf));
      return states.filter((state) => state !== undefined);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** `undefined` when the part is healthy by its own account. */
async function stateOf({ part, role, url }: Place): Promise<string | undefined> {
  const path = role === "issuer" ? "/health" : "/health/ready";
  try {
    const signal = AbortSignal.timeout(HEALTH_TIMEOUT_MS);
    const answer = await fetch(url + path, { signal });
    const text = await answer.text();
    // A gateway that lost its feed is ready, too. A clock that jumped is reported for a while after it is right.
    if (answer.ok && (role === "issuer" || text.includes('"revocations":"live"'))) return undefined;
    return `${part}: ${answer.status} ${text}`;
  } catch (error) {
    return `${part}: ${String(error)}`;
  }
}
