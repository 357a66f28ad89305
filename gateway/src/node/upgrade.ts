/** WebSocket upgrades: decided like any request, then the two sockets are joined. */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { GatewayCore } from "../core.ts";
import { isAuthz } from "../reverse-proxies/authz.ts";
import { WEBSOCKET_PROTOCOL } from "../request/credential.ts";
import { Exchange } from "../exchange/exchange.ts";
import type { Upgrade } from "../exchange/client-side.ts";
import { GatewayResponse, NodeClient, hasBody, type GatewaySocket } from "./node-client.ts";
import { headOf } from "./request-head.ts";

export interface UpgradeConnection {
  readonly socket: Duplex;
  /** Bytes that the client sent after the head of the request. */
  readonly head: Buffer;
}

/**
 * Whether to upgrade. The gateway serves other requests as if they had no `Upgrade`: those with a
 * body, whose bytes look like the new protocol; those after a request that is not answered yet,
 * whose connection still belongs to that answer; and those at `/authz`, where Caddy copies the headers of
 * the upgrade that it asks about.
 */
export function isWebSocketUpgrade(request: IncomingMessage): boolean {
  const socket = request.socket as GatewaySocket;
  const isFree = socket.gatewayResponse === undefined;
  const isWebSocket = request.headers.upgrade?.toLowerCase() === "websocket";
  // HTTP/1.0 has no upgrades (RFC 9110, section 7.8).
  const mayUpgrade = request.method === "GET" && request.httpVersion === "1.1";
  const isTaken = isFree && isWebSocket && mayUpgrade && !hasBody(request);
  if (isTaken && !isAuthz(request.url ?? "")) return true;
  // Node drops bytes that arrived together with the request, and would continue in the middle of them.
  socket.endsAfterAnswer = true;
  return false;
}

class UpgradeClient extends NodeClient {
  override readonly canUpgrade = true;
  readonly #request: IncomingMessage;
  readonly #response: GatewayResponse;
  readonly #connection: UpgradeConnection;
  #upstream: Duplex | undefined;

  constructor(request: IncomingMessage, response: GatewayResponse, connection: UpgradeConnection) {
    super(request, response, { server: { isStopping: false }, mustContinue: false });
    this.#request = request;
    this.#response = response;
    this.#connection = connection;
    const { socket } = connection;
    socket.on("error", () => socket.destroy());
    // Until the upstream has switched nothing reads the socket, and only this notices a client that left.
    socket.on("readable", this.#onReadable).on("end", this.#onEnd);
  }

  override get isCommitted(): boolean {
    return this.#upstream !== undefined || super.isCommitted;
  }

  override upgrade({ status, headers, upstream }: Upgrade, idleTimeoutMs: number): void {
    const { socket, head } = this.#connection;
    this.#upstream = upstream;
    socket.off("readable", this.#onReadable).off("end", this.#onEnd);
    // This socket carries the traffic of both directions, so its timeout covers both.
    (socket as Socket).setTimeout(idleTimeoutMs, () => socket.destroy());
    this.#response.detachSocket(socket as Socket);
    socket.write(headText(status, this.#withProtocol(headers)), "latin1");
    if (head.length > 0) upstream.write(head);
    join(socket, upstream, () => this.#response.exchange?.onClose());
  }

  override cut(): void {
    if (this.#upstream === undefined) {
      super.cut();
      return;
    }
    this.#upstream.destroy();
    this.#connection.socket.destroy();
  }

  readonly #onReadable = (): void => {
    const { socket } = this.#connection;
    // Early frames stay in the buffer for the upstream. An empty buffer is the end of the stream.
    if (socket.readableLength === 0) socket.read();
  };

  readonly #onEnd = (): void => {
    this.#connection.socket.destroy();
  };

  // Browsers fail a connection when they offered protocols and the server selected no protocol.
  #withProtocol(headers: readonly string[]): readonly string[] {
    const offered = this.#request.headers["sec-websocket-protocol"]?.split(",") ?? [];
    const isSelected = headers.some(
      (name, index) => index % 2 === 0 && name === "sec-websocket-protocol",
    );
    return isSelected || !offered.some((entry) => entry.trim() === WEBSOCKET_PROTOCOL)
      ? headers
      : [...headers, "sec-websocket-protocol", WEBSOCKET_PROTOCOL];
  }
}

export function handleUpgrade(
  core: GatewayCore,
  request: IncomingMessage,
  connection: UpgradeConnection,
): void {
  const response = new GatewayResponse(request);
  // A refusal is an ordinary response. The connection ends after it, since its parser is gone.
  response.shouldKeepAlive = false;
  response.assignSocket(connection.socket as Socket);
  response.once("finish", () => connection.socket.end());
  const client = new UpgradeClient(request, response, connection);
  const exchange = new Exchange(core.exchangeDeps, client, headOf(request));
  client.attach(exchange);
  exchange.start();
}

function headText(status: number, headers: readonly string[]): string {
  let text = `HTTP/1.1 ${status} Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n`;
  for (let index = 0; index < headers.length; index += 2) {
    text += `${headers[index] ?? ""}: ${headers[index + 1] ?? ""}\r\n`;
  }
  return `${text}\r\n`;
}

/** Time for the upstream to close after the client has closed and all its bytes were forwarded. */
const LINGER_MS = 1_000;

function join(client: Duplex, upstream: Duplex, onClose: () => void): void {
  client.pipe(upstream).pipe(client);
  let timer: NodeJS.Timeout | undefined;
  upstream.on("finish", () => {
    timer = setTimeout(() => client.destroy(), LINGER_MS);
  });
  client.on("close", () => {
    clearTimeout(timer);
    upstream.destroy();
    onClose();
  });
  upstream.on("close", () => client.destroy());
  upstream.on("error", () => client.destroy());
}
