/** A server on a loopback port, closed with every connection that is still open. */
import { once } from "node:events";
import type { Server as HttpServer } from "node:http";
import type { AddressInfo, Server, Socket } from "node:net";

export interface Listening extends AsyncDisposable {
  readonly port: number;
  /** For example `http://127.0.0.1:4000`, without a slash at the end. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** @param port - 0, the default, lets the system choose a free port. */
export async function listen(server: Server | HttpServer, port = 0): Promise<Listening> {
  const open = new Set<Socket>();
  const track = (socket: Socket): void => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  };
  server.on("connection", track);
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const { port: bound } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    for (const socket of open) socket.destroy();
    await closed;
    server.off("connection", track);
  };
  return { port: bound, url: `http://127.0.0.1:${bound}`, close, [Symbol.asyncDispose]: close };
}
