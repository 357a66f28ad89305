/** Serves the example applications in Bun or Deno, each on the port that the environment names. */
import { createServer } from "node:http";
import process from "node:process";
import { createApp as createExpress } from "../../examples/express.ts";
import { createApp as createFastify } from "../../examples/fastify.ts";
import { createHandler } from "../../examples/fetch.ts";
import { createApp as createHono } from "../../examples/hono.ts";
import { variants, type Variant } from "../variants.ts";
import type { SessionOptions } from "../../src/guard/session-options.ts";
import type { Place } from "./place.ts";

type Fetch = (request: Request) => Response | Promise<Response>;
interface Address {
  readonly hostname: string;
  readonly port: number;
}

const runtime = globalThis as {
  readonly Bun?: { serve(options: Address & { fetch: Fetch }): unknown };
  readonly Deno?: { serve(options: Address & { onListen(): void }, fetch: Fetch): unknown };
};

/** Serves with the runtime's own server. */
function serve(port: number, fetch: Fetch): void {
  const address = { hostname: "127.0.0.1", port };
  if (runtime.Bun) runtime.Bun.serve({ ...address, fetch });
  else if (runtime.Deno) runtime.Deno.serve({ ...address, onListen: () => {} }, fetch);
  else throw new Error("This program runs in Bun or Deno.");
}

const starts: Readonly<Record<string, (port: number, options: SessionOptions) => unknown>> = {
  fetch: (port, options) => serve(port, createHandler(options)),
  hono: (port, options) => {
    const app = createHono(options);
    serve(port, (request) => app.fetch(request));
  },
  express: (port, options) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    createServer(createExpress(options)).listen(port, "127.0.0.1", resolve);
    return promise;
  },
  fastify: (port, options) => createFastify(options).listen({ host: "127.0.0.1", port }),
};

for (const place of JSON.parse(process.env["PLACES"] ?? "[]") as Place[]) {
  const { adapter, issuer, port, variant } = place;
  const options = { issuer, audience: "orders", ...variants[variant as Variant] };
  await starts[adapter]?.(port, options);
}
