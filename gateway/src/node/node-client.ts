/**
 * The client side of an exchange on Node's HTTP server.
 *
 * The head is held back until the end of a short body, the second piece of any, or the end of this
 * tick when the body is long or of unknown length: a whole answer that came from the upstream in one
 * piece leaves in one write.
 */
import { ServerResponse, type IncomingMessage } from "node:http";
import type { Duplex, Readable } from "node:stream";
import type { Answer } from "../answer/refusal.ts";
import type { ClientListener, ClientSide, Upgrade } from "../exchange/client-side.ts";
import { headerPairs } from "../request/header-list.ts";
import { LimitedBody } from "../exchange/limited-body.ts";
import { discardBody } from "./discard-body.ts";

/** Knows the last response that was begun on it. */
export interface GatewaySocket extends Duplex {
  gatewayResponse?: GatewayResponse;
  /** Nothing can be read from it behind the request that came last. */
  endsAfterAnswer?: boolean;
}

/** What the server makes for each request, so that event handlers find the exchange. */
export class GatewayResponse<
  Incoming extends IncomingMessage = IncomingMessage,
> extends ServerResponse<Incoming> {
  exchange: ClientListener | undefined;

  /** All of it was sent, and its connection is free for the next answer. */
  get isOver(): boolean {
    return this.writableFinished && this.socket === null;
  }
}

/** Beyond this, copying costs more than the second write. */
const ONE_WRITE_BYTES = 32_768;

export interface ClientTraits {
  readonly server: { readonly isDraining: boolean };
  /** The client waits for `100 Continue` before it sends its body. */
  readonly mustContinue: boolean;
}

export class NodeClient implements ClientSide {
  readonly canUpgrade: boolean = false;
  readonly #request: IncomingMessage;
  readonly #response: GatewayResponse;
  readonly #mustContinue: boolean;
  readonly #server: { readonly isDraining: boolean };
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
    // Of an answer that failed before any of it had left.
    this.#headers = undefined;
    const isAwaited = this.#mustContinue && !this.#request.readableFlowing;
    // What follows on the connection may be a body or a request: the client that still waits to be
    // told to send its body may send either, and a malformed request may end elsewhere than we think.
    const mustClose =
      isAwaited || reason === "request-malformed" || (this.#server.isDraining && !this.canUpgrade);
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
    // A short body is as good as here, and a callback per request costs.
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
    // Without this the client could take half an answer for a whole one.
    this.#response.destroy();
  }

  upgrade({ upstream }: Upgrade, _idleTimeoutMs: number): void {
    upstream.destroy();
    this.cut();
  }

  /** Sends what is held back. */
  flush(): void {
    if (this.#headers === undefined) return;
    const held = this.#held;
    this.#writeHead();
    if (held === undefined) this.#response.flushHeaders();
    else this.#response.write(held);
    this.#held = undefined;
  }

  // As one string, head and body leave in one write; as a string and a buffer they need a writev,
  // which takes twice as long.
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
    // Otherwise the client's next request would come on a connection that is about to end.
    if (this.#server.isDraining) this.#response.shouldKeepAlive = false;
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

/** Whether a body follows the head, of any length but 0. */
export function hasBody(request: IncomingMessage): boolean {
  // Read from Node's parser, which frames the message; the two agree or it refused the request.
  const { headers } = request;
  return (
    headers["transfer-encoding"] !== undefined ||
    (headers["content-length"] !== undefined && Number(headers["content-length"]) !== 0)
  );
}
