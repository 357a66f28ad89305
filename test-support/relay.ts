/** Passes connections on, and can fail in the middle of them, as networks and load balancers do. */
import { connect, createServer, type Socket } from "node:net";
import { listen } from "./listen.ts";

export interface Relay extends AsyncDisposable {
  readonly port: number;
  /** Ends all connections, and new ones at once. */
  cut(): void;
  /** Stops passing data on open and new connections, without ending any. */
  freeze(): void;
  /** Stops passing data on the open connections. New ones pass. */
  stall(): void;
  /** Lets new connections pass again. Frozen connections stay frozen. */
  restore(): void;
}

/**
 * @param targets - Ports, or paths of Unix sockets, that are served in turn, as by a load balancer.
 */
export async function startRelay(...targets: readonly (number | string)[]): Promise<Relay> {
  const open = new Set<Socket>();
  let connections = 0;
  let state: "open" | "cut" | "frozen" = "open";

  const keep = (socket: Socket): void => {
    open.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => open.delete(socket));
  };
  const server = createServer((near) => {
    keep(near);
    const target = targets[connections % targets.length];
    connections += 1;
    if (state === "frozen") return;
    if (state === "cut" || target === undefined) {
      near.destroy();
      return;
    }
    const far = typeof target === "number" ? connect(target, "127.0.0.1") : connect(target);
    keep(far);
    near.pipe(far).pipe(near);
    near.once("close", () => far.destroy());
    far.once("close", () => near.destroy());
  });
  const { port, close } = await listen(server);

  const stall = (): void => {
    for (const socket of open) socket.unpipe().pause();
  };
  const end = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    port,
    cut: () => {
      state = "cut";
      end();
    },
    freeze: () => {
      state = "frozen";
      stall();
    },
    stall,
    restore: () => {
      state = "open";
    },
    [Symbol.asyncDispose]: async () => {
      end();
      await close();
    },
  };
}
