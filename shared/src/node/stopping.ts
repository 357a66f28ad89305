/**
 * Stops a server so that a reverse proxy in front loses no request.
 *
 * A proxy keeps unused connections, and learns that one was closed only after it may have sent a request
 * into it; it must not repeat a POST. So the port closes first. Connections stay open for
 * {@link LINGER_MS} more, in which the proxy is refused a new connection and moves to another process.
 */
import type { Server } from "node:http";
import { Server as NetServer } from "node:net";

/** Time for reverse proxies to leave the connections that they keep, in milliseconds. */
export const LINGER_MS = 1_000;

/**
 * Closes the port. Open connections stay: end the answers on them with `connection: close`. Connections
 * that wait for a request are closed after {@link LINGER_MS}.
 *
 * @returns when no connection is open any more
 */
export function stopListening(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  // The method of the HTTP server would also close the connections that wait for a request.
  NetServer.prototype.close.call(server, () => resolve());
  // Each time also those whose answer had begun before the port closed.
  const sweep = setInterval(() => server.closeIdleConnections(), LINGER_MS);
  return promise.finally(() => {
    clearInterval(sweep);
    // Ends the timer with which the HTTP server looks for slow requests.
    server.close();
  });
}

/** Resolves when `done` has settled, or after `ms` milliseconds. */
export async function settledWithin(done: Promise<unknown>, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([done, promise]).finally(() => clearTimeout(timer));
}

/** A wait that somebody can cut short. */
export interface Delay {
  /** Resolves after `ms` milliseconds, or when `end` is called. */
  wait(ms: number): Promise<void>;
  end(): void;
}

export function createDelay(): Delay {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    wait: (ms) => (ms > 0 ? settledWithin(promise, ms) : Promise.resolve()),
    end: resolve,
  };
}
