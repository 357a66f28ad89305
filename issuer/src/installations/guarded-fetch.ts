/**
 * A `fetch` that connects to no address of a list. The address is looked at when the socket connects
 * to it, after its name was resolved: a name that resolves to something else the next time, and a
 * number that is spelt in an unusual way, get no further.
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

/** What a call needs of `fetch`: every one of them does. */
export type CallFetch = (url: string, init: CallInit) => Promise<CallResponse>;

/** @param lookup resolves names; by default as the system does */
export function createGuardedFetch(refused: BlockList, lookup?: LookupFunction): CallFetch {
  const tcp: buildConnector.connector = buildConnector({
    blockList: refused,
    ...(lookup && { lookup }),
  });
  const tls = buildConnector({ allowH2: false });
  // undici's own fetch and not that of the runtime, which may be of another version than its agent.
  const dispatcher = new Agent({
    connect(options, callback) {
      const { hostname, protocol } = options;
      if (protocol !== "https:") {
        tcp(options, callback);
        return;
      }
      // Node's TLS sockets know no block list: what they run on is connected first.
      const below = { hostname, protocol: "http:", port: options.port || "443" };
      tcp(below, (...[error, httpSocket]) => {
        if (error) callback(error, null);
        else tls({ ...options, httpSocket }, callback);
      });
    },
  });
  return (url, init) => fetch(url, { ...init, dispatcher });
}

/** Whether a guarded fetch has failed for the address alone: there was none that it may call. */
export function isAddressRefused(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError) return error.errors.every(isAddressRefused);
  return ("code" in error && error.code === "ERR_IP_BLOCKED") || isAddressRefused(error.cause);
}
