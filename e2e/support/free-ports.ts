/** Finds a base port at which all ports of the demo are free. */
import { addressesFrom } from "@breezeway/demo";
import { createServer } from "node:net";

const LOWEST = 20_000;
// Below the range from which Linux takes the ports of outgoing connections.
const HIGHEST = 32_000;
const STEP = 32;

export async function freeBasePort(): Promise<number> {
  const count = (HIGHEST - LOWEST) / STEP;
  const first = Math.floor(Math.random() * count);
  for (let tried = 0; tried < count; tried += 1) {
    const base = LOWEST + ((first + tried) % count) * STEP;
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
