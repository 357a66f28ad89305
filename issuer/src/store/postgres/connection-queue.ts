/**
 * Hands out the connections of a pool in turn, and keeps to those that the server grants.
 *
 * A pool opens a connection for each caller up to its maximum. When the server has no room for it, the
 * pool refuses that caller at once, although one of its other connections may be free a moment later. So
 * after such a refusal:
 *
 * - the caller keeps its place at the head of the queue, until its time is up;
 * - this process uses the connections that it has, and tries to open one more every `GROW_MS`.
 *
 * A connection on which the server refused a write as read-only is closed after its use: after a failover
 * the next one reaches the new primary.
 *
 * https://www.postgresql.org/docs/current/runtime-config-connection.html#GUC-MAX-CONNECTIONS
 */
import type { PostgresPool, PostgresPoolClient } from "kysely";
import type { Pool, PoolClient, QueryResult } from "pg";

export interface ConnectionQueueOptions {
  /** Connections of this process. */
  readonly max: number;
  /** How long a caller waits, in milliseconds; 0 waits without limit. */
  readonly timeoutMs: number;
}

/** Rare enough that many processes do not keep a full server busy with refusals. */
const GROW_MS = 200;

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const TOO_MANY_CONNECTIONS = "53300";
const READ_ONLY_TRANSACTION = "25006";

interface Caller {
  readonly take: (client: PoolClient) => void;
  readonly fail: (error: unknown) => void;
  /** The time of the caller is up. */
  isGone: boolean;
}

/** `connect` rejects after `timeoutMs` with the refusal of the server, or since all connections are busy. */
export function createConnectionQueue(pool: Pool, options: ConnectionQueueOptions): PostgresPool {
  const { max, timeoutMs } = options;
  const waiting: Caller[] = [];
  /** Connections in use, and attempts to get one. */
  let taken = 0;
  /** How many may be taken. Lower than `max` while the server has no room. */
  let limit = max;
  let refusal: unknown;
  let growing: NodeJS.Timeout | undefined;

  function advance(): void {
    while (taken < limit) {
      const caller = waiting.shift();
      if (!caller) return;
      taken += 1;
      void serve(caller);
    }
    if (limit < max && waiting.length > 0) growing ??= setTimeout(grow, GROW_MS);
  }

  function grow(): void {
    growing = undefined;
    limit = Math.min(max, limit + 1);
    advance();
  }

  function leave(): void {
    taken -= 1;
    advance();
  }

  async function serve(caller: Caller): Promise<void> {
    let client: PoolClient;
    try {
      client = await pool.connect();
    } catch (error) {
      if (hasCode(error, TOO_MANY_CONNECTIONS)) {
        refusal = error;
        limit = Math.min(limit, pool.totalCount);
        if (!caller.isGone) waiting.unshift(caller);
      } else caller.fail(error);
      leave();
      return;
    }
    if (!caller.isGone) caller.take(client);
    else {
      client.release();
      leave();
    }
  }

  pool.on("connect", () => {
    // The server has room again.
    limit = Math.min(max, limit + 1);
    advance();
  });

  const take = (): Promise<PoolClient> => {
    const { promise, resolve, reject } = Promise.withResolvers<PoolClient>();
    const caller: Caller = { take: resolve, fail: reject, isGone: false };
    waiting.push(caller);
    advance();
    if (timeoutMs === 0) return promise;
    const timer = setTimeout(() => {
      caller.isGone = true;
      const place = waiting.indexOf(caller);
      if (place !== -1) waiting.splice(place, 1);
      const isFull = limit < max && refusal !== undefined;
      reject(isFull ? refusal : new Error("All connections of this process are busy."));
    }, timeoutMs);
    return promise.finally(() => clearTimeout(timer));
  };

  return {
    options: pool.options,
    connect: async () => lend(await take(), leave),
    end: () => pool.end(),
  };
}

function lend(client: PoolClient, onReleased: () => void): PostgresPoolClient {
  let isReadOnly = false;
  const query = async (text: string, values: readonly unknown[]): Promise<QueryResult> => {
    try {
      return await client.query(text, [...values]);
    } catch (error) {
      isReadOnly ||= hasCode(error, READ_ONLY_TRANSACTION);
      throw error;
    }
  };
  return {
    // The other form of `query` takes a cursor, which the dialect is not given.
    query: query as unknown as PostgresPoolClient["query"],
    release: (isDiscarded) => {
      client.release(isReadOnly || isDiscarded === true);
      onReleased();
    },
  };
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
