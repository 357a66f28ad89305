/**
 * An HTTP server for this machine only. It answers requests for its own host name alone, so a page that
 * rebinds its DNS name to this machine gets nothing.
 */
import { createServer, type RequestListener, type Server } from "node:http";
import { BridgeError } from "@breezeway/shared";

/** Longer than a development proxy keeps unused connections. */
const KEEP_ALIVE_MS = 65_000;

export interface LoopbackSite {
  readonly hostname: "localhost" | "127.0.0.1";
  readonly port: number;
}

/** @throws {BridgeError} CONFIG_INVALID when the port cannot be opened */
export async function serveOnLoopback(
  { hostname, port }: LoopbackSite,
  answer: RequestListener,
): Promise<AsyncDisposable> {
  await using servers = new AsyncDisposableStack();
  // Browsers may use either address for `localhost`.
  for (const address of hostname === "localhost" ? ["127.0.0.1", "::1"] : ["127.0.0.1"]) {
    const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
      if (request.headers.host === `${hostname}:${port}`) answer(request, response);
      else response.writeHead(421, { "content-type": "text/plain" }).end("Misdirected request\n");
    });
    if (await listens(server, port, address)) servers.adopt(server, close);
  }
  return servers.move();
}

/** False when this machine lacks the address, since IPv6 may be switched off. */
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

/** The error for a port that cannot be opened. It names the flag that chooses the port. */
export function portError(port: number, cause: unknown): BridgeError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  const fault =
    code === "EADDRINUSE" ? "is already in use" : `cannot be opened (${code ?? "unknown"})`;
  return new BridgeError(
    "CONFIG_INVALID",
    `--port: ${port} ${fault}. Stop the program that uses it, or pass another port: --port ${port + 10}.`,
    { cause },
  );
}

async function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  // Event streams would stay open.
  server.closeAllConnections();
  await promise;
}
