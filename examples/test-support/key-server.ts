/** An issuer's JWKS endpoint on a real socket, with bad ones beside it. Counts requests per path. */
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { keySetOf, type CaseKeys, type KeySetEntry } from "./case-keys.ts";

export interface KeyServer extends AsyncDisposable {
  url(path: string): string;
  hits(path: string): number;
}

/** Endpoints that a program must take for an outage, although a good token's key is behind each. */
export const BAD_KEY_PATHS = ["/cut-off", "/redirects", "/too-large", "/private"] as const;

/** Serves the table's public keys and some others at every path that is not one of {@link BAD_KEY_PATHS}. */
export async function startKeyServer(
  keys: CaseKeys,
  others: readonly KeySetEntry[],
): Promise<KeyServer> {
  const published = [...keySetOf(keys), ...others];
  const hits = new Map<string, number>();
  const send = (response: ServerResponse, list: readonly object[], more: object = {}): void => {
    response
      .setHeader("content-type", "application/json")
      .end(JSON.stringify({ keys: list, ...more }));
  };
  const server = createServer((request, response) => {
    const path = request.url ?? "/";
    hits.set(path, (hits.get(path) ?? 0) + 1);
    if (path === "/cut-off") response.destroy();
    else if (path === "/redirects") response.writeHead(302, { location: "/good" }).end();
    else if (path === "/too-large") send(response, published, { padding: "x".repeat(100_000) });
    else if (path === "/private") send(response, withPrivatePart(published, keys));
    else send(response, published);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: (path) => `http://127.0.0.1:${port}${path}`,
    hits: (path) => hits.get(path) ?? 0,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function withPrivatePart(entries: readonly KeySetEntry[], keys: CaseKeys): readonly object[] {
  const { d } = keys.published.privateKey.export({ format: "jwk" });
  return entries.map((entry) => (entry["kid"] === keys.published.kid ? { ...entry, d } : entry));
}
