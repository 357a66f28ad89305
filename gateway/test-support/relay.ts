/** Passes connections on, and can fail in the middle of them, as networks and balancers do. */
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface Relay extends AsyncDisposable {
  readonly port: number;
  /** Nothing passes any more through the connections that are open, and neither side is told. */
  freeze(): void;
  /** All connections end, and new ones at once. */
  cut(): void;
  /** New connections pass again. */
  restore(): void;
}

/** @param targetPorts - Served in turn, as by a balancer. */
export async function startRelay(...targetPorts: readonly number[]): Promise<Relay> {
  const open = new Set<Socket>();
  let connections = 0;
  let isCut = false;
  const server = createServer((near) => {
    near.on("error", () => {});
    const port = targetPorts[connections % targetPorts.length];
    connections += 1;
    if (isCut || port === undefined) {
      near.destroy();
      return;
    }
    const far = connect(port, "127.0.0.1");
    near.pipe(far).pipe(near);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        open.delete(socket);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const end = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    freeze: () => {
      for (const socket of open) socket.unpipe().pause();
    },
    cut: () => {
      isCut = true;
      end();
    },
    restore: () => {
      isCut = false;
    },
    [Symbol.asyncDispose]: async () => {
      end();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
