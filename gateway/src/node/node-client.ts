/**
 * The client side of an exchange on Node's HTTP server.
 *
 * The head is delayed until the end of a short body, until the second chunk of any body, or until the end
 * of this tick when the body is long or of unknown length. So an answer that arrived from the upstream in
 * one piece leaves in one write.
 */
import { ServerResponse, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import type { Answer } from "../answer/refusal.ts";
import type { ClientListener, ClientSide, Upgrade } from "../exchange/client-side.ts";
import { headerPairs } from "../request/header-list.ts";
import { LimitedBody } from "../exchange/limited-body.ts";
import { discardBody } from "./discard-body.ts";

/** A client connection. */
export interface GatewaySocket extends Socket {
  /** The last response that was started on it, until the response was sent. */
  gatewayResponse?: GatewayResponse | undefined;
  /** Whether no further request can be read after the last one. */
  endsAfterAnswer?: boolean;
}

/** The response class of the server. Event handlers find the exchange through it. */
export class GatewayResponse<
  Incoming extends IncomingMessage = IncomingMessage,
> extends ServerResponse<Incoming> {
  exchange: ClientListener | undefined;

  /** Called when the whole response was sent and the connection is free for the next one. */
  override detachSocket(socket: GatewaySocket): void {
    super.detachSocket(socket);
    // A connection that waits for its next request would keep the whole exchange in memory.
    if (socket.gatewayResponse === this) socket.gatewayResponse = undefined;
  }
}

/** Whether bytes written now would end up inside another answer, or be taken for one. */
export function isAnswering({ gatewayResponse: response }: GatewaySocket): boolean {
  if (response === undefined || response.writableFinished) return false;
  return response.headersSent || response.req.complete;
}

/** Above this size, copying costs more than a second write. */
const ONE_WRITE_BYTES = 32_768;

export interface ClientTraits {
  readonly server: { readonly isStopping: boolean };
  /** The client waits for `100 Continue` before it sends its body. */
  readonly mustContinue: boolean;
}

export class NodeClient implements ClientSide {
  readonly canUpgrade: boolean = false;
  readonly #request: IncomingMessage;
  readonly #response: GatewayResponse;
  readonly #mustContinue: boolean;
  readonly #server: { readonly isStopping: boolean };
  #status = 0;
  #headers: string[] | undefined;
  #held: Buffer | undefined;
  #body: LimitedBody | undefined;

  constructor(request: IncomingMessage, response: GatewayResponse, traits: ClientTraits) {
    this.#request = request;
    this.#response = response;
    this.#mustContinue = traits.mustContinue;
    this.#server = traits.server;
    const socket = request.socket as GatewaySocket;
    socket.gatewayResponse = response;
    if (socket.endsAfterAnswer === true) response.shouldKeepAlive = false;
  }

  get isCommitted(): boolean {
    return this.#status !== 0 && this.#headers === undefined;
  }

  attach(exchange: ClientListener): void {
    this.#response.exchange = exchange;
    this.#response.on("close", onClose);
  }

  body(maxBytes: number): Readable | null {
    if (!hasBody(this.#request)) return null;
    if (this.#mustContinue) this.#response.writeContinue();
    this.#body = new LimitedBody(this.#request, maxBytes);
    return this.#body;
  }

  get trailers(): readonly string[] {
    return this.#request.rawTrailers;
  }

  answer({ status, headers, body, reason }: Answer): void {
    // Drops the head of an answer that failed before any of it had left.
    this.#headers = undefined;
    const isAwaited = this.#mustContinue && !this.#request.readableFlowing;
    // The next bytes may be a body or a request: a client that waits for 100 Continue may send either, and
    // a malformed request may end elsewhere than the parser thinks.
    const mustClose =
      isAwaited || reason === "request-malformed" || (this.#server.isStopping && !this.canUpgrade);
    this.#response.writeHead(
      status,
      mustClose ? [...headers, "connection", "close"] : [...headers],
    );
    this.#response.end(body);
    if (!mustClose) this.#discardRest();
  }

  start(status: number, headers: string[], bodyBytes: number | undefined): void {
    this.#status = status;
    this.#headers = headers;
    // A short body arrives at once, and a callback per request costs throughput.
    const isAwaited = bodyBytes !== undefined && bodyBytes > 0 && bodyBytes <= ONE_WRITE_BYTES;
    if (!isAwaited) process.nextTick(flush, this);
  }

  write(chunk: Buffer): boolean {
    if (this.#headers !== undefined) {
      if (this.#held === undefined) {
        this.#held = chunk;
        return true;
      }
      this.flush();
    }
    const isTaken = this.#response.write(chunk);
    if (!isTaken && this.#response.listenerCount("drain") === 0) {
      this.#response.on("drain", onDrain);
    }
    return isTaken;
  }

  end(trailers: readonly string[]): void {
    if (this.#headers !== undefined) {
      if (trailers.length > 0) this.flush();
      else {
        this.#writeHead();
        this.#endWith(this.#held);
        this.#discardRest();
        return;
      }
    }
    if (trailers.length > 0) this.#response.addTrailers(headerPairs(trailers));
    this.#response.end();
    this.#discardRest();
  }

  cut(): void {
    this.#headers = undefined;
    // Otherwise the client could take a partial answer for a complete one.
    this.#response.destroy();
  }

  upgrade({ upstream }: Upgrade, _idleTimeoutMs: number): void {
    upstream.destroy();
    this.cut();
  }

  /** Sends the delayed head and body. */
  flush(): void {
    if (this.#headers === undefined) return;
    const held = this.#held;
    this.#writeHead();
    if (held === undefined) this.#response.flushHeaders();
    else this.#response.write(held);
    this.#held = undefined;
  }

  // As one string, head and body leave in one write. A string and a buffer need a writev, which takes
  // twice as long.
  #endWith(body: Buffer | undefined): void {
    if (body === undefined || body.length > ONE_WRITE_BYTES) this.#response.end(body);
    else this.#response.end(body.toString("latin1"), "latin1");
  }

  #discardRest(): void {
    if (this.#request.complete) return;
    this.#body?.release();
    discardBody(this.#request);
  }

  #writeHead(): void {
    const headers = this.#headers;
    this.#headers = undefined;
    // Otherwise the client would send its next request on a connection that is about to end.
    if (this.#server.isStopping) this.#response.shouldKeepAlive = false;
    this.#response.writeHead(this.#status, headers);
  }
}

function flush(client: NodeClient): void {
  client.flush();
}

function onClose(this: GatewayResponse): void {
  this.exchange?.onClose();
}

function onDrain(this: GatewayResponse): void {
  this.exchange?.onDrain();
}

/** Whether a body of at least one byte, or of unknown length, follows the head. */
export function hasBody(request: IncomingMessage): boolean {
  // Node's parser frames the message, and refuses a request whose two headers disagree.
  const { headers } = request;
  return (
    headers["transfer-encoding"] !== undefined ||
    (headers["content-length"] !== undefined && Number(headers["content-length"]) !== 0)
  );
}
