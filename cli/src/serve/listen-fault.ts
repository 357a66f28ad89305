import { BridgeError } from "@breezeway/shared";

export interface Address {
  readonly host: string;
  readonly port: number | undefined;
}

/**
 * A port that cannot be had, by the field that chooses it.
 *
 * @param fields - Fields of the file and their addresses, of which the failure is about one.
 * @param error - What `serveIssuer` or `serveGateway` threw.
 */
export function listenFault(
  file: string,
  fields: Readonly<Record<string, Address>>,
  error: unknown,
): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  if (!isListenError(cause)) return error;
  const known = Object.entries(fields);
  // A name is told as the address that it has, or, when it has none, without the port.
  const meant =
    known.find(([, { host, port }]) => host === cause.address && port === cause.port) ??
    known.find(([, { host }]) => host === cause.hostname) ??
    known.find(([, { port }]) => port === cause.port);
  const [field, { host, port }] = meant ?? known[0] ?? ["", { host: "", port: undefined }];
  return new BridgeError(
    "CONFIG_INVALID",
    `${file}: ${field}: ${port} on ${host} ${faultOf(cause.code)}.`,
    { cause: error },
  );
}

/** https://nodejs.org/api/errors.html#class-systemerror */
interface ListenError {
  readonly code: string;
  readonly address?: string;
  readonly hostname?: string;
  /** Absent for a port that the system chooses. */
  readonly port?: number;
}

function isListenError(cause: unknown): cause is ListenError {
  if (!(cause instanceof Error) || !("syscall" in cause) || !("code" in cause)) return false;
  return cause.syscall === "listen" || cause.syscall === "bind" || cause.syscall === "getaddrinfo";
}

function faultOf(code: string): string {
  switch (code) {
    case "EADDRINUSE":
      return "is already in use; stop what holds it, or choose another";
    case "EACCES":
      return "may not be opened by this user; choose one above 1023";
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return "cannot be had: this machine has no such address";
    default:
      return `cannot be had (${code})`;
  }
}
