import { afterAll, beforeAll, expect, it } from "vitest";
import { createServePlace, type ServePlace } from "../../test-support/serve-place.ts";
import { startServeProcess } from "../../test-support/serve-process.ts";

let place: ServePlace;

beforeAll(async () => {
  place = await createServePlace((_request, response) => response.end());
  // Longer than the test: only a second signal ends the process.
  place.write({ ...place.config, shutdown: { drainDelayMs: 60_000, graceMs: 3_000 } });
});

afterAll(() => place[Symbol.asyncDispose]());

it.each([
  ["SIGTERM", "SIGINT"],
  ["SIGINT", "SIGTERM"],
  ["SIGTERM", "SIGTERM"],
] as const)(
  "%s while serving starts the drain, and %s after it ends the process",
  async (...signals) => {
    const [first, second] = signals;
    await using server = await startServeProcess(place.file);
    server.kill(first);
    await server.nextLine("stopping");
    server.kill(second);
    expect(await server.exited).toEqual([null, second]);
  },
);
