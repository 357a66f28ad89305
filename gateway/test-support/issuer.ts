/** The two endpoints of an issuer that a gateway needs, on a real socket, with faults on demand. */
import { createServer, type ServerResponse } from "node:http";
import type { Revocation } from "@breezeway/shared/schemas";
import { freePort } from "../../scripts/test-support/free-port.ts";
import type { TokenMaker } from "./tokens.ts";

export interface TestIssuer extends AsyncDisposable {
  /** The `iss` of its tokens. */
  readonly url: string;
  readonly feedUrl: string;
  /** Answers to requests for the key set; replace it to make it fail. */
  keys: (response: ServerResponse) => void;
  /** As of now, unless it is told otherwise. */
  revoke(revocation: Omit<Revocation, "atSeconds"> & Partial<Pick<Revocation, "atSeconds">>): void;
  /** Followers of the feed that are connected now. */
  readonly followers: number;
  /** Ends all connections, and takes no new ones until `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** @param heartbeatMs - Between signs of life on the feed. Default: as a real issuer's. */
export async function startIssuer(tokens: TokenMaker, heartbeatMs = 1_000): Promise<TestIssuer> {
  const followers = new Set<ServerResponse>();
  const log: Revocation[] = [];
  const event = (entry: Revocation, seq: number): string =>
    `event: revoked\nid: ${seq}\ndata: ${JSON.stringify(entry)}\n\n`;

  const server = createServer((request, response) => {
    if (request.url === "/auth/.well-known/jwks.json") {
      issuer.keys(response);
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    const last = request.headers["last-event-id"];
    if (last === undefined) {
      const snapshot = { seq: log.length, revocations: log };
      response.write(`event: snapshot\ndata: ${JSON.stringify(snapshot)}\n\n`);
    } else {
      response.write(": resumed\n\n");
      log.slice(Number(last)).forEach((entry, index) => {
        response.write(event(entry, Number(last) + index + 1));
      });
    }
    followers.add(response);
    const heartbeat = setInterval(() => response.write(": heartbeat\n\n"), heartbeatMs);
    response.on("close", () => {
      clearInterval(heartbeat);
      followers.delete(response);
    });
  });

  // Not one of the system's choice: it would go to somebody else while the issuer is stopped.
  const port = await freePort();
  const issuer: TestIssuer = {
    url: `http://127.0.0.1:${port}/auth`,
    feedUrl: `http://127.0.0.1:${port}/auth/revocations`,
    keys: (response) => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(tokens.jwks));
    },
    revoke: (revocation) => {
      const entry = { atSeconds: Math.floor(Date.now() / 1_000), ...revocation };
      log.push(entry);
      for (const follower of followers) follower.write(event(entry, log.length));
    },
    get followers() {
      return followers.size;
    },
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
    start: async () => {
      await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    },
    [Symbol.asyncDispose]: () => (server.listening ? issuer.stop() : Promise.resolve()),
  };
  await issuer.start();
  return issuer;
}
