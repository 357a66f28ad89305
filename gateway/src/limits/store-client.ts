/** The gateway's own connections to a store of rate limits that is given by its URL. */
import type { RateLimitStore } from "./rate-limit-store.ts";

export interface StoreClient {
  /** Waits for the first connection. What it rejects with may hold parts of the URL. */
  get(): Promise<object | undefined>;
  /** Closes what was opened here; the caller's own client stays open. */
  close(): Promise<void>;
}

interface Opened {
  readonly client: object;
  close(): Promise<void>;
}

const MAX_POSTGRES_CONNECTIONS = 4;

export function createStoreClient(store: RateLimitStore): StoreClient {
  if (store.kind === "cluster") {
    return { get: () => Promise.resolve(undefined), close: () => Promise.resolve() };
  }
  if (!("url" in store)) {
    return { get: () => Promise.resolve(store.client), close: () => Promise.resolve() };
  }
  const { kind, url } = store;
  const abort = new AbortController();
  let opening: Promise<Opened> | undefined;
  // Once: a pool rejects a second end, and whoever closes early also disposes.
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    abort.abort();
    const opened = await opening?.catch(() => undefined);
    await opened?.close();
  };
  return {
    get: async () => {
      abort.signal.throwIfAborted();
      opening ??= kind === "redis" ? openRedis(url, abort.signal) : openPostgres(url);
      return (await opening).client;
    },
    close: () => (closing ??= close()),
  };
}

async function openRedis(url: string, signal: AbortSignal): Promise<Opened> {
  const { createClient } = await import("redis");
  const client = createClient({ url, disableOfflineQueue: true });
  // It connects again by itself, also after a wrong password; unheard, the event would end the process.
  client.on("error", () => {});
  const stop = (): void => {
    // It throws where it was closed already.
    if (client.isOpen) client.destroy();
  };
  signal.addEventListener("abort", stop);
  try {
    signal.throwIfAborted();
    await client.connect();
  } finally {
    signal.removeEventListener("abort", stop);
  }
  return {
    client,
    close: () => {
      stop();
      return Promise.resolve();
    },
  };
}

async function openPostgres(url: string): Promise<Opened> {
  const { Pool } = await import("pg");
  const pool = new Pool({
    connectionString: url,
    max: MAX_POSTGRES_CONNECTIONS,
    application_name: "breezeway-gateway",
    connectionTimeoutMillis: 5_000,
    statement_timeout: 10_000,
  });
  const open = new Set<{ end(): Promise<void> }>();
  // As above; the pool hears idle connections only, so each hears its own too.
  pool.on("error", () => {});
  pool.on("connect", (connection) => void open.add(connection.on("error", () => {})));
  pool.on("remove", (connection) => void open.delete(connection));
  return {
    client: pool,
    close: async () => {
      const ended = pool.end();
      // It waits for what it was asked, which nobody else does any more, and a server may hang.
      for (const connection of open) void connection.end().catch(() => {});
      await ended;
    },
  };
}
