/** One connection pool per upstream origin, made when it is first used. */
import { Pool } from "undici";

export interface UpstreamOptions {
  /** To open a connection, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** Connections to one upstream; each carries one request at a time. */
  readonly maxConnections: number;
}

export interface Upstreams {
  /** @param origin - As a URL serialises it. */
  pool(origin: string): Pool;
  /** Closes the pools of all origins but these, once their requests are done. */
  retain(origins: ReadonlySet<string>): void;
  /** Ends what is under way. */
  destroy(): Promise<void>;
}

export function createUpstreams(options: UpstreamOptions): Upstreams {
  const pools = new Map<string, Pool>();
  const create = (origin: string): Pool =>
    new Pool(origin, {
      connections: options.maxConnections,
      connectTimeout: options.connectTimeoutMs,
      // One request at a time: on a shared connection a slow answer delays a stranger's.
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: 30_000,
    });
  return {
    pool: (origin) => {
      let pool = pools.get(origin);
      if (pool === undefined) pools.set(origin, (pool = create(origin)));
      return pool;
    },
    retain: (origins) => {
      for (const [origin, pool] of pools) {
        if (origins.has(origin)) continue;
        pools.delete(origin);
        void pool.close();
      }
    },
    destroy: async () => {
      const all = [...pools.values()];
      pools.clear();
      await Promise.all(all.map((pool) => pool.destroy()));
    },
  };
}
