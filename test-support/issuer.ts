/** The two endpoints of an issuer that a verifier needs, on a real socket, with faults on demand. */
import { createServer, type ServerResponse } from "node:http";
import type { Revocation } from "@breezeway/shared/schemas";
import { openStream, revokedEvent, snapshotEvent } from "./feed-server.ts";
import { freePort } from "./free-port.ts";
import { listen, type Listening } from "./listen.ts";

export interface TestIssuer extends AsyncDisposable {
  /** The `iss` of its tokens. */
  readonly url: string;
  readonly feedUrl: string;
  /** Answers requests for the key set; a test replaces it to make them fail. */
  keys: (response: ServerResponse) => void;
  /** Revokes as of now, unless `atSeconds` says otherwise. */
  revoke(revocation: Omit<Revocation, "atSeconds"> & Partial<Pick<Revocation, "atSeconds">>): void;
  /** The number of feed readers that are connected now. */
  readonly followers: number;
  /** Ends all connections and accepts no new ones until `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export interface TestIssuerOptions {
  readonly jwks: { readonly keys: readonly object[] };
  /** The time between heartbeats on the feed. Default: 1 000 ms, as a real issuer's. */
  readonly heartbeatMs?: number;
}

export async function startIssuer({
  jwks,
  heartbeatMs = 1_000,
}: TestIssuerOptions): Promise<TestIssuer> {
  const followers = new Set<ServerResponse>();
  const log: Revocation[] = [];

  const server = createServer((request, response) => {
    if (request.url === "/auth/.well-known/jwks.json") {
      issuer.keys(response);
      return;
    }
    if (request.url !== "/auth/revocations") {
      response.writeHead(404).end();
      return;
    }
    openStream(response);
    const last = request.headers["last-event-id"];
    if (last === undefined) {
      response.write(snapshotEvent(log.length, ...log));
    } else {
      response.write(": resumed\n\n");
      log.slice(Number(last)).forEach((entry, index) => {
        response.write(revokedEvent(Number(last) + index + 1, entry));
      });
    }
    followers.add(response);
    const heartbeat = setInterval(() => response.write(": heartbeat\n\n"), heartbeatMs);
    response.on("close", () => {
      clearInterval(heartbeat);
      followers.delete(response);
    });
  });

  // The system would give a port of its own choice to another program while the issuer is stopped.
  const port = await freePort();
  let listening: Listening;
  const issuer: TestIssuer = {
    url: `http://127.0.0.1:${port}/auth`,
    feedUrl: `http://127.0.0.1:${port}/auth/revocations`,
    keys: (response) => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(jwks));
    },
    revoke: (revocation) => {
      const entry = { atSeconds: Math.floor(Date.now() / 1_000), ...revocation };
      log.push(entry);
      for (const follower of followers) follower.write(revokedEvent(log.length, entry));
    },
    get followers() {
      return followers.size;
    },
    stop: () => listening.close(),
    start: async () => {
      listening = await listen(server, port);
    },
    [Symbol.asyncDispose]: () => issuer.stop(),
  };
  await issuer.start();
  return issuer;
}
