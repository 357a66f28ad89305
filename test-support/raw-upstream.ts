/** An upstream that does not speak HTTP. */
import { createServer, type Socket } from "node:net";
import { listen } from "./listen.ts";

export interface RawUpstream extends AsyncDisposable {
  readonly url: string;
  /** The number of connections that were opened to it. */
  readonly connections: number;
}

/** @param onRequest - Called for each piece that arrives, with the number of pieces so far. */
export async function startRawUpstream(
  onRequest: (socket: Socket, count: number) => void,
): Promise<RawUpstream> {
  let connections = 0;
  let requests = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on("error", () => {});
    socket.on("data", () => onRequest(socket, (requests += 1)));
  });
  const { url, close } = await listen(server);
  return {
    url,
    get connections() {
      return connections;
    },
    [Symbol.asyncDispose]: close,
  };
}
