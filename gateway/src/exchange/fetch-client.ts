/** The client side of an exchange for the Web-standard `fetch` handler. */
import { Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import type { Answer } from "../answer/refusal.ts";
import type { RequestHead } from "../request/request-head.ts";
import type { ClientListener, ClientSide, Upgrade } from "./client-side.ts";
import { LimitedBody } from "./limited-body.ts";

// Statuses whose Response must not have a body (https://fetch.spec.whatwg.org/#null-body-status).
const NULL_BODY: ReadonlySet<number> = new Set([101, 204, 205, 304]);

export class FetchClient implements ClientSide {
  readonly canUpgrade = false;
  // A Request has no trailers.
  readonly trailers: readonly string[] = [];
  isCommitted = false;
  readonly response: Promise<Response>;
  readonly #request: Request;
  readonly #resolve: (response: Response) => void;
  #stream: ReadableStreamDefaultController<Uint8Array> | undefined;
  #listener: ClientListener | undefined;

  constructor(request: Request) {
    this.#request = request;
    const { promise, resolve } = Promise.withResolvers<Response>();
    this.response = promise;
    this.#resolve = resolve;
  }

  attach(listener: ClientListener): void {
    this.#listener = listener;
    this.#request.signal.addEventListener("abort", () => listener.onClose(), { once: true });
  }

  body(maxBytes: number): Readable | null {
    const { body } = this.#request;
    if (body === null) return null;
    return new LimitedBody(Readable.fromWeb(body as NodeReadableStream<Uint8Array>), maxBytes);
  }

  answer({ status, headers, body }: Answer): void {
    const content = NULL_BODY.has(status) ? null : body;
    this.#resolve(new Response(content, { status, headers: toHeaders(headers) }));
  }

  start(status: number, headers: string[]): void {
    this.isCommitted = true;
    if (NULL_BODY.has(status) || this.#request.method === "HEAD") {
      this.#resolve(new Response(null, { status, headers: toHeaders(headers) }));
      return;
    }
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#stream = controller;
        },
        pull: () => this.#listener?.onDrain(),
        cancel: () => this.#listener?.onClose(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: 65_536 }),
    );
    this.#resolve(new Response(stream, { status, headers: toHeaders(headers) }));
  }

  write(chunk: Buffer): boolean {
    this.#stream?.enqueue(new Uint8Array(chunk));
    return (this.#stream?.desiredSize ?? 1) > 0;
  }

  end(): void {
    this.#stream?.close();
  }

  cut(): void {
    this.#stream?.error(new Error("The upstream ended its answer too early."));
  }

  upgrade({ upstream }: Upgrade): void {
    // A Response cannot carry a connection. The exchange never requests an upgrade here.
    upstream.destroy();
  }
}

/** The head of a Web-standard request. */
export function headOfRequest(request: Request): RequestHead {
  const url = new URL(request.url);
  const rawHeaders: string[] = ["host", url.host];
  for (const [name, value] of request.headers) {
    // URL and body are authoritative, and these headers only describe them. Upgrades need the
    // connection, which a Request does not have.
    if (name === "host" || name === "upgrade" || name === "connection") continue;
    if (name === "transfer-encoding" || name === "expect") continue;
    if (name === "content-length" && request.body === null) continue;
    rawHeaders.push(name, value);
  }
  return {
    method: request.method,
    target: url.pathname + url.search,
    rawHeaders,
    peerAddress: undefined,
    encrypted: url.protocol === "https:",
  };
}

function toHeaders(list: readonly string[]): Headers {
  const headers = new Headers();
  for (let index = 0; index < list.length; index += 2) {
    headers.append(list[index] as string, list[index + 1] as string);
  }
  return headers;
}
