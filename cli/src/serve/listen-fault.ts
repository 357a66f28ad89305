import { BridgeError } from "@breezeway/shared";

/**
 * A port that cannot be had, by the field that chooses it.
 *
 * @param fields - Fields of the file and their ports, of which the failure is about one.
 * @param error - What `serveIssuer` or `serveGateway` threw.
 */
export function listenFault(
  file: string,
  fields: Readonly<Record<string, number | undefined>>,
  error: unknown,
): unknown {
  // https://nodejs.org/api/errors.html#class-systemerror
  const cause =
    error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  if (cause?.syscall !== "listen" && cause?.syscall !== "bind") return error;
  const { port, address } = cause as { readonly port?: number; readonly address?: string };
  const field = Object.keys(fields).find((name) => fields[name] === port) ?? Object.keys(fields)[0];
  return new BridgeError(
    "CONFIG_INVALID",
    `${file}: ${field}: ${port} on ${address} ${faultOf(cause.code)}.`,
    { cause: error },
  );
}

function faultOf(code = "unknown"): string {
  switch (code) {
    case "EADDRINUSE":
      return "is already in use; stop what holds it, or choose another";
    case "EACCES":
      return "may not be opened by this user; choose one above 1023";
    case "EADDRNOTAVAIL":
      return "cannot be had: this machine has no such address";
    default:
      return `cannot be had (${code})`;
  }
}
