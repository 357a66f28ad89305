/** What a Postgres on this machine costs: processor time of its processes, write-ahead log, sizes. */
import { readdirSync, readFileSync } from "node:fs";
import type { Pool } from "pg";

export interface PostgresCost {
  readonly cpuMs: number;
  readonly walBytes: number;
}

export interface PostgresMeter {
  cost(): Promise<PostgresCost>;
  /** Bytes of a table with its indexes. */
  sizeOf(table: string): Promise<number>;
  version(): Promise<string>;
}

/** Linux counts processor time in hundredths of a second for programs. */
const TICK_MS = 10;

export async function createPostgresMeter(pool: Pool): Promise<PostgresMeter> {
  const one = async <T>(text: string, values: unknown[] = []): Promise<T> => {
    const { rows } = await pool.query<{ value: T }>(text, values);
    const [row] = rows;
    if (!row) throw new Error(`No answer: ${text}`);
    return row.value;
  };
  const backend = await one<number>("select pg_backend_pid() as value");
  const postmaster = statOf(backend)?.parent ?? 0;
  return {
    cost: async () => ({
      walBytes: Number(
        await one<string>("select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') as value"),
      ),
      cpuMs: cpuMsOf(postmaster),
    }),
    sizeOf: async (table) =>
      Number(await one<string>("select pg_total_relation_size($1::regclass) as value", [table])),
    version: () => one<string>("select current_setting('server_version') as value"),
  };
}

/** Processor time of a server's processes, with those that have ended. */
function cpuMsOf(postmaster: number): number {
  let ticks = 0;
  for (const name of readdirSync("/proc")) {
    const stat = /^\d+$/u.test(name) ? statOf(Number(name)) : undefined;
    if (!stat) continue;
    if (Number(name) === postmaster) ticks += stat.own + stat.ended;
    else if (stat.parent === postmaster) ticks += stat.own;
  }
  return ticks * TICK_MS;
}

interface Stat {
  readonly parent: number;
  readonly own: number;
  readonly ended: number;
}

function statOf(pid: number): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    // The process has ended meanwhile.
    return undefined;
  }
  // proc(5): the fields after the name, which may contain spaces.
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const [parent = 0, user = 0, system = 0, endedUser = 0, endedSystem = 0] = [
    fields[1],
    ...fields.slice(11, 15),
  ];
  return { parent, own: user + system, ended: endedUser + endedSystem };
}
