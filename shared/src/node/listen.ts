/** Opens the port of a server, and names the address that it got. */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { BridgeError } from "../errors/bridge-error.ts";

export interface ListenAddress {
  readonly port: number;
  readonly host: string;
  /** Lets several processes listen on the port. Default false. */
  readonly reusePort?: boolean | undefined;
}

/**
 * Resolves once the server listens.
 *
 * @param option The option that chooses the port, for the message: `serveIssuer: port`.
 * @throws {BridgeError} CONFIG_INVALID, when the port cannot be opened. Its `cause` is Node's error.
 */
export async function listen(
  server: Server,
  { port, host, reusePort = false }: ListenAddress,
  option: string,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  // Otherwise a cluster's primary would accept the connections, and lose those that it hands to a worker
  // that has just exited.
  server.listen({ port, host, reusePort, exclusive: true }, resolve);
  try {
    await promise;
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    const why = code === "EADDRINUSE" ? "is already in use" : `is not available (${code})`;
    const message = `${option}: ${port} on ${host} ${why}. Choose another port.`;
    throw new BridgeError("CONFIG_INVALID", message, { cause: error });
  } finally {
    server.off("error", reject);
  }
}

/** `http://127.0.0.1:4001`, of a server that listens. */
export function urlOf(server: Pick<Server, "address">): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}
