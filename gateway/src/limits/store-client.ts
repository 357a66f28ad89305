/**
 * Connections to a rate-limit store that is configured by URL.
 *
 * A machine that vanishes leaves connections behind on which nothing arrives, and TCP keeps them for a
 * quarter of an hour. So each statement in Postgres has a time limit here, whose end closes its connection;
 * Redis has one connection for all commands, which is replaced when the store is silent.
 */
import type { StoreFailureInfo } from "./store-guard.ts";
import { storeTimeoutMs, type RateLimitStore } from "./rate-limit-store.ts";

export interface StoreClient {
  /** Waits for the first connection. Errors may contain parts of the URL, so never print them. */
  get(): Promise<object | undefined>;
  /** The store has failed several times: replaces what may be cut off silently. */
  renew(failure: StoreFailureInfo): void;
  /** Closes the connections that were opened here. The caller's own client stays open. */
  close(): Promise<void>;
}

interface Opened {
  /** Waits while the client connects for the first time, or again. */
  readonly client: () => Promise<object>;
  renew(failure: StoreFailureInfo): void;
  close(): Promise<void>;
}

const MAX_POSTGRES_CONNECTIONS = 4;
/** Longer than a call waits: the connection may serve the next one. */
const CONNECT_TIMEOUT_MS = 2_000;
/** Time for an answer of Postgres to arrive, beyond the time limit of its statement. */
const TRANSFER_MS = 500;

export function createStoreClient(store: RateLimitStore): StoreClient {
  if (store.kind === "cluster") return foreign(undefined);
  if (!("url" in store)) return foreign(store.client);
  const { kind, url } = store;
  const timeoutMs = storeTimeoutMs(store);
  const abort = new AbortController();
  let opening: Promise<Opened> | undefined;
  // Close once: a pool rejects a second end(), and a caller may both close and dispose.
  let closing: Promise<void> | undefined;
  const open = (): Promise<Opened> => {
    opening ??= kind === "redis" ? openRedis(url) : openPostgres(url, timeoutMs);
    return opening;
  };
  const close = async (): Promise<void> => {
    abort.abort();
    const opened = await opening?.catch(() => undefined);
    await opened?.close();
  };
  return {
    get: async () => {
      abort.signal.throwIfAborted();
      return (await open()).client();
    },
    renew: (failure) => {
      const renewing = opening?.then((opened) => {
        if (!abort.signal.aborted) opened.renew(failure);
      });
      renewing?.catch(() => {});
    },
    close: () => (closing ??= close()),
  };
}

/** A client that somebody else opens, renews and closes. */
function foreign(client: object | undefined): StoreClient {
  return {
    get: () => Promise.resolve(client),
    renew: () => {},
    close: () => Promise.resolve(),
  };
}

async function openRedis(url: string): Promise<Opened> {
  const { createClient } = await import("redis");
  const client = createClient({ url, disableOfflineQueue: true });
  // The client reconnects by itself, also after a wrong password. An unhandled event would end the process.
  client.on("error", () => {});
  const connect = (): Promise<unknown> => {
    const connected = client.connect();
    // Reported to the request that waits for the client.
    connected.catch(() => {});
    return connected;
  };
  const stop = (): void => {
    // destroy() throws on a closed client.
    if (client.isOpen) client.destroy();
  };
  let connecting = connect();
  let connectedAtMs = performance.now();
  return {
    client: async () => {
      await connecting;
      return client;
    },
    renew: ({ askedAtMs, isSilent }) => {
      // Calls that began before waited for the connection that is gone.
      const isTooEarly = client.isReady
        ? !isSilent || askedAtMs < connectedAtMs
        : performance.now() - connectedAtMs < CONNECT_TIMEOUT_MS;
      if (isTooEarly) return;
      stop();
      connecting = connect();
      connectedAtMs = performance.now();
    },
    close: () => {
      stop();
      return Promise.resolve();
    },
  };
}

async function openPostgres(url: string, timeoutMs: number): Promise<Opened> {
  const { Pool } = await import("pg");
  const pool = new Pool({
    connectionString: url,
    max: MAX_POSTGRES_CONNECTIONS,
    application_name: "breezeway-gateway",
    connectionTimeoutMillis: Math.max(timeoutMs, CONNECT_TIMEOUT_MS),
    // Nobody waits longer for an answer.
    statement_timeout: timeoutMs,
    query_timeout: timeoutMs + TRANSFER_MS,
  });
  const open = new Set<{ end(): Promise<void> }>();
  // An unhandled event would end the process. The pool reports idle connections only.
  pool.on("error", () => {});
  pool.on("connect", (connection) => void open.add(connection.on("error", () => {})));
  pool.on("remove", (connection) => void open.delete(connection));
  return {
    client: () => Promise.resolve(pool),
    // The time limit of a statement has closed its connection.
    renew: () => {},
    close: async () => {
      const ended = pool.end();
      // pool.end() waits for pending queries, whose callers are gone, and the server may hang.
      for (const connection of open) void connection.end().catch(() => {});
      await ended;
    },
  };
}
