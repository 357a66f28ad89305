/** PgBouncer in front of a Postgres of a test's own. */
import { chownSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "./free-port.ts";
import { unprivilegedUser, type PostgresServer } from "./postgres.ts";
import { findProgram, startProgram } from "./processes.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** `undefined` where PgBouncer is not installed; the tests that need it are then reported as skipped. */
export const pgbouncer: string | undefined = findProgram("pgbouncer");

export interface Pooler extends AsyncDisposable {
  /** The URL through the pooler of a database of the server. */
  urlOf(database: string): string;
}

/** @param settings - Lines of its section `[pgbouncer]`. */
export async function startPgbouncer(
  { folder: host, port: serverPort }: Pick<PostgresServer, "folder" | "port">,
  settings: readonly string[],
): Promise<Pooler> {
  const folder = temporaryFolder();
  const port = await freePort();
  const user = await unprivilegedUser();
  const users = join(folder.path, "users");
  const file = join(folder.path, "pgbouncer.ini");
  writeFileSync(users, '"postgres" ""\n');
  const lines = [
    "[databases]",
    `* = host=${host} port=${serverPort}`,
    "[pgbouncer]",
    "listen_addr = 127.0.0.1",
    `listen_port = ${port}`,
    "unix_socket_dir =",
    "auth_type = trust",
    `auth_file = ${users}`,
    ...settings,
  ];
  writeFileSync(file, lines.join("\n"));
  if (user.uid !== undefined && user.gid !== undefined) {
    for (const path of [folder.path, users, file]) chownSync(path, user.uid, user.gid);
  }
  const program = await startProgram(pgbouncer ?? "", [file], port, user);
  return {
    urlOf: (database) => `postgres://postgres@127.0.0.1:${port}/${database}`,
    [Symbol.asyncDispose]: async () => {
      await program.stop("SIGTERM");
      folder[Symbol.dispose]();
    },
  };
}
