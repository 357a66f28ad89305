/** The stores of a platform, as its faults need them: away, back, stopped, continued. */
import { join } from "node:path";
import { freePort } from "@breezeway/test-support/free-port";
import { startPostgres } from "@breezeway/test-support/postgres";
import { redisServer, startRedis } from "@breezeway/test-support/redis";
import { startRelay, type Relay } from "@breezeway/test-support/relay";
import { temporaryFolder } from "@breezeway/test-support/temporary-folder";
import { mountDisk, type Disk } from "./disk.ts";

/** The name of Postgres' socket in the folder of its connection string. */
const SOCKET = ".s.PGSQL.5432";

/** Something that can be killed, and stopped in the middle of its work. */
export interface Killable {
  kill(): Promise<void>;
  start(): Promise<void>;
  freeze(): void;
  thaw(): void;
}

export interface IssuerStore extends AsyncDisposable {
  /** For each issuer: where it finds the store, and the way there. */
  readonly places: readonly { readonly location: string; readonly way: Relay | undefined }[];
  /** `undefined` for a store inside the issuer's process. */
  readonly server: Pick<Killable, "kill" | "start"> | undefined;
  /** `undefined` for a store on a server, or without the right to mount. */
  readonly disk: Disk | undefined;
}

/** @param issuers The number of issuers, each with a way of its own. */
export async function startPostgresStore(issuers: number): Promise<IssuerStore> {
  await using opened = new AsyncDisposableStack();
  const postgres = opened.adopt(await startPostgres(), (server) => server.close());
  const database = new URL(await postgres.createDatabase());
  const socket = join(database.searchParams.get("host") ?? "", SOCKET);
  const places = [];
  for (let index = 0; index < issuers; index += 1) {
    const way = opened.use(await startRelay(socket));
    const location = new URL(database);
    location.search = "";
    location.host = `127.0.0.1:${way.port}`;
    places.push({ location: location.href, way });
  }
  const stack = opened.move();
  return {
    places,
    server: { kill: () => postgres.stop(), start: () => postgres.start() },
    disk: undefined,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

export function openSqliteStore(): IssuerStore {
  const disk = mountDisk();
  const folder = disk ? undefined : temporaryFolder();
  return {
    places: [
      { location: join(disk?.folder ?? folder?.path ?? "", "issuer.sqlite"), way: undefined },
    ],
    server: undefined,
    disk,
    [Symbol.asyncDispose]: () => {
      disk?.[Symbol.dispose]();
      folder?.[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

export interface Counters extends Killable, AsyncDisposable {
  readonly url: string;
}

/** `undefined` where Redis is not installed: each gateway counts alone. */
export async function startCounters(): Promise<Counters | undefined> {
  if (redisServer === undefined) return undefined;
  const port = await freePort();
  let redis = await startRedis(port);
  return {
    url: redis.url,
    kill: () => redis.server.stop("SIGKILL"),
    start: async () => {
      await redis[Symbol.asyncDispose]();
      redis = await startRedis(port);
    },
    freeze: () => void redis.server.child.kill("SIGSTOP"),
    thaw: () => void redis.server.child.kill("SIGCONT"),
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  };
}
