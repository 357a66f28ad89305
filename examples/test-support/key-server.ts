/** The issuer's JWKS endpoint, with bad endpoints beside it. */
import type { ServerResponse } from "node:http";
import { createJwksServer, type JwksServer } from "@breezeway/test-support/jwks-server";
import { keySetOf, type CaseKeys, type KeySetEntry } from "./case-keys.ts";

/** Endpoints that a program must take for an outage, although each serves a good token's key. */
export const BAD_KEY_PATHS = ["/cut-off", "/redirects", "/too-large", "/private"] as const;

/** Serves the keys of the table and some others at every path, except at {@link BAD_KEY_PATHS}. */
export async function startKeyServer(
  keys: CaseKeys,
  others: readonly KeySetEntry[],
): Promise<JwksServer> {
  const published = [...keySetOf(keys), ...others];
  const send = (response: ServerResponse, list: readonly object[], more: object = {}): void => {
    response
      .setHeader("content-type", "application/json")
      .end(JSON.stringify({ keys: list, ...more }));
  };
  const server = await createJwksServer();
  server.answer(({ url }, response) => {
    if (url === "/cut-off") response.destroy();
    else if (url === "/redirects") response.writeHead(302, { location: "/good" }).end();
    else if (url === "/too-large") send(response, published, { padding: "x".repeat(100_000) });
    else if (url === "/private") send(response, withPrivatePart(published, keys));
    else send(response, published);
  });
  return server;
}

function withPrivatePart(entries: readonly KeySetEntry[], keys: CaseKeys): readonly object[] {
  const { d } = keys.published.privateKey.export({ format: "jwk" });
  return entries.map((entry) => (entry["kid"] === keys.published.kid ? { ...entry, d } : entry));
}
