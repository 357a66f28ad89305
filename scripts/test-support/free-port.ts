/**
 * Ports for what must know its port before it listens, or has to come back to it. The system's own
 * choice is no help there: once given back, it goes to whoever asks next.
 */
import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import process from "node:process";

// Above the ports of the demo and of `breezeway dev`; below those of the browser tests, and those
// that the system chooses.
const LOWEST = 10_240;
const HIGHEST = 20_000;
const BLOCK = 32;
const WORKERS = 8;
const BLOCKS_PER_WORKER = Math.floor((HIGHEST - LOWEST) / BLOCK / WORKERS);

let next = randomInt(BLOCKS_PER_WORKER);

/**
 * A port on which nobody listens, nor on the `following` ones after it (0 to 31). Workers look in
 * blocks of their own: between the look and the use, another could take the port.
 */
export async function freePort(following = 0): Promise<number> {
  const worker = Number(process.env["VITEST_POOL_ID"] ?? 0) % WORKERS;
  for (let tried = 0; tried < BLOCKS_PER_WORKER; tried += 1) {
    const block = next * WORKERS + worker;
    next = (next + 1) % BLOCKS_PER_WORKER;
    const first = LOWEST + block * BLOCK;
    const ports = Array.from({ length: following + 1 }, (_, index) => first + index);
    const free = await Promise.all(
      ports.flatMap((port) => [isFree(port, "127.0.0.1"), isFree(port, "::1")]),
    );
    if (free.every(Boolean)) return first;
  }
  throw new Error("no free port");
}

async function isFree(port: number, host: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code !== "EADDRINUSE"));
  server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  return promise;
}
