/** A service behind the gateway that is no HTTP server. */
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";

export interface RawUpstream extends AsyncDisposable {
  readonly url: string;
  /** Connections that were opened to it. */
  readonly connections: number;
}

/** @param onRequest - Called for each piece that arrives, with how many there were. */
export async function startRaw(
  onRequest: (socket: Socket, count: number) => void,
): Promise<RawUpstream> {
  const sockets = new Set<Socket>();
  let connections = 0;
  let requests = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", () => onRequest(socket, (requests += 1)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return connections;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
