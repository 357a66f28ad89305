/**
 * Serves a Web-standard handler on loopback. A listener owns its sockets until `close()`. It answers
 * only requests with its own `Host` header, so a page that rebinds its DNS name to this machine gets 421.
 */
import { BridgeError } from "@breezeway/shared";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { NodeRequest, sendNodeResponse } from "srvx/node";
import type { Address, Part } from "./addresses.ts";

/** Longer than a development proxy keeps unused connections. */
const KEEP_ALIVE_MS = 65_000;

export interface Listener {
  close(): Promise<void>;
}

export type Handler = (request: Request) => Response | Promise<Response>;

/** @throws {BridgeError} CONFIG_INVALID, when the port is in use or may not be opened */
export async function listen(part: Part, address: Address, handler: Handler): Promise<Listener> {
  const servers: Server[] = [];
  try {
    for (const host of address.listenOn) {
      const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
        if (request.headers.host === address.authority) void answer(handler, request, response);
        else response.writeHead(421, { "content-type": "text/plain" }).end("Misdirected request\n");
      });
      if (await listening(server, { part, port: address.port, host })) servers.push(server);
    }
  } catch (error) {
    await closeAll(servers);
    throw error;
  }
  return { close: () => closeAll(servers) };
}

async function answer(
  handler: Handler,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await sendNodeResponse(
      response,
      await handler(new NodeRequest({ req: request, res: response })),
    );
  } catch {
    // The client disconnected during the response, or the handler threw. No complete response can be sent.
    response.destroy();
  }
}

interface Endpoint {
  readonly part: Part;
  readonly port: number;
  readonly host: string;
}

/** Resolves to false when this machine has no such address. Some machines have IPv6 disabled. */
async function listening(server: Server, { part, port, host }: Endpoint): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  server.once("error", (error: NodeJS.ErrnoException) => {
    const isAbsent = error.code === "EADDRNOTAVAIL" || error.code === "EAFNOSUPPORT";
    if (isAbsent && host === "::1") resolve(false);
    else reject(portError(part, port, error));
  });
  server.listen({ port, host, exclusive: true }, () => resolve(true));
  return await promise;
}

export function portError(part: Part, port: number, error: NodeJS.ErrnoException): Error {
  if (error.code !== "EADDRINUSE" && error.code !== "EACCES") return error;
  const fault =
    error.code === "EADDRINUSE" ? "is already in use" : "may not be opened by this user";
  return new BridgeError(
    "CONFIG_INVALID",
    `Port ${port} (${part}) ${fault}. Stop the program that uses it, or move all ports: BREEZEWAY_PORT=5000 npm start`,
    { cause: error, details: { port, part } },
  );
}

async function closeAll(servers: readonly Server[]): Promise<void> {
  await Promise.all(
    servers.map((server) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      // Event streams never end on their own.
      server.closeAllConnections();
      return promise;
    }),
  );
}
