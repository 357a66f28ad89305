/** Sends load over plain sockets: some connections, each with one request at a time. */
import { connect, type Socket } from "node:net";

export interface Load {
  readonly port: number;
  readonly connections: number;
  /** Stops after this time, or when `token` returns nothing. */
  readonly durationMs: number;
  /** The token of the next request; `undefined` ends the connection's part. */
  readonly token: () => string | undefined;
}

export interface LoadResult {
  readonly count: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The number of answers with another status than 200. */
  readonly failures: number;
}

export async function applyLoad({
  port,
  connections,
  durationMs,
  token,
}: Load): Promise<LoadResult> {
  const latencies: number[] = [];
  let failures = 0;
  const startedAt = performance.now();
  const endsAt = startedAt + durationMs;

  const drive = (socket: Socket): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let received = "";
    let sentAt = 0;
    const send = (): void => {
      const next = performance.now() < endsAt ? token() : undefined;
      if (next === undefined) {
        socket.destroy();
        resolve();
        return;
      }
      sentAt = performance.now();
      socket.write(
        `GET /orders/7?full=1 HTTP/1.1\r\nHost: gateway\r\nAccept: application/json\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept-Language: en\r\nOrigin: https://orders.example\r\nAuthorization: Bearer ${next}\r\n\r\n`,
      );
    };
    socket.setNoDelay(true).setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      received += chunk;
      if (!isWhole(received)) return;
      latencies.push(performance.now() - sentAt);
      if (!received.startsWith("HTTP/1.1 200")) failures += 1;
      received = "";
      send();
    });
    socket.on("error", reject);
    socket.on("connect", send);
    return promise;
  };

  const sockets = Array.from({ length: connections }, () => connect(port, "127.0.0.1"));
  await Promise.all(sockets.map(drive));
  const seconds = (performance.now() - startedAt) / 1_000;
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0;
  return {
    count: latencies.length,
    perSecond: latencies.length / seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    failures,
  };
}

function isWhole(received: string): boolean {
  const headEnd = received.indexOf("\r\n\r\n");
  if (headEnd === -1) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(received.slice(0, headEnd))?.[1];
  return length === undefined
    ? received.endsWith("\r\n0\r\n\r\n")
    : received.length >= headEnd + 4 + Number(length);
}
