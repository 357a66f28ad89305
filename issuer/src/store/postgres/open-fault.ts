/**
 * Why a Postgres store could not be opened, and what to do. The only text of the server
 * that is quoted is the name of a startup parameter, since others may hold parts of the connection string.
 */

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const BY_CODE: Readonly<Record<string, string>> = {
  "28000":
    "the server does not admit this user, database or address, or requires TLS. Check pg_hba.conf and the sslmode of the connection string",
  "28P01": "the server refused the user or the password. Check the connection string",
  "3D000": "the server has no such database. Create it, or check the connection string",
  "42501":
    "this user may not create tables. Grant CREATE on the schema, or use the owner of the tables",
  "53300":
    "the server has no free connection. Lower maxConnections, or raise max_connections of the server",
  "57P03": "the server is starting or shutting down. Retry later",
  "25006": "the server is read-only. Connect to the primary server",
  ECONNREFUSED: "nothing listens at its address. Start the server, or check host and port",
  ENOTFOUND: "its host name has no address. Check the connection string",
  EAI_AGAIN: "its host name cannot be resolved now. Check the name server",
  ETIMEDOUT: "it does not answer. Check host, port and firewall",
  EHOSTUNREACH: "its address cannot be reached. Check host and network",
  ECONNRESET: "the connection was cut. Check that this port belongs to Postgres",
  CERT_HAS_EXPIRED: "the server's certificate has expired. Renew it",
  ERR_TLS_CERT_ALTNAME_INVALID:
    "the server's certificate is for another host name. Connect by a name that it contains",
};

/** Codes of OpenSSL for a certificate that no trusted authority has signed. */
const UNTRUSTED = /^(?:SELF_SIGNED_CERT|DEPTH_ZERO|UNABLE_TO_(?:GET|VERIFY))/;

/** Messages of the driver, which have no code. */
const BY_MESSAGE: readonly (readonly [RegExp, string])[] = [
  [
    /does not support SSL/i,
    "the server has no TLS. Switch it on there, or remove sslmode from the connection string",
  ],
  [/timeout/i, "it does not answer in time. Check host, port and firewall"],
  [
    /terminated|ended/i,
    "the connection was closed at once. Check that this port belongs to Postgres",
  ],
  [
    /password must be a string/i,
    "the server asks for a password, and the connection string has none",
  ],
];

export function openFault(error: unknown): string {
  if (!(error instanceof Error)) return "unknown failure";
  if (error instanceof AggregateError && error.errors.length > 0) return openFault(error.errors[0]);
  const parameter = /unsupported startup parameter(?: in options)?: "?(\w{1,63})/.exec(
    error.message,
  );
  if (parameter) {
    return `the server does not take the startup parameter ${parameter[1]}. It is probably a pooler: connect to Postgres itself, or let the pooler ignore the parameter (ignore_startup_parameters of PgBouncer)`;
  }
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  if (code !== undefined) {
    if (UNTRUSTED.test(code)) {
      return "no trusted authority has signed the server's certificate. Name its authority in sslrootcert of the connection string, or in NODE_EXTRA_CA_CERTS";
    }
    return BY_CODE[code] ?? "look the code up in the documentation of Postgres or Node";
  }
  return BY_MESSAGE.find(([pattern]) => pattern.test(error.message))?.[1] ?? error.name;
}
