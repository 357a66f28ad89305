/** Passes connections on, and can fail in the middle of them, as networks and load balancers do. */
import { connect, createServer, type Socket } from "node:net";
import { Transform } from "node:stream";
import { listen } from "./listen.ts";

/** A port of this machine, or the path of a Unix socket. */
export type RelayTarget = number | string;

export interface RelayOptions {
  /** New connections go to healthy targets while there are any. Default: every target is healthy. */
  readonly isHealthy?: (target: RelayTarget) => boolean;
}

export interface Relay extends AsyncDisposable {
  readonly port: number;
  /** Ends all connections, and new ones at once. */
  cut(): void;
  /** Stops passing data on open and new connections, without ending any. Nor does an end pass. */
  freeze(): void;
  /** The same on the open connections alone. New ones pass. */
  stall(): void;
  /** Passes everything `ms` milliseconds later. */
  slow(ms: number): void;
  /** Lets new connections pass again, without a delay. Frozen connections stay frozen. */
  restore(): void;
}

/** When TCP would notice that the other side is gone, with a short keep-alive. */
const NOTICED_AFTER_MS = 60_000;

function openTo(target: RelayTarget): Socket {
  return typeof target === "number" ? connect(target, "127.0.0.1") : connect(target);
}

/** The delay may change while data passes. */
function delayed(delayMs: () => number): Transform {
  let timer: NodeJS.Timeout | undefined;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const ms = delayMs();
      if (ms === 0) done(null, chunk);
      else timer = setTimeout(() => done(null, chunk), ms);
    },
    destroy(error, done) {
      clearTimeout(timer);
      done(error);
    },
  });
}

/** @param targets - Several are served in turn, as by a load balancer. */
export async function startRelay(
  targets: RelayTarget | readonly RelayTarget[],
  { isHealthy = () => true }: RelayOptions = {},
): Promise<Relay> {
  const all = [targets].flat();
  const open = new Set<Socket>();
  const stalled = new WeakSet<Socket>();
  let connections = 0;
  let state: "open" | "cut" | "frozen" = "open";
  let delayMs = 0;

  const keep = (socket: Socket): void => {
    open.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => open.delete(socket));
  };
  const join = (near: Socket, far: Socket): void => {
    const [there, back] = [delayed(() => delayMs), delayed(() => delayMs)];
    near.pipe(there).pipe(far);
    far.pipe(back).pipe(near);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      socket.once("close", () => {
        there.destroy();
        back.destroy();
        if (!stalled.has(other)) other.destroy();
        else setTimeout(() => other.destroy(), NOTICED_AFTER_MS).unref();
      });
    }
  };
  const server = createServer((near) => {
    keep(near);
    if (state === "frozen") return;
    const healthy = all.filter(isHealthy);
    const choice = healthy.length > 0 ? healthy : all;
    const target = choice[connections % choice.length];
    connections += 1;
    if (state === "cut" || target === undefined) {
      near.destroy();
      return;
    }
    const far = openTo(target);
    keep(far);
    join(near, far);
  });
  const { port, close } = await listen(server);

  const stall = (): void => {
    for (const socket of open) {
      stalled.add(socket);
      socket.unpipe().pause();
    }
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
    slow: (ms) => {
      delayMs = ms;
    },
    restore: () => {
      state = "open";
      delayMs = 0;
    },
    [Symbol.asyncDispose]: async () => {
      end();
      await close();
    },
  };
}
