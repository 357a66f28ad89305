/** Finds a base port at which all ports of the demo are free. */
import { addressesFrom } from "@breezeway/demo";
import { createServer } from "node:net";
import process from "node:process";

// Up to 31 744: Linux takes the ports of outgoing connections from 32 768 on.
const LOWEST = 20_000;
const STEP = 32;
const WORKERS = 16;
const BLOCKS_PER_WORKER = 23;

/** Workers look in blocks of their own: between the look and the use, another could take the port. */
export async function freeBasePort(): Promise<number> {
  const worker = Number(process.env["TEST_PARALLEL_INDEX"] ?? 0) % WORKERS;
  const first = Math.floor(Math.random() * BLOCKS_PER_WORKER);
  for (let tried = 0; tried < BLOCKS_PER_WORKER; tried += 1) {
    const block = ((first + tried) % BLOCKS_PER_WORKER) * WORKERS + worker;
    const base = LOWEST + block * STEP;
    const addresses = Object.values(addressesFrom(base));
    const free = await Promise.all(
      addresses.flatMap(({ port, listenOn }) => listenOn.map((host) => isFree(port, host))),
    );
    if (free.every(Boolean)) return base;
  }
  throw new Error("no free block of ports");
}

async function isFree(port: number, host: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "EADDRINUSE"));
  server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  return promise;
}
