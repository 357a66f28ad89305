/** A JWKS endpoint on a real socket whose answers a test chooses. Every path serves it. */
import { createServer, type RequestListener } from "node:http";
import { listen } from "./listen.ts";

export interface JwksServer extends AsyncDisposable {
  readonly url: string;
  /** The address of another path, for example `/slow`. */
  urlOf(path: string): string;
  /** The requests so far, to one path or to all of them. */
  hits(path?: string): number;
  /** Chooses how the next requests are answered. */
  answer(listener: RequestListener): void;
  /** Answers the next requests with these keys. */
  serve(...keys: readonly object[]): void;
}

export async function createJwksServer(...keys: readonly object[]): Promise<JwksServer> {
  const paths: string[] = [];
  let listener: RequestListener;
  const serve = (...served: readonly object[]): void => {
    listener = (_request, response) => {
      response.setHeader("content-type", "application/json").end(JSON.stringify({ keys: served }));
    };
  };
  serve(...keys);
  const server = createServer((request, response) => {
    paths.push(request.url ?? "/");
    listener(request, response);
  });
  const { url, close } = await listen(server);
  return {
    url: `${url}/jwks.json`,
    urlOf: (path) => url + path,
    hits: (path) => paths.filter((hit) => path === undefined || hit === path).length,
    answer: (next) => {
      listener = next;
    },
    serve,
    [Symbol.asyncDispose]: close,
  };
}
