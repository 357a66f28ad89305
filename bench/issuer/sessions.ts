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
import { sqliteStore, type Store } from "@breezeway/issuer";
import { postgresStore } from "@breezeway/issuer/postgres";
import { query } from "@breezeway/test-support/postgres";
import { failureOf, record } from "../scale/figure.ts";
import { watchTurns, type Turns } from "@breezeway/test-support/turns";
import { startMaintained, type Maintained } from "./maintained.ts";

const COUNTS = (process.env["BREEZEWAY_BENCH_SESSIONS"] ?? "1000,100000").split(",").map(Number);
const POSTGRES = process.env["BREEZEWAY_BENCH_POSTGRES"];
const MINTS = 5_000;
const APPS = [{ id: "orders", name: "Orders", version: "1.0.0", url: "https://orders.example" }];

interface Subject extends Maintained {
  readonly execute: (statement: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

async function open(store: Store, database: Pick<Subject, "execute" | "close">): Promise<Subject> {
  return { ...database, ...(await startMaintained(store, APPS)) };
}

async function openSqlite(): Promise<Subject> {
  const folder = mkdtempSync(join(tmpdir(), "issuer-sessions-"));
  const file = join(folder, "issuer.sqlite");
  const database = new DatabaseSync(file, { timeout: 60_000 });
  const subject = await open(sqliteStore({ file }), {
    execute: async (statement) => database.exec(statement),
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

/** Whether the clean-up reviews sessions. Older issuers do not. */
async function hasReviews({ execute }: Subject): Promise<boolean> {
  return execute("select review_at_ms from breezeway_session limit 0").then(
    () => true,
    () => false,
  );
}

/** Copies of the session of one user: in one tenant, the first 10 000 of them of one user. */
async function fill(subject: Subject, count: number): Promise<void> {
  const numbers =
    POSTGRES === undefined
      ? `(with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${count}) select n from numbers)`
      : `(select generate_series(1, ${count}) as n)`;
  const [column, value] = (await hasReviews(subject))
    ? [", review_at_ms", ", review_at_ms + 3600000000"]
    : ["", ""];
  await subject.execute(`
    insert into breezeway_session (handle, selector_hash, secret_hash, siblings, user_id, tenant_id,
      tenants, claims, data, created_at_ms, last_active_at_ms, expires_at_ms${column})
    select 'copy-' || n, 'copy-' || n, secret_hash, siblings,
      case when n <= 10000 then 'many' else 'user-' || n end, 'acme',
      tenants, claims, data, created_at_ms, last_active_at_ms, expires_at_ms${value}
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
async function mintRate({ issuer }: Maintained, handleOf: (n: number) => string): Promise<number> {
  const before = process.cpuUsage();
  for (let n = 0; n < MINTS; n += 1) await issuer.sessions.mintToken(handleOf(n), "orders");
  const { user, system } = process.cpuUsage(before);
  return (MINTS * 1e6) / (user + system);
}

const write = (text: string): void => void process.stdout.write(`${text}\n`);

async function report(count: number, work: string, run: () => Promise<unknown>): Promise<void> {
  const size = String(count);
  try {
    const measured = await measure(run);
    const { ms, cpuMs, stallMs, turnCpuMs } = measured;
    record({ work, size, ...measured });
    write(
      `| ${count} | ${work} | ${ms.toFixed(0)} ms | ${cpuMs.toFixed(0)} ms | ${stallMs.toFixed(1)} ms | ${turnCpuMs.toFixed(1)} ms |`,
    );
  } catch (error) {
    const value = failureOf(error);
    record({ work, size, value });
    write(`| ${count} | ${work} | ${value} | | | |`);
  }
}

async function run(count: number): Promise<void> {
  const subject = await (POSTGRES === undefined ? openSqlite() : openPostgres(POSTGRES));
  const { issuer, maintain, execute } = subject;
  const { session: first } = await issuer.sessions.create({
    userId: "first",
    tenantId: "elsewhere",
  });
  await fill(subject, count);
  await report(count, "nothing, for a second", () => sleep(1_000));
  // The compiler of the runtime optimises the first mints.
  await mintRate(subject, () => first.handle);
  const distinct = Math.min(count, MINTS);
  const cold = await mintRate(subject, (n) => `copy-${1 + (n % distinct)}`);
  const warm = await mintRate(subject, (n) => `copy-${1 + (n % distinct)}`);
  await report(count, "clean-up, nothing due", maintain);
  const due = Math.floor(count / 5);
  const reviewed = (await hasReviews(subject)) ? ", review_at_ms = 0" : "";
  await execute(
    `update breezeway_session set expires_at_ms = 0${reviewed} where handle in (select handle from breezeway_session where user_id like 'user-%' or user_id = 'many' order by handle limit ${due})`,
  );
  await report(count, "clean-up, a fifth due", maintain);
  await report(count, "revokeAllForUser", () => issuer.sessions.revokeAllForUser("many"));
  await report(count, "revokeAllInTenant", () => issuer.sessions.revokeAllInTenant("acme"));
  for (const [work, rate] of [
    ["mints per CPU second, session in memory", warm],
    ["mints per CPU second, session not in memory", cold],
  ] as const) {
    record({ work, size: String(count), value: rate.toFixed(0) });
    write(`| ${count} | ${work} | ${rate.toFixed(0)} | | | |`);
  }
  await issuer.close();
  await subject.close();
}

write(
  "| sessions | work | duration | CPU | longest stall | most CPU in a turn |\n| --- | --- | --- | --- | --- | --- |",
);
for (const count of COUNTS) await run(count);
