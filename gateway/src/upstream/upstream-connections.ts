/**
 * The connections to one upstream, each with one request at a time: on a shared connection, a slow answer
 * would delay another caller's. The most recently used connection goes first, so that no more stay open
 * than the load needs.
 *
 * undici's own Pool searches all of its clients for a free one, and learns by an event when a client becomes
 * free, which costs throughput (`no-auth-stack` and `no-auth` in bench/gateway). This class has no queue,
 * because `UpstreamPool` limits the number of requests.
 */
import { buildConnector, Client } from "undici";
import { AnswerHeads } from "./answer-heads.ts";
import { ChunkedClient } from "./chunked-client.ts";

export interface ConnectionCounts {
  readonly connected: number;
  /** Open connections without a request. */
  readonly free: number;
  /** Requests that wait for a connection to open. */
  readonly queued: number;
  readonly running: number;
}

const KEEP_ALIVE_MS = 30_000;

export class UpstreamConnections {
  /** For chunked bodies, which may end in trailers. */
  readonly chunked: ChunkedClient;
  readonly #origin: string;
  readonly #connect: buildConnector.connector;
  readonly #all = new Map<Client, AnswerHeads>();
  readonly #free: Client[] = [];
  #isRetired = false;

  constructor(origin: string, connectTimeoutMs: number) {
    this.#origin = origin;
    // All connections share it, so that TLS sessions are resumed.
    this.#connect = buildConnector({ timeout: connectTimeoutMs, allowH2: false });
    this.chunked = new ChunkedClient(origin, {
      connect: this.#connect,
      keepAliveMs: KEEP_ALIVE_MS,
    });
  }

  get counts(): ConnectionCounts {
    const { connected, free } = this.chunked.counts;
    const counts = { connected, free, queued: 0, running: connected - free };
    for (const { stats } of this.#all.keys()) {
      if (stats.connected) counts.connected += 1;
      if (stats.connected && stats.size === 0) counts.free += 1;
      counts.queued += stats.pending;
      counts.running += stats.running;
    }
    return counts;
  }

  /** Follow each call with one {@link UpstreamConnections.release} or {@link UpstreamConnections.drop}. */
  take(): Client {
    const client = this.#free.pop();
    if (client === undefined) return this.open();
    this.#all.get(client)?.expect();
    return client;
  }

  /** As {@link UpstreamConnections.take}, but always a new connection. */
  open(): Client {
    const heads = new AnswerHeads();
    const client = new Client(this.#origin, {
      connect: (options, callback) =>
        this.#connect(options, (...[error, socket]) => {
          if (error === null) callback(error, heads.guard(socket));
          else callback(error, socket);
        }),
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: KEEP_ALIVE_MS,
    });
    this.#all.set(client, heads);
    return client;
  }

  /**
   * The request on this connection is over.
   *
   * @param isReusable - False when the connection was still opening, or when its request was aborted:
   *   the next request belongs to somebody else and must not meet what is left of this one.
   */
  release(client: Client | undefined, isReusable: boolean): void {
    if (client === undefined) return;
    if (isReusable) this.give(client);
    else this.drop(client);
  }

  /** The request on this connection is over, successful or not. */
  give(client: Client): void {
    if (this.#isRetired) this.drop(client);
    else this.#free.push(client);
  }

  /** Discards a connection, such as one that still opens: the next request must not wait for it. */
  drop(client: Client): void {
    this.#all.delete(client);
    void client.destroy();
  }

  /** Closes each connection after its request. Requests under way continue, and may be repeated. */
  retire(): void {
    this.#isRetired = true;
    for (const client of this.#free.splice(0)) this.drop(client);
    this.chunked.close();
  }

  /** Ends the requests under way. */
  async destroy(): Promise<void> {
    this.chunked.destroy();
    await Promise.all(Array.from(this.#all.keys(), (client) => client.destroy()));
  }
}
