/** Sends bytes and reads bytes, for requests that no HTTP client would send. */
import { connect } from "node:net";

/** Resolves to what arrived until the connection ended, or until `until` matched. */
export function sendRaw(url: string, text: string | Buffer, until?: RegExp): Promise<string> {
  const { hostname, port } = new URL(url);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let received = "";
  const socket = connect(Number(port), hostname, () => socket.write(text));
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => {
    received += chunk;
    if (until?.test(received) === true) socket.destroy();
  });
  socket.on("close", () => resolve(received));
  socket.on("error", (error: NodeJS.ErrnoException) => {
    // Bytes that were sent after the answer make the system reset the connection.
    if (error.code === "ECONNRESET" || error.code === "EPIPE") resolve(received);
    else reject(error);
  });
  return promise;
}

/** The status of the first answer in what {@link sendRaw} returned; 0 when there is no answer. */
export function statusOf(received: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(received)?.[1] ?? 0);
}
