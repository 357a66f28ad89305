/**
 * Ports for servers that must know their port before they listen, or that return to it. A port of the
 * system's choice does not do: once it is free again, the system gives it to the next program.
 */
import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import process from "node:process";

const BLOCK = 32;

export interface PortRange {
  readonly lowest: number;
  readonly highest: number;
  /** How many workers share the range. */
  readonly workers: number;
}

export interface Socket {
  readonly port: number;
  readonly host: string;
}

/**
 * Finds the first port of a block in which all wanted sockets are free. Workers look in blocks of
 * their own: between the look and the use, another one could take the port.
 */
export function createPortFinder({ lowest, highest, workers }: PortRange) {
  const blocksPerWorker = Math.floor((highest - lowest) / BLOCK / workers);
  let next = randomInt(blocksPerWorker);

  return async (worker: number, wanted: (first: number) => readonly Socket[]): Promise<number> => {
    for (let tried = 0; tried < blocksPerWorker; tried += 1) {
      const block = next * workers + (worker % workers);
      next = (next + 1) % blocksPerWorker;
      const first = lowest + block * BLOCK;
      const free = await Promise.all(wanted(first).map(isFree));
      if (free.every(Boolean)) return first;
    }
    throw new Error(`No free block of ports between ${lowest} and ${highest}.`);
  };
}

// Above the ports of the demo and of `breezeway dev`; below those of the browser tests, and those
// that the system chooses.
const find = createPortFinder({ lowest: 10_240, highest: 20_000, workers: 8 });

/** A port that is free on both loopback addresses, as are the `following` ports after it (0 to 31). */
export function freePort(following = 0): Promise<number> {
  return find(Number(process.env["VITEST_POOL_ID"] ?? 0), (first) =>
    Array.from({ length: following + 1 }, (_, index) => first + index).flatMap((port) => [
      { port, host: "127.0.0.1" },
      { port, host: "::1" },
    ]),
  );
}

async function isFree({ port, host }: Socket): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code !== "EADDRINUSE"));
  server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  return promise;
}
