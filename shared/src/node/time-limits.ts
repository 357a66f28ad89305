/** Time limits of HTTP servers. */
import type { ServerOptions } from "node:http";

/** Longer than reverse proxies keep unused connections: nginx, for example, keeps them for 60 s. */
export const KEEP_ALIVE_TIMEOUT_MS = 65_000;

/** By default, Node looks every 30 s for requests that are too slow. */
const MAX_CHECK_INTERVAL_MS = 1_000;

export interface TimeLimits {
  /** Time for the head of a request, in milliseconds. */
  readonly headersTimeoutMs: number;
  /** Time for a whole request, in milliseconds; 0 for no limit. */
  readonly requestTimeoutMs: number;
  /** Wait for the next request on a connection, in milliseconds. Default {@link KEEP_ALIVE_TIMEOUT_MS}. */
  readonly keepAliveTimeoutMs?: number | undefined;
}

type NodeTimeLimits = Required<
  Pick<
    ServerOptions,
    "headersTimeout" | "requestTimeout" | "keepAliveTimeout" | "connectionsCheckingInterval"
  >
>;

/** The limits as options of `createServer`, and how often Node compares requests with them. */
export function timeLimits({
  headersTimeoutMs,
  requestTimeoutMs,
  keepAliveTimeoutMs = KEEP_ALIVE_TIMEOUT_MS,
}: TimeLimits): NodeTimeLimits {
  const isLimited = requestTimeoutMs > 0;
  return {
    headersTimeout: headersTimeoutMs,
    // Node refuses a shorter time for the whole than for the head.
    requestTimeout: isLimited ? Math.max(requestTimeoutMs, headersTimeoutMs) : 0,
    keepAliveTimeout: keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(
      MAX_CHECK_INTERVAL_MS,
      headersTimeoutMs,
      isLimited ? requestTimeoutMs : headersTimeoutMs,
    ),
  };
}
