/** Connections to a rate-limit store that is configured by URL. */
import type { RateLimitStore } from "./rate-limit-store.ts";

export interface StoreClient {
  /** Waits for the first connection. Errors may contain parts of the URL, so never print them. */
  get(): Promise<object | undefined>;
  /** Closes the connections that were opened here. The caller's own client stays open. */
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
  // Close once: a pool rejects a second end(), and a caller may both close and dispose.
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
  // The client reconnects by itself, also after a wrong password. An unhandled event would end the process.
  client.on("error", () => {});
  const stop = (): void => {
    // destroy() throws on a closed client.
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
  // An unhandled event would end the process. The pool reports idle connections only.
  pool.on("error", () => {});
  pool.on("connect", (connection) => void open.add(connection.on("error", () => {})));
  pool.on("remove", (connection) => void open.delete(connection));
  return {
    client: pool,
    close: async () => {
      const ended = pool.end();
      // pool.end() waits for pending queries, whose callers are gone, and the server may hang.
      for (const connection of open) void connection.end().catch(() => {});
      await ended;
    },
  };
}
