/**
 * An HTTP server that only this machine reaches. It answers for the one name that it is known by,
 * so that a page that rebinds its own DNS name to this machine gets nothing.
 */
import { createServer, type RequestListener, type Server } from "node:http";
import { BridgeError } from "@breezeway/shared";

export interface LoopbackSite {
  readonly hostname: "localhost" | "127.0.0.1";
  readonly port: number;
}

/** @throws {BridgeError} CONFIG_INVALID when the port cannot be had */
export async function serveOnLoopback(
  { hostname, port }: LoopbackSite,
  answer: RequestListener,
): Promise<AsyncDisposable> {
  await using servers = new AsyncDisposableStack();
  // A browser may try either address for `localhost`.
  for (const address of hostname === "localhost" ? ["127.0.0.1", "::1"] : ["127.0.0.1"]) {
    const server = createServer((request, response) => {
      if (request.headers.host === `${hostname}:${port}`) answer(request, response);
      else response.writeHead(421, { "content-type": "text/plain" }).end("Misdirected request\n");
    });
    if (await listens(server, port, address)) servers.adopt(server, close);
  }
  return servers.move();
}

/** False when this machine has no such address: IPv6 is switched off on some. */
async function listens(server: Server, port: number, address: string): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  server.once("error", (error: NodeJS.ErrnoException) => {
    const isAbsent = error.code === "EADDRNOTAVAIL" || error.code === "EAFNOSUPPORT";
    if (isAbsent && address === "::1") resolve(false);
    else reject(portError(port, error));
  });
  server.listen({ port, host: address, exclusive: true }, () => resolve(true));
  return await promise;
}

/** A port that cannot be had, by the flag that chooses it. */
export function portError(port: number, cause: unknown): BridgeError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  const fault =
    code === "EADDRINUSE" ? "is already in use" : `cannot be had (${code ?? "unknown"})`;
  return new BridgeError(
    "CONFIG_INVALID",
    `--port: ${port} ${fault}. Stop what holds it, or choose another: --port ${port + 10}.`,
    { cause },
  );
}

async function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  // Event streams never end by themselves.
  server.closeAllConnections();
  await promise;
}
