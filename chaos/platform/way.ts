/**
 * A TCP connection between two parts of the platform, as a fault finds it: it can refuse, swallow, delay,
 * and lose the state of its open connections. With several targets it is a load balancer, which sends new
 * connections in turn to those that answer its health checks.
 */
import { connect, createServer, type Socket } from "node:net";
import { Transform } from "node:stream";
import { listen } from "@breezeway/test-support/listen";

const CHECK_EVERY_MS = 500;
const CHECK_TIMEOUT_MS = 1_000;

/** A port of this machine, or the path of a Unix socket. */
export type Target = number | string;

export interface WayOptions {
  readonly targets: readonly Target[];
  /** The path of a health check that must answer 200. Default: every target counts as healthy. */
  readonly healthPath?: string;
}

export interface Way extends AsyncDisposable {
  readonly port: number;
  /** Ends all connections, and new ones at once. */
  cut(): void;
  /** Passes no data on open and new connections, and ends none. */
  freeze(): void;
  /** Passes no data on the open connections, and ends none. New ones pass. */
  halfOpen(): void;
  /** Passes everything, `ms` later. */
  slow(ms: number): void;
  /** Lets new connections pass. Frozen connections stay frozen. */
  restore(): void;
}

export async function createWay({ targets, healthPath }: WayOptions): Promise<Way> {
  const open = new Set<Socket>();
  const checks = createHealthChecks(healthPath === undefined ? [] : targets, healthPath ?? "");
  let state: "open" | "cut" | "frozen" = "open";
  let delayMs = 0;
  let connections = 0;

  const keep = (socket: Socket): void => {
    open.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => open.delete(socket));
  };
  const server = createServer((near) => {
    keep(near);
    if (state === "frozen") return;
    const healthy = targets.filter((target) => checks.isHealthy(target));
    const choice = healthy.length > 0 ? healthy : targets;
    const target = choice[connections % choice.length];
    connections += 1;
    if (state === "cut" || target === undefined) {
      near.destroy();
      return;
    }
    const far = openTo(target);
    keep(far);
    near.pipe(late(() => delayMs)).pipe(far);
    far.pipe(late(() => delayMs)).pipe(near);
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
    halfOpen: stall,
    slow: (ms) => {
      delayMs = ms;
    },
    restore: () => {
      state = "open";
      delayMs = 0;
    },
    [Symbol.asyncDispose]: async () => {
      checks.stop();
      end();
      await close();
    },
  };
}

function openTo(target: Target): Socket {
  return typeof target === "number" ? connect(target, "127.0.0.1") : connect(target);
}

function late(delayMs: () => number): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const ms = delayMs();
      if (ms === 0) done(null, chunk);
      else setTimeout(() => done(null, chunk), ms);
    },
  });
}

interface HealthChecks {
  isHealthy(target: Target): boolean;
  stop(): void;
}

function createHealthChecks(targets: readonly Target[], path: string): HealthChecks {
  const unhealthy = new Set<Target>();
  const check = async (target: Target): Promise<void> => {
    const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS);
    const answer = await fetch(`http://127.0.0.1:${target}${path}`, { signal }).catch(() => null);
    await answer?.body?.cancel().catch(() => {});
    if (answer?.ok === true) unhealthy.delete(target);
    else unhealthy.add(target);
  };
  const timer = setInterval(() => {
    for (const target of targets) void check(target);
  }, CHECK_EVERY_MS);
  return {
    isHealthy: (target) => !unhealthy.has(target),
    stop: () => clearInterval(timer),
  };
}
