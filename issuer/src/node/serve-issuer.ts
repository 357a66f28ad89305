import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { BridgeError } from "@breezeway/shared";
import type { Issuer } from "../create-issuer.ts";
import type { ProxyOptions } from "./client-address.ts";
import { toNodeHandler } from "./node-handler.ts";

export interface ServeOptions extends ProxyOptions {
  /** 0 to 65535; 0 takes a free one. */
  readonly port: number;
  /** Default: loopback only. */
  readonly host?: string;
}

export interface IssuerServer {
  /** Where the server listens, such as `http://127.0.0.1:4000`. */
  readonly url: string;
  /** Ends open connections and the listener. Does not close the issuer. */
  close(): Promise<void>;
}

/**
 * Serves an issuer on a port of its own, once it is ready.
 *
 * @throws {BridgeError} CONFIG_INVALID when the port cannot be had or an option is wrong; and what `issuer.ready` rejects
 * with
 */
export async function serveIssuer(
  issuer: Issuer,
  { port, host = "127.0.0.1", ...proxies }: ServeOptions,
): Promise<IssuerServer> {
  await issuer.ready;
  const server = createServer(
    { requestTimeout: 30_000, headersTimeout: 10_000 },
    toNodeHandler(issuer, proxies),
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why =
        error.code === "EADDRINUSE" ? "is already in use" : `cannot be had (${error.code})`;
      reject(
        new BridgeError("CONFIG_INVALID", `port: ${port} on ${host} ${why}; choose another.`, {
          cause: error,
        }),
      );
    });
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  const hostname = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return {
    url: `http://${hostname}:${address.port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}
