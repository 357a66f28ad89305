/** What a verifier sees of an issuer: its keys and its revocation feed, on a real socket. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Revocation } from "@breezeway/shared/schemas";
import { openStream, snapshotEvent } from "./feed-server.ts";

export interface IssuerServer extends AsyncDisposable {
  readonly issuer: string;
}

export async function createIssuerServer(
  keys: readonly object[],
  revocations: readonly Revocation[] = [],
): Promise<IssuerServer> {
  const server = createServer((request, response) => {
    if (request.url === "/auth/.well-known/jwks.json") {
      response.setHeader("content-type", "application/json").end(JSON.stringify({ keys }));
    } else if (request.url === "/auth/revocations") {
      openStream(response).write(snapshotEvent(1, ...revocations));
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}/auth`,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
