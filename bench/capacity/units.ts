/**
 * What one operation costs. `npm run capacity -- --measure` measures the units; the model reads them.
 */
import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";

export const UNITS_FILE: string = fileURLToPath(
  new URL("../results/capacity-units.json", import.meta.url),
);

/** The shape of the file, with the meaning of each unit. */
export const UNIT_MEANINGS = {
  issuerCpuMs: {
    idlePerSecond: "an issuer without requests, per second",
    warmMint: "a token for a session in memory",
    coldMint: "a token for a session that is read from Postgres first",
    sessionRead: "`GET /session`",
    refresh: "a rotation of the session secret",
    signIn: "`sessions.create`",
    streamOpen: "opening an event stream",
    heartbeat: "a heartbeat on an event stream",
    changeWrite: "a change, in the process that writes it",
    changeRead: "a change, in each other process",
    changeTold: "a change, for each event stream that it concerns",
  },
  issuerBytes: {
    process: "an issuer without sessions",
    sessionInMemory: "a session in memory",
    stream: "an open event stream",
  },
  gatewayCpuMs: {
    idlePerSecond: "a gateway without requests, per second",
    repeatedToken: "a request with a token that this process has verified before",
    newToken: "a request with a token that is new to this process",
    sharedLimit: "counting a request in Redis, in addition",
  },
  gatewayBytes: {
    process: "a gateway without connections",
    tokenInMemory: "a verified token in memory",
    idleConnection: "a connection that waits for its next request",
  },
  postgresCpuMs: {
    idlePerSecond: "the queries of an issuer without requests, per second",
    coldMint: "a cold mint",
    refresh: "a rotation",
    signIn: "a sign-in",
    change: "a change, in the process that writes it",
    changeRead: "a change, read by another process",
  },
  postgresStatements: {
    idlePerSecond: "of an issuer without requests, per second",
    coldMint: "of a cold mint",
    refresh: "of a rotation",
    signIn: "of a sign-in",
    change: "of a change, with begin and commit",
    changeRead: "of a change, in each other process",
  },
  postgresRowWrites: {
    refresh: "of a rotation",
    signIn: "of a sign-in",
    change: "of a change",
  },
  postgresBytes: {
    sessionRow: "a row of `breezeway_session`, with its share of the indexes",
    changeRow: "a row of `breezeway_change`, with its share of the indexes",
    walRefresh: "of write-ahead log for a rotation",
    walSignIn: "of write-ahead log for a sign-in",
    walChange: "of write-ahead log for a change",
  },
  redisCommands: { sharedLimit: "of a request on a route with a limit that gateways share" },
} as const;

export type UnitGroup = keyof typeof UNIT_MEANINGS;
export type Units = {
  readonly [Group in UnitGroup]: {
    readonly [Name in keyof (typeof UNIT_MEANINGS)[Group]]: number;
  };
};

/** Where and when something was measured. */
export interface Origin {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  readonly postgres: string;
  readonly redis: string;
}

/** This machine, now. */
export function originNow(versions: Pick<Origin, "postgres" | "redis">): Origin {
  const date = new Date().toISOString().slice(0, 10);
  const cpu = cpus()[0]?.model ?? "unknown";
  return { date, cpu, cores: cpus().length, node: process.version, ...versions };
}

export interface UnitsFile {
  readonly origin: Origin;
  readonly units: Units;
}

/** @throws {Error} which names the unit that is missing, unknown or not a number from 0 */
export function parseUnits(given: Readonly<Record<string, unknown>>): Units {
  for (const [group, meanings] of Object.entries(UNIT_MEANINGS)) {
    const values = (given[group] ?? {}) as Readonly<Record<string, unknown>>;
    for (const name of new Set([...Object.keys(meanings), ...Object.keys(values)])) {
      const value = Object.hasOwn(meanings, name) ? values[name] : undefined;
      if (typeof value === "number" && Number.isFinite(value) && value >= 0) continue;
      throw new Error(
        `${group}.${name}: must be a known unit with a number from 0. Run npm run capacity -- --measure.`,
      );
    }
  }
  return given as Units;
}

/** @throws {Error} when the file does not fit {@link UNIT_MEANINGS} */
export async function readUnits(): Promise<UnitsFile> {
  const { origin, units } = JSON.parse(await readFile(UNITS_FILE, "utf8")) as {
    readonly origin: Origin;
    readonly units: Readonly<Record<string, unknown>>;
  };
  return { origin, units: parseUnits(units) };
}
