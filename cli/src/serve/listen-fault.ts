import { BridgeError } from "@breezeway/shared";

export interface Address {
  readonly host: string;
  readonly port: number | undefined;
}

/**
 * The error for a port that cannot be opened. It names the field that chooses the port.
 *
 * @param fields The fields of the file with their addresses. One of them caused the failure.
 * @param error The error that `serveIssuer` or `serveGateway` threw.
 */
export function listenFault(
  file: string,
  fields: Readonly<Record<string, Address>>,
  error: unknown,
): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  if (!isListenError(cause)) return error;
  const known = Object.entries(fields);
  // Node reports a host name as its address or, when the name has no address, without the port.
  const meant =
    known.find(([, { host, port }]) => host === cause.address && port === cause.port) ??
    known.find(([, { host }]) => host === cause.hostname) ??
    known.find(([, { port }]) => port === cause.port);
  const [field, { host, port }] = meant ?? known[0] ?? ["", { host: "", port: undefined }];
  return new BridgeError(
    "CONFIG_INVALID",
    `${file}: ${field}: port ${port} on ${host} ${faultOf(cause.code)}.`,
    { cause: error },
  );
}

/** https://nodejs.org/api/errors.html#class-systemerror */
interface ListenError {
  readonly code: string;
  readonly address?: string;
  readonly hostname?: string;
  /** Absent when the system chooses the port. */
  readonly port?: number;
}

function isListenError(cause: unknown): cause is ListenError {
  if (!(cause instanceof Error) || !("syscall" in cause) || !("code" in cause)) return false;
  return cause.syscall === "listen" || cause.syscall === "bind" || cause.syscall === "getaddrinfo";
}

function faultOf(code: string): string {
  switch (code) {
    case "EADDRINUSE":
      return "is already in use. Stop the program that uses it, or choose another port";
    case "EACCES":
      return "needs privileges that this user lacks. Choose a port above 1023";
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return "cannot be opened, because this machine has no such address";
    default:
      return `cannot be opened (${code})`;
  }
}
