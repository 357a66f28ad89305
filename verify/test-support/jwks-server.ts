/** A JWKS endpoint on a real socket whose answers a test chooses. */
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

export interface JwksServer extends AsyncDisposable {
  readonly url: string;
  readonly hits: () => number;
  /** What the next requests are answered with. */
  answer(listener: RequestListener): void;
  serve(...keys: readonly object[]): void;
}

export async function createJwksServer(...keys: readonly object[]): Promise<JwksServer> {
  let hits = 0;
  let listener: RequestListener;
  const serve = (...served: readonly object[]): void => {
    listener = (_request, response) => {
      response.setHeader("content-type", "application/json").end(JSON.stringify({ keys: served }));
    };
  };
  serve(...keys);
  const server = createServer((request, response) => {
    hits += 1;
    listener(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/jwks.json`,
    hits: () => hits,
    answer: (next) => {
      listener = next;
    },
    serve,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
