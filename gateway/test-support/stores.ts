/** A Redis and a Postgres of a test's own. */
import { execFileSync } from "node:child_process";
import { chownSync } from "node:fs";
import { join } from "node:path";
import { Pool } from "pg";
import { createClient } from "redis";
import { freePort } from "../../scripts/test-support/free-port.ts";
import {
  findPostgres,
  findProgram,
  runProgram,
  temporaryFolder,
  type RunningProgram,
} from "./programs.ts";

/** `undefined` where they are not installed; tests are then reported as skipped. */
export const redisServer: string | undefined = findProgram("redis-server");
export const postgres: string | undefined = findPostgres();

export interface Redis extends AsyncDisposable {
  readonly url: string;
  readonly server: RunningProgram;
  readonly client: {
    destroy(): void;
    flushAll(): Promise<unknown>;
    sendCommand(words: string[]): Promise<unknown>;
  };
}

export async function startRedis(onPort?: number): Promise<Redis> {
  const folder = temporaryFolder();
  const port = onPort ?? (await freePort());
  const args = ["--port", String(port), "--save", "", "--dir", folder.path];
  const server = await runProgram(redisServer ?? "", args, port);
  const url = `redis://127.0.0.1:${port}`;
  const client = createClient({ url });
  client.on("error", () => {});
  await client.connect();
  return {
    url,
    server,
    client,
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      // A stopped process ends only when it goes on.
      server.child.kill("SIGCONT");
      await server[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

export interface Postgres extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly pool: Pool;
}

export async function startPostgres(): Promise<Postgres> {
  const folder = temporaryFolder();
  const data = join(folder.path, "data");
  const port = await freePort();
  const isRoot = process.getuid?.() === 0;
  const ids = isRoot ? { uid: 65_534, gid: 65_534 } : {};
  if (isRoot) chownSync(folder.path, 65_534, 65_534);
  const init = ["-D", data, "-U", "postgres", "-A", "trust", "--no-sync"];
  const options = { ...ids, stdio: "ignore", cwd: folder.path } as const;
  execFileSync(join(postgres ?? "", "initdb"), init, options);
  const args = ["-D", data, "-p", String(port), "-k", folder.path, "-c", "fsync=off"];
  const server = await runProgram(join(postgres ?? "", "postgres"), args, port, ids);
  const pool = new Pool({ host: "127.0.0.1", port, user: "postgres" });
  pool.on("error", () => {});
  // It accepts connections before it answers them.
  const answers = (): Promise<boolean> =>
    pool.query("SELECT 1").then(
      () => true,
      () => false,
    );
  while (!(await answers())) await new Promise((resolve) => setTimeout(resolve, 50));
  return {
    port,
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    pool,
    [Symbol.asyncDispose]: async () => {
      await pool.end();
      await server.stop("SIGINT");
      folder[Symbol.dispose]();
    },
  };
}
