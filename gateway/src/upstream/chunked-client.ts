/**
 * Sends requests whose body may end in trailers, which undici cannot send. Uses Node's own client with its
 * own connections, and calls the same handlers as undici's `dispatch`.
 *
 * Life of a request: the head waits for a connection, the body is forwarded, then its trailers are read and
 * the request ends. Must not: call a handler after `onResponseEnd` or `onResponseError`; reuse a connection
 * on which a request is incomplete.
 */
import {
  Agent,
  request as startRequest,
  type ClientRequest,
  type IncomingMessage,
} from "node:http";
import type { Duplex, Readable } from "node:stream";
import { BridgeError } from "@breezeway/shared";
import type { buildConnector, Dispatcher } from "undici";
import { AnswerHeads } from "./answer-heads.ts";
import { fromUndici } from "./from-undici.ts";
import { headerPairs } from "../request/header-list.ts";
import type { UpstreamHeaders } from "./upstream-headers.ts";

export interface ChunkedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Name, value, name, value. The client adds `Host`, `Connection` and `Transfer-Encoding`. */
  readonly headers: readonly string[];
  readonly body: Readable;
  /** Called once the body has ended. Name, value, name, value. @throws {BridgeError} to end the exchange */
  readonly trailers: () => readonly string[];
  /** Longest wait for the upstream to accept body bytes, in milliseconds. */
  readonly timeoutMs: number;
}

type Handler = Required<Omit<Dispatcher.DispatchHandler, "onRequestUpgrade" | "onResponseStarted">>;

export interface ChunkedClientOptions {
  readonly connect: buildConnector.connector;
  /** Lifetime of a connection without a request, in milliseconds. */
  readonly keepAliveMs: number;
}

/** One request, and the controller that its handler gets. */
class ChunkedExchange implements Dispatcher.DispatchController {
  readonly #outgoing: ClientRequest;
  readonly #request: ChunkedRequest;
  readonly #handler: Handler;
  #incoming: IncomingMessage | undefined;
  #writeTimer: NodeJS.Timeout | undefined;
  #isDone = false;
  #reason: Error | null = null;

  constructor(outgoing: ClientRequest, request: ChunkedRequest, handler: Handler) {
    this.#outgoing = outgoing;
    this.#request = request;
    this.#handler = handler;
    outgoing.on("response", (incoming) => this.#onResponse(incoming));
    outgoing.on("drain", () => this.#onDrain());
    outgoing.on("error", (error) => this.abort(error));
    outgoing.on("upgrade", () => {
      this.abort(
        new BridgeError(
          "UPSTREAM_INVALID",
          "The upstream switched protocols without a request to do so.",
        ),
      );
    });
    const { body } = request;
    body.on("data", (chunk: Buffer) => this.#onBody(chunk));
    body.on("end", () => this.#onBodyEnd());
    body.on("error", (error) => this.abort(error));
  }

  get aborted(): boolean {
    return this.#reason !== null;
  }

  get paused(): boolean {
    return this.#incoming?.isPaused() ?? false;
  }

  get reason(): Error | null {
    return this.#reason;
  }

  pause(): void {
    this.#incoming?.pause();
  }

  resume(): void {
    this.#incoming?.resume();
  }

  abort(reason: Error): void {
    if (this.#isDone) return;
    this.#reason = reason;
    this.#finish();
    this.#handler.onResponseError(this, reason);
  }

  #onBody(chunk: Buffer): void {
    this.#handler.onBodySent(chunk);
    if (this.#outgoing.write(chunk)) return;
    this.#request.body.pause();
    this.#writeTimer ??= setTimeout(() => {
      this.abort(
        new BridgeError(
          "UPSTREAM_TIMEOUT",
          "The upstream did not accept the request body in time.",
        ),
      );
    }, this.#request.timeoutMs);
  }

  #onDrain(): void {
    clearTimeout(this.#writeTimer);
    this.#writeTimer = undefined;
    this.#request.body.resume();
  }

  #onBodyEnd(): void {
    try {
      this.#outgoing.addTrailers(headerPairs(this.#request.trailers()));
    } catch (error) {
      this.abort(fromUndici(error));
      return;
    }
    this.#outgoing.end();
    this.#handler.onRequestSent();
  }

  #onResponse(incoming: IncomingMessage): void {
    this.#incoming = incoming;
    const { statusCode = 0, rawHeaders } = incoming;
    this.#handler.onResponseStart(this, statusCode, recordOf(rawHeaders));
    incoming.on("data", (chunk: Buffer) => this.#handler.onResponseData(this, chunk));
    incoming.on("error", (error) => this.abort(error));
    incoming.on("end", () => this.#onResponseEnd(incoming));
  }

  #onResponseEnd({ rawTrailers }: IncomingMessage): void {
    if (this.#isDone) return;
    this.#finish();
    this.#handler.onResponseEnd(this, recordOf(rawTrailers));
  }

  /** The answer may end before the request. Its connection cannot be reused then. */
  #finish(): void {
    this.#isDone = true;
    clearTimeout(this.#writeTimer);
    if (this.#reason !== null || !this.#outgoing.writableEnded) this.#outgoing.destroy();
    this.#request.body.destroy();
  }
}

/** Opens connections with undici's connector, which shares its time limit and TLS sessions. */
class UpstreamAgent extends Agent {
  readonly #connect: buildConnector.connector;
  readonly #target: buildConnector.Options;
  readonly #heads = new WeakMap<Duplex, AnswerHeads>();

  constructor(url: URL, { connect, keepAliveMs }: ChunkedClientOptions) {
    super({ keepAlive: true, timeout: keepAliveMs, scheduling: "lifo" });
    const { protocol, host, hostname, port } = url;
    this.#connect = connect;
    this.#target = { protocol, host, hostname: hostname.replace(/^\[|\]$/g, ""), port };
  }

  override createConnection(
    _options: object,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    this.#connect(this.#target, (...[error, socket]) => {
      if (error === null) {
        const heads = new AnswerHeads();
        this.#heads.set(socket, heads);
        heads.guard(socket);
      }
      // Node's callback reads the stream only when there is no error.
      callback?.(error, socket as Duplex);
    });
  }

  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    super.reuseSocket(socket, request);
    this.#heads.get(socket)?.expect();
  }
}

export class ChunkedClient {
  readonly #host: string;
  readonly #agent: Agent;

  constructor(origin: string, options: ChunkedClientOptions) {
    const url = new URL(origin);
    this.#host = url.host;
    this.#agent = new UpstreamAgent(url, options);
  }

  get counts(): { readonly connected: number; readonly free: number } {
    const free = countOf(this.#agent.freeSockets);
    return { connected: free + countOf(this.#agent.sockets), free };
  }

  dispatch(request: ChunkedRequest, handler: Handler): void {
    const { method, path, headers } = request;
    const own = ["host", this.#host, "transfer-encoding", "chunked"];
    // `TE` must be listed in `Connection` (RFC 9110, section 10.1.4).
    if (headers.includes("te")) own.push("connection", "te");
    const outgoing = startRequest({
      agent: this.#agent,
      method,
      path,
      headers: [...own, ...headers],
    });
    // Without this Node silently drops fields beyond its default count.
    outgoing.maxHeadersCount = 0;
    handler.onRequestStart(new ChunkedExchange(outgoing, request, handler), undefined);
  }

  /** Closes idle connections. Requests under way continue, and their connections close afterwards. */
  close(): void {
    this.#agent.maxFreeSockets = 0;
    for (const sockets of Object.values(this.#agent.freeSockets)) {
      for (const socket of sockets ?? []) socket.destroy();
    }
  }

  /** Ends the requests under way. */
  destroy(): void {
    this.#agent.destroy();
  }
}

function countOf(sockets: NodeJS.ReadOnlyDict<readonly unknown[]>): number {
  return Object.values(sockets).reduce((sum, list) => sum + (list?.length ?? 0), 0);
}

/** Converts raw headers to undici's form: names in lower case, repeated fields as a list. */
function recordOf(raw: readonly string[]): UpstreamHeaders {
  const record: Record<string, string | string[]> = Object.create(null) as Record<string, string>;
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] as string).toLowerCase();
    const value = raw[index + 1] as string;
    const known = record[name];
    if (known === undefined) record[name] = value;
    else if (typeof known === "string") record[name] = [known, value];
    else known.push(value);
  }
  return record;
}
