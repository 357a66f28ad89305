/** Sends requests over plain sockets that stay open, each with one request at a time. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { paced, RATES } from "./paced.ts";

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export interface Connections extends Disposable {
  /** Sends a request as soon as a connection is free. */
  ask(request: string): Promise<Answer>;
  /** Sends each request once, as fast as answers come. Resolves with the answers in the order of the requests. */
  send(requests: readonly string[]): Promise<readonly Answer[]>;
  /** As `send`, at random times, so many per second on average. */
  sendPaced(requests: readonly string[], perSecond: number): Promise<readonly Answer[]>;
}

/** Opens a connection when a request needs it: a server gives up a new connection that sends nothing. */
export function openConnections(port: number, count: number): Connections {
  const sockets = new Set<Socket>();
  const free: Socket[] = [];
  let opened = 0;
  const waiting: PromiseWithResolvers<Socket>[] = [];
  const openOne = async (): Promise<Socket> => {
    const socket = await open(port);
    sockets.add(socket);
    return socket;
  };
  const acquire = (): Promise<Socket> => {
    const socket = free.pop();
    if (socket) return Promise.resolve(socket);
    if (opened < count) {
      opened += 1;
      return openOne();
    }
    const turn = Promise.withResolvers<Socket>();
    waiting.push(turn);
    return turn.promise;
  };
  const release = (socket: Socket): void => {
    const next = waiting.shift();
    if (next) next.resolve(socket);
    else free.push(socket);
  };
  /** A server closes a connection that was idle for long. */
  const usable = async (socket: Socket): Promise<Socket> => {
    if (socket.writable && !socket.readableEnded) return socket;
    sockets.delete(socket);
    return openOne();
  };
  const ask = async (request: string): Promise<Answer> => {
    const socket = await usable(await acquire());
    const answer = await exchange(socket, request);
    release(socket);
    return answer;
  };
  return {
    ask,
    send: (requests) => Promise.all(requests.map(ask)),
    sendPaced: (requests, perSecond) =>
      paced(requests.length, perSecond, (n) => ask(requests[n] ?? "")),
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.setNoDelay(true).setEncoding("latin1");
  // `close` follows, which tells who waits for an answer.
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

function exchange(socket: Socket, request: string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  let text = "";
  const settle = (): void => {
    socket.off("data", onData);
    socket.off("close", onClose);
  };
  const onData = (chunk: string): void => {
    text += chunk;
    if (!isWhole(text)) return;
    settle();
    resolve({ status: Number(text.slice(9, 12)), text });
  };
  const onClose = (): void => {
    settle();
    reject(new Error("The server closed a connection."));
  };
  socket.on("data", onData);
  socket.on("close", onClose);
  socket.write(request);
  return promise;
}

function isWhole(text: string): boolean {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd === -1) return false;
  const length = /\r\ncontent-length: (\d+)/iu.exec(text.slice(0, headEnd))?.[1];
  if (length === undefined) return text.endsWith("\r\n0\r\n\r\n");
  return text.length >= headEnd + 4 + Number(length);
}

export interface EventStreams extends Disposable {
  readonly heartbeats: number;
  readonly events: number;
}

/** Opens an event stream for each cookie, at random times, and reads all of them. */
export async function openStreams(port: number, cookies: readonly string[]): Promise<EventStreams> {
  const sockets: Socket[] = [];
  const counts = { heartbeats: 0, events: 0 };
  const openOne = async (cookie: string): Promise<void> => {
    const socket = await open(port);
    sockets.push(socket);
    socket.write(
      `GET /auth/session/events HTTP/1.1\r\nHost: 127.0.0.1:4000\r\nAccept: text/event-stream\r\nCookie: ${cookie}\r\n\r\n`,
    );
    const [head] = (await once(socket, "data")) as [string];
    if (!head.startsWith("HTTP/1.1 200")) throw new Error(head);
    socket.on("data", (text: string) => {
      counts.heartbeats += text.split(": heartbeat").length - 1;
      counts.events += text.split("event: ").length - 1;
    });
  };
  await paced(cookies.length, RATES.streams, (n) => openOne(cookies[n] ?? ""));
  return {
    get heartbeats() {
      return counts.heartbeats;
    },
    get events() {
      return counts.events;
    },
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** As a page sends it. */
export function issuerRequest(method: "GET" | "POST", path: string, cookie: string): string {
  return head(method, path, cookie) + "\r\n";
}

export function mintRequest(cookie: string, appId = "orders"): string {
  const body = JSON.stringify({ appId });
  const content = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
  return `${head("POST", "/session/token", cookie)}${content}\r\n${body}`;
}

function head(method: string, path: string, cookie: string): string {
  const length = method === "POST" && path === "/session/refresh" ? "Content-Length: 0\r\n" : "";
  return `${method} /auth${path} HTTP/1.1\r\nHost: 127.0.0.1:4000\r\nAccept: */*\r\nAccept-Language: en\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nSec-Fetch-Site: same-origin\r\nX-Breezeway-Request: 1\r\nCookie: ${cookie}\r\n${length}`;
}

/** As an app's page sends it. */
export function gatewayRequest(token: string): string {
  return `GET /orders/7?full=1 HTTP/1.1\r\nHost: gateway\r\nAccept: application/json\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept-Language: en\r\nOrigin: https://orders.example\r\nAuthorization: Bearer ${token}\r\n\r\n`;
}

/** @throws {Error} when an answer has another status than 2xx */
export function assertSucceeded(answers: readonly Answer[]): void {
  const failed = answers.find(({ status }) => status < 200 || status > 299);
  if (failed) throw new Error(failed.text.slice(0, 500));
}
