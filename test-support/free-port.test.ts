import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { freePort } from "./free-port.ts";

test("skips a block of ports of which one is in use, and returns none twice in a row", async () => {
  const taken = await freePort(3);
  const server = createServer().listen(taken + 2, "127.0.0.1");
  await once(server, "listening");
  const given: number[] = [];
  // More often than a worker has blocks.
  for (let count = 0; count < 40; count += 1) given.push(await freePort(3));
  expect(given).not.toContain(taken);
  expect(given.filter((port, index) => port === given[index - 1])).toEqual([]);
  server.close();
});
