/** A Redis of a test's own. */
import { createClient } from "redis";
import { freePort } from "./free-port.ts";
import { findProgram, startProgram, type RunningProgram } from "./processes.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** `undefined` where Redis is not installed; the tests that need it are then reported as skipped. */
export const redisServer: string | undefined = findProgram("redis-server");

export interface Redis extends AsyncDisposable {
  readonly url: string;
  readonly server: RunningProgram;
  readonly client: {
    destroy(): void;
    flushAll(): Promise<unknown>;
    sendCommand(words: string[]): Promise<unknown>;
  };
}

export async function startRedis(onPort?: number): Promise<Redis> {
  const folder = temporaryFolder();
  const port = onPort ?? (await freePort());
  const args = ["--port", String(port), "--save", "", "--dir", folder.path];
  const server = await startProgram(redisServer ?? "", args, port);
  const url = `redis://127.0.0.1:${port}`;
  const client = createClient({ url });
  client.on("error", () => {});
  await client.connect();
  return {
    url,
    server,
    client,
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      // A stopped process ends only after it continues.
      server.child.kill("SIGCONT");
      await server[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}
