/**
 * The model beside reality at a hundredth of a million users: one issuer and one gateway on a real Postgres
 * and Redis, and users who do what the model counts. Rare operations are more frequent than with the
 * defaults, so that each of them has a part in the result.
 */
import { writeFile } from "node:fs/promises";
import { startDatabase } from "@breezeway/test-support/postgres";
import { startRedis } from "@breezeway/test-support/redis";
import type { JWK } from "jose";
import { openConnections } from "../measure/http-load.ts";
import { startUpstream } from "../measure/measure-gateway.ts";
import { createPostgresMeter, type PostgresMeter } from "../measure/postgres-cost.ts";
import { startServer, type ServerProcess } from "../measure/server-process.ts";
import { estimate } from "../model.ts";
import { DEFAULT_OPTIONS, type CapacityOptions } from "../options.ts";
import { originNow, type Units } from "../units.ts";
import { planEvents } from "./plan.ts";
import { openPages } from "./simulated-users.ts";
import { SIMULATION_FILE, type Compared, type Simulation } from "./simulation.ts";

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

/** Longer than a session stays in memory, so that the counted part begins in a steady state. */
const WARM_UP_SECONDS = 40;
const SECONDS = 60;
const CONNECTIONS = 32;

export async function simulate(units: Units, seed: number): Promise<Simulation> {
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
  using toIssuer = await openConnections(issuer.port, CONNECTIONS);
  using toGateway = await openConnections(gateway.port, CONNECTIONS);
  const sessions = await issuer.signIn(0, SIMULATED.users * SIMULATED.active, SIMULATED.tenants);
  using users = await openPages({ issuer, toIssuer, toGateway, options: SIMULATED }, sessions);
  const plan = planEvents({ options: SIMULATED, seconds: WARM_UP_SECONDS + SECONDS, seed });
  const counted = plan.findIndex(({ atSeconds }) => atSeconds >= WARM_UP_SECONDS);
  await users.follow(plan.slice(0, counted));

  const infoOf = async (name: string): Promise<string> => {
    const info = String(await redis.client.sendCommand(["INFO"]));
    return new RegExp(`^${name}:(.+?)\\r?$`, "mu").exec(info)?.[1] ?? "";
  };
  const commands = async (): Promise<number> => Number(await infoOf("total_commands_processed"));
  const read = (): Promise<Reading> => readAll({ issuer, gateway, meter, commands });
  const before = await read();
  const startedAt = performance.now();
  const lateSeconds = await users.follow(plan.slice(counted), WARM_UP_SECONDS);
  const seconds = (performance.now() - startedAt) / 1_000;
  const after = await read();
  const versions = { postgres: await meter.version(), redis: await infoOf("redis_version") };
  const simulation: Simulation = {
    origin: originNow(versions),
    rows: compare(units, { before, after }),
    seconds: Number(seconds.toPrecision(3)),
    lateSeconds: Number(lateSeconds.toPrecision(2)),
  };
  await writeFile(SIMULATION_FILE, `${JSON.stringify(simulation, undefined, 2)}\n`);
  return simulation;
}

interface Reading {
  readonly issuer: Awaited<ReturnType<ServerProcess["usage"]>>;
  readonly gateway: Awaited<ReturnType<ServerProcess["usage"]>>;
  readonly postgresCpuMs: number;
  readonly walBytes: number;
  readonly commands: number;
}

async function readAll(sources: {
  readonly issuer: ServerProcess;
  readonly gateway: ServerProcess;
  readonly meter: PostgresMeter;
  readonly commands: () => Promise<number>;
}): Promise<Reading> {
  const { cpuMs, walBytes } = await sources.meter.cost();
  return {
    issuer: await sources.issuer.usage(),
    gateway: await sources.gateway.usage(),
    postgresCpuMs: cpuMs,
    walBytes,
    commands: await sources.commands(),
  };
}

const MB = 1e6;

function compare(
  units: Units,
  { before, after }: { readonly before: Reading; readonly after: Reading },
): readonly Compared[] {
  const { issuer, gateway, postgres, redis } = estimate(units, SIMULATED, {
    issuers: 1,
    gateways: 1,
  });
  return [
    {
      name: "issuer, processor seconds",
      predicted: issuer.cores * SECONDS,
      measured: (after.issuer.cpuMs - before.issuer.cpuMs) / 1_000,
    },
    {
      name: "issuer, memory in MB",
      predicted: issuer.bytesPerProcess / MB,
      measured: after.issuer.rss / MB,
    },
    {
      name: "gateway, processor seconds",
      predicted: gateway.cores * SECONDS,
      measured: (after.gateway.cpuMs - before.gateway.cpuMs) / 1_000,
    },
    {
      name: "gateway, memory in MB",
      predicted: gateway.bytesPerProcess / MB,
      measured: after.gateway.rss / MB,
    },
    {
      name: "Postgres, processor seconds",
      predicted: postgres.cores * SECONDS,
      measured: (after.postgresCpuMs - before.postgresCpuMs) / 1_000,
    },
    {
      name: "Postgres, statements",
      predicted: postgres.statements * SECONDS,
      measured: after.issuer.statements - before.issuer.statements,
    },
    {
      name: "Postgres, row writes",
      predicted: postgres.rowWrites * SECONDS,
      measured: after.issuer.rowWrites - before.issuer.rowWrites,
    },
    {
      name: "Postgres, write-ahead log in MB",
      predicted: (postgres.walBytes * SECONDS) / MB,
      measured: (after.walBytes - before.walBytes) / MB,
    },
    {
      name: "Redis, commands",
      predicted: redis.commands * SECONDS,
      // The last of the two questions counts the first one.
      measured: after.commands - before.commands - 1,
    },
  ];
}
