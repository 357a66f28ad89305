/**
 * The model beside reality at a hundredth of a million users: one issuer and one gateway on a real Postgres
 * and Redis, and users who do what the model counts. Rare operations are more frequent than with the
 * defaults, so that each of them has a part in the result.
 */
import { startDatabase } from "@breezeway/test-support/postgres";
import { startRedis } from "@breezeway/test-support/redis";
import type { JWK } from "jose";
import { openConnections } from "../measure/http-load.ts";
import { startUpstream } from "../measure/measure-gateway.ts";
import { createPostgresMeter, type PostgresCost } from "../measure/postgres-cost.ts";
import type { Usage } from "../measure/protocol.ts";
import { startServer } from "../measure/server-process.ts";
import { estimate, type Estimate } from "../model.ts";
import { DEFAULT_OPTIONS, type CapacityOptions } from "../options.ts";
import { originNow, type Units } from "../units.ts";
import { planEvents } from "./plan.ts";
import { openPages } from "./simulated-users.ts";
import type { Compared, Simulation } from "./simulation.ts";

export const SIMULATED: CapacityOptions = {
  ...DEFAULT_OPTIONS,
  users: 10_000,
  tenants: 50,
  "refresh-minutes": 10,
  changes: 300,
  "tenant-changes": 0,
  "sign-ins": 10,
  "idle-connections": 0,
};

const CONNECTIONS = 32;

export interface SimulationOptions {
  readonly seed: number;
  /** Default: {@link SIMULATED}. */
  readonly options?: CapacityOptions;
  /** Longer than a session stays in memory, so that the counted part begins in a steady state. Default 40. */
  readonly warmUpSeconds?: number;
  /** Default 60. */
  readonly countedSeconds?: number;
}

export async function simulate(
  units: Units,
  { seed, options = SIMULATED, warmUpSeconds = 40, countedSeconds = 60 }: SimulationOptions,
): Promise<Simulation> {
  await using database = await startDatabase();
  await using redis = await startRedis();
  using upstream = await startUpstream();
  const meter = await createPostgresMeter(database.pool);
  await using issuer = await startServer("issuer", { database: database.url });
  const url = `http://127.0.0.1:${issuer.port}/auth/.well-known/jwks.json`;
  const jwks = (await (await fetch(url)).json()) as { keys: (JWK & { kty: string })[] };
  await using gateway = await startServer("gateway", {
    upstreamPort: upstream.port,
    jwks,
    issuer: "http://127.0.0.1:4000/auth",
    redis: redis.url,
  });
  const sessions = await issuer.signIn(0, options.users * options.active, options.tenants);
  using toIssuer = openConnections(issuer.port, CONNECTIONS);
  using toGateway = openConnections(gateway.port, CONNECTIONS);
  using users = await openPages({ issuer, toIssuer, toGateway, options }, sessions);
  const plan = planEvents({ options, seconds: warmUpSeconds + countedSeconds, seed });
  const counted = plan.findIndex(({ atSeconds }) => atSeconds >= warmUpSeconds);
  await users.follow(plan.slice(0, counted));

  const infoOf = async (name: string): Promise<string> => {
    const info = String(await redis.client.sendCommand(["INFO"]));
    return new RegExp(`^${name}:(.+?)\r?$`, "mu").exec(info)?.[1] ?? "";
  };
  const read = async (): Promise<Reading> => ({
    postgres: await meter.cost(),
    issuer: await issuer.usage(),
    gateway: await gateway.usage(),
    commands: Number(await infoOf("total_commands_processed")),
  });
  const before = await read();
  const startedAt = performance.now();
  const lateSeconds = await users.follow(plan.slice(counted), warmUpSeconds);
  const seconds = (performance.now() - startedAt) / 1_000;
  const after = await read();
  const versions = { postgres: await meter.version(), redis: await infoOf("redis_version") };
  return {
    origin: originNow(versions),
    rows: compare({ before, after }, perSecond(units, options), countedSeconds),
    seconds: Number(seconds.toPrecision(3)),
    lateSeconds: Number(lateSeconds.toPrecision(2)),
  };
}

function perSecond(units: Units, options: CapacityOptions): Estimate {
  return estimate(units, options, { issuers: 1, gateways: 1 });
}

interface Reading {
  readonly issuer: Usage;
  readonly gateway: Usage;
  readonly postgres: PostgresCost;
  readonly commands: number;
}

const MB = 1e6;

function compare(
  { before, after }: { readonly before: Reading; readonly after: Reading },
  { issuer, gateway, postgres, redis }: Estimate,
  seconds: number,
): readonly Compared[] {
  const row = (name: string, predicted: number, measured: number): Compared => ({
    name,
    predicted: Number(predicted.toPrecision(3)),
    measured: Number(measured.toPrecision(3)),
  });
  const since = (read: (reading: Reading) => number): number => read(after) - read(before);
  return [
    row(
      "issuer, processor seconds",
      issuer.cores * seconds,
      since((reading) => reading.issuer.cpuMs) / 1_000,
    ),
    row("issuer, memory in MB", issuer.bytesPerProcess / MB, after.issuer.rss / MB),
    row(
      "gateway, processor seconds",
      gateway.cores * seconds,
      since((reading) => reading.gateway.cpuMs) / 1_000,
    ),
    row("gateway, memory in MB", gateway.bytesPerProcess / MB, after.gateway.rss / MB),
    row(
      "Postgres, processor seconds",
      postgres.cores * seconds,
      since((reading) => reading.postgres.cpuMs) / 1_000,
    ),
    row(
      "Postgres, statements",
      postgres.statements * seconds,
      since((reading) => reading.issuer.statements),
    ),
    row(
      "Postgres, row writes",
      postgres.rowWrites * seconds,
      since((reading) => reading.issuer.rowWrites),
    ),
    row(
      "Postgres, write-ahead log in MB",
      (postgres.walBytes * seconds) / MB,
      since((reading) => reading.postgres.walBytes) / MB,
    ),
    // The second question after the commands counts the first one.
    row("Redis, commands", redis.commands * seconds, since(({ commands }) => commands) - 1),
  ];
}
