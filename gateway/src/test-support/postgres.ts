/** A Postgres of a test's own, as Debian ships it, on a port of loopback. */
import { execFileSync } from "node:child_process";
import { chownSync } from "node:fs";
import { join } from "node:path";
import { Pool } from "pg";
import { freePort } from "../../../scripts/test-support/free-port.ts";
import { findPostgres, runProgram, temporaryFolder } from "./programs.ts";

/** Where its programs are; `undefined` when they are not there. */
export const postgres: string | undefined = findPostgres();

export interface Postgres extends AsyncDisposable {
  readonly port: number;
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
    pool,
    [Symbol.asyncDispose]: async () => {
      await pool.end();
      await server.stop("SIGINT");
      folder[Symbol.dispose]();
    },
  };
}
