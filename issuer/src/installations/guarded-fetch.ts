/**
 * A `fetch` that refuses to connect to the addresses of a list. The address is checked when the socket
 * connects, after its name was resolved. So DNS rebinding and unusual spellings of an address do not
 * get around the list.
 */
import type { BlockList, LookupFunction } from "node:net";
import { Agent, buildConnector, fetch } from "undici";

interface CallInit {
  readonly method: "POST";
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly redirect: "manual";
  readonly credentials: "omit";
  readonly signal: AbortSignal;
}

export type CallResponse = Pick<
  Response,
  "status" | "ok" | "type" | "headers" | "body" | "bodyUsed"
>;

/** The part of `fetch` that a call needs. */
export type CallFetch = (url: string, init: CallInit) => Promise<CallResponse>;

/** @param lookup Resolves names. Default: the system's resolver. */
export function createGuardedFetch(refused: BlockList, lookup?: LookupFunction): CallFetch {
  const tcp: buildConnector.connector = buildConnector({
    blockList: refused,
    ...(lookup && { lookup }),
  });
  const tls = buildConnector({ allowH2: false });
  // undici's own fetch: the runtime's may have another version than the agent.
  const dispatcher = new Agent({
    connect: (options, callback) => {
      const { hostname, protocol } = options;
      if (protocol !== "https:") {
        tcp(options, callback);
        return;
      }
      // Node's TLS sockets take no block list, so the TCP socket below connects first.
      const below = { hostname, protocol: "http:", port: options.port || "443" };
      tcp(below, (...[error, httpSocket]) => {
        if (error) callback(error, null);
        else tls({ ...options, httpSocket }, callback);
      });
    },
  });
  return (url, init) => fetch(url, { ...init, dispatcher });
}

/** Whether a guarded fetch failed because it may call none of the addresses. */
export function isAddressRefused(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError) return error.errors.every(isAddressRefused);
  return ("code" in error && error.code === "ERR_IP_BLOCKED") || isAddressRefused(error.cause);
}
