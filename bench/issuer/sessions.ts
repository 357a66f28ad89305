/**
 * Measures how long an issuer with very many sessions keeps other work of its process waiting:
 * `npm run issuer:sessions -w bench`.
 *
 * For each number of sessions it prints the duration, the CPU time and the longest stall of the event loop of the clean-up
 * (nothing due, a fifth due), of `revokeAllForUser` and `revokeAllInTenant`, and what a token costs when its
 * session is in memory and when it is not. `BREEZEWAY_BENCH_SESSIONS` names other numbers, such as `1000,1000000`.
 * `BREEZEWAY_BENCH_POSTGRES=postgres://…` measures that empty database instead of SQLite.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { sqliteStore, type Issuer, type Store } from "@breezeway/issuer";
import { postgresStore } from "@breezeway/issuer/postgres";
import { createIssuerForTesting } from "@breezeway/issuer/testing";
import { systemClock } from "@breezeway/shared";
import { query } from "@breezeway/test-support/postgres";
import { watchTurns, type Turns } from "../turns.ts";

const COUNTS = (process.env["BREEZEWAY_BENCH_SESSIONS"] ?? "1000,100000").split(",").map(Number);
const POSTGRES = process.env["BREEZEWAY_BENCH_POSTGRES"];
/** The clean-up believes a clock that makes no longer steps. */
const STEP_MS = 3_000_000;
const MINTS = 5_000;

interface Subject {
  readonly issuer: Issuer;
  /** Runs the maintenance some time later. */
  readonly maintain: () => Promise<void>;
  readonly execute: (statement: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

async function open(store: Store, database: Pick<Subject, "execute" | "close">): Promise<Subject> {
  const system = systemClock();
  let aheadMs = 0;
  let due: () => void = () => undefined;
  let ended: () => void = () => undefined;
  const issuer = createIssuerForTesting(
    {
      issuer: "http://127.0.0.1:4000/auth",
      apps: [{ id: "orders", name: "Orders", version: "1.0.0", url: "https://orders.example" }],
      store,
      rateLimits: false,
      onError: (error) => process.stderr.write(`${String(error)}\n`),
    },
    {
      clock: {
        ...system,
        now: () => system.now() + aheadMs,
        setTimer: (callback) => {
          due = callback;
          ended();
          return undefined;
        },
        clearTimer: () => undefined,
      },
    },
  );
  await issuer.ready;
  return {
    ...database,
    issuer,
    maintain: () => {
      aheadMs += STEP_MS;
      return new Promise((resolve) => {
        ended = resolve;
        due();
      });
    },
  };
}

async function openSqlite(): Promise<Subject> {
  const folder = mkdtempSync(join(tmpdir(), "issuer-sessions-"));
  const file = join(folder, "issuer.sqlite");
  const database = new DatabaseSync(file, { timeout: 60_000 });
  const subject = await open(sqliteStore({ file }), {
    execute: (statement) => Promise.resolve(database.exec(statement)),
    close: () => {
      database.close();
      rmSync(folder, { recursive: true });
      return Promise.resolve();
    },
  });
  return subject;
}

function openPostgres(connectionString: string): Promise<Subject> {
  return open(postgresStore({ connectionString }), {
    execute: async (statement) => void (await query(connectionString, statement)),
    close: () => Promise.resolve(),
  });
}

/** Copies of the session of one user: in one tenant, the first 10 000 of them of one user. */
async function fill({ execute }: Subject, count: number): Promise<void> {
  const numbers =
    POSTGRES === undefined
      ? `(with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${count}) select n from numbers)`
      : `(select generate_series(1, ${count}) as n)`;
  await execute(`
    insert into breezeway_session (handle, selector_hash, secret_hash, siblings, user_id, tenant_id,
      tenants, claims, data, created_at_ms, last_active_at_ms, expires_at_ms, review_at_ms)
    select 'copy-' || n, 'copy-' || n, secret_hash, siblings,
      case when n <= 10000 then 'many' else 'user-' || n end, 'acme',
      tenants, claims, data, created_at_ms, last_active_at_ms, expires_at_ms, review_at_ms + 3600000000
    from breezeway_session, ${numbers} as numbers
    where handle = (select handle from breezeway_session limit 1)`);
}

interface Measured extends Turns {
  readonly ms: number;
  readonly cpuMs: number;
}

async function measure(work: () => Promise<unknown>): Promise<Measured> {
  const turns = watchTurns();
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  await work();
  const ms = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpu);
  // A stall at the end is seen by the next tick of the monitor.
  await sleep(20);
  const longest = turns.read();
  turns.stop();
  return { ms, cpuMs: (user + system) / 1e3, ...longest };
}

/** Tokens per second of CPU time. */
async function mintRate({ issuer }: Subject, handleOf: (n: number) => string): Promise<number> {
  const before = process.cpuUsage();
  for (let n = 0; n < MINTS; n += 1) await issuer.sessions.mintToken(handleOf(n), "orders");
  const { user, system } = process.cpuUsage(before);
  return (MINTS * 1e6) / (user + system);
}

async function run(count: number): Promise<void> {
  const subject = await (POSTGRES === undefined ? openSqlite() : openPostgres(POSTGRES));
  const { issuer, maintain, execute } = subject;
  const { session: first } = await issuer.sessions.create({
    userId: "first",
    tenantId: "elsewhere",
  });
  await fill(subject, count);
  for (let settled = 0; settled < 3; settled += 1) await maintain();

  const write = (text: string): void => void process.stdout.write(`${text}\n`);
  const line = (what: string, { ms, cpuMs, stallMs, turnCpuMs }: Measured): void => {
    write(
      `| ${count} | ${what} | ${ms.toFixed(0)} ms | ${cpuMs.toFixed(0)} ms | ${stallMs.toFixed(1)} ms | ${turnCpuMs.toFixed(1)} ms |`,
    );
  };
  line("nothing, for a second", await measure(() => sleep(1_000)));
  // The compiler of the runtime optimises the first mints.
  await mintRate(subject, () => first.handle);
  const distinct = Math.min(count, MINTS);
  const cold = await mintRate(subject, (n) => `copy-${1 + (n % distinct)}`);
  const warm = await mintRate(subject, (n) => `copy-${1 + (n % distinct)}`);
  line("clean-up, nothing due", await measure(maintain));
  const due = Math.floor(count / 5);
  await execute(
    `update breezeway_session set expires_at_ms = 0, review_at_ms = 0 where handle in (select handle from breezeway_session where user_id like 'user-%' or user_id = 'many' order by handle limit ${due})`,
  );
  line(`clean-up, ${due} due`, await measure(maintain));
  line("revokeAllForUser", await measure(() => issuer.sessions.revokeAllForUser("many")));
  line("revokeAllInTenant", await measure(() => issuer.sessions.revokeAllInTenant("acme")));
  write(
    `| ${count} | tokens per CPU second | ${warm.toFixed(0)} in memory | ${cold.toFixed(0)} not | |`,
  );
  await issuer.close();
  await subject.close();
}

process.stdout.write(
  "| sessions | work | duration | CPU | longest stall | most CPU in a turn |\n| --- | --- | --- | --- | --- | --- |\n",
);
for (const count of COUNTS) await run(count);
