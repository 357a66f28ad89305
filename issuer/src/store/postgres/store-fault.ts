/**
 * Why a Postgres store cannot be used, and what to do: our words, then what the server said.
 *
 * A server or pooler may quote parts of the connection string, so secrets are removed from its text. The
 * texts of other errors may quote rows, so only the errors that this table knows are quoted.
 */
import { BridgeError } from "@breezeway/shared";

/** By SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html) or code of Node. */
const BY_CODE: Readonly<Record<string, string>> = {
  "25006": "the server is read-only. Connect to the primary server",
  "25P03": "this process was silent within a transaction. Check that it was not stopped",
  "28000":
    "the server does not admit this user, database or address, or requires TLS. Check pg_hba.conf and the sslmode of the connection string",
  "28P01": "the server refused the user or the password. Check the connection string",
  "3D000": "the server has no such database. Create it, or check the connection string",
  "40001": "a concurrent write was in the way. Retry",
  "40P01": "the server resolved a deadlock. Retry",
  "42501":
    "this user may not create or use the tables. Grant CREATE on the schema, or use the owner of the tables",
  "42P01": "the database lacks a table that was there. Restart the issuer to create it",
  "53100": "the disk of the server is full. Free space there",
  "53200": "the server is out of memory",
  "53300":
    "the server has no free connection. Lower maxConnections, or raise max_connections of the server",
  "55000": "the server does not allow this now, such as a connection to a closed database",
  "55P03": "another session holds a lock. Look for long transactions",
  "57014": "the statement reached its time limit. Look for locks and load of the server",
  "57P01": "the server is stopping. Retry later",
  "57P02": "the server is stopping after a crash. Retry later",
  "57P03": "the server is starting or shutting down. Retry later",
  "58030": "the server cannot read or write its files. Check its disk",
  ECONNREFUSED: "nothing listens at its address. Start the server, or check host and port",
  ENOENT: "its socket does not exist. Start the server, or check the host",
  ENOTFOUND: "its host name has no address. Check the connection string",
  EAI_AGAIN: "its host name cannot be resolved now. Check the name server",
  ETIMEDOUT: "it does not answer. Check host, port and firewall",
  EHOSTUNREACH: "its address cannot be reached. Check host and network",
  ENETUNREACH: "its address cannot be reached. Check host and network",
  ECONNRESET: "the connection was cut. Check that this port belongs to Postgres",
  EPIPE: "the connection was cut",
  CERT_HAS_EXPIRED: "the server's certificate has expired. Renew it",
  CERT_NOT_YET_VALID: "the server's certificate is not valid yet. Check the clock of this machine",
  ERR_TLS_CERT_ALTNAME_INVALID:
    "the server's certificate is for another host name. Connect by a name that it contains",
};

/** By the first two characters of a SQLSTATE. */
const BY_CLASS: Readonly<Record<string, string>> = {
  "08": "the connection was lost",
  "28": "the server does not admit this user. Check the connection string",
  "53": "the server has not enough resources",
  "57": "the server was interrupted. Retry later",
  "58": "the server's system failed",
  XX: "the server failed, or its data is damaged. Look into its log",
};

/** Messages of the driver, which have no code. */
const BY_MESSAGE: readonly (readonly [RegExp, string])[] = [
  [
    /does not support SSL/i,
    "the server has no TLS. Switch it on there, or remove sslmode from the connection string",
  ],
  [
    /connections of this process are busy/,
    "all connections of this process are busy. Raise maxConnections, or look for slow statements",
  ],
  [/timeout/i, "it does not answer in time. Check host, port and firewall"],
  [/server was silent/, "the connection was silent for too long. Check the network"],
  [
    /terminated|ended|not queryable|connection error/i,
    "the connection was closed. Check that this port belongs to Postgres",
  ],
  [
    /password must be a string/i,
    "the server asks for a password, and the connection string has none",
  ],
  [/after calling end/, "it is closed"],
];

/** Codes of OpenSSL for a certificate that no trusted authority has signed. */
const UNTRUSTED = /^(?:SELF_SIGNED_CERT|DEPTH_ZERO|UNABLE_TO_(?:GET|VERIFY))/;
const SQLSTATE = /^[0-9A-Z]{5}$/;
/** A system error of Node that {@link BY_CODE} does not list. */
const SYSTEM_ERROR = /^E[A-Z]{3,}$|^ERR_(?:SSL|TLS)_/;
const MAX_TEXT_LENGTH = 200;

/** @returns `undefined` when the store works, and the query is wrong */
export type StoreFault = (error: unknown) => string | undefined;

export function createStoreFault(connectionString: string): StoreFault {
  const quote = createQuote(connectionString);
  const faultOf = (error: unknown): string | undefined => {
    if (!(error instanceof Error)) return undefined;
    if (error instanceof AggregateError) return faultOf(error.errors[0]);
    const parameter = /unsupported startup parameter(?: in options)?: "?(\w{1,63})/.exec(
      error.message,
    );
    if (parameter) {
      return `the server does not take the startup parameter ${parameter[1]}. It is probably a pooler: connect to Postgres itself, or use the session mode of the pooler and let it ignore the parameter (ignore_startup_parameters of PgBouncer)`;
    }
    const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
    if (code === undefined) {
      return BY_MESSAGE.find(([pattern]) => pattern.test(error.message))?.[1];
    }
    if (UNTRUSTED.test(code)) {
      return `no trusted authority has signed the server's certificate. Name its authority in sslrootcert of the connection string, or in NODE_EXTRA_CA_CERTS (${code})`;
    }
    if (SQLSTATE.test(code)) {
      const why = BY_CODE[code] ?? BY_CLASS[code.slice(0, 2)];
      return why && `${why} (SQLSTATE ${code}: ${quote(error.message)})`;
    }
    const why = BY_CODE[code];
    if (why !== undefined) return `${why} (${code})`;
    return SYSTEM_ERROR.test(code) ? `the connection failed (${code})` : undefined;
  };
  return faultOf;
}

/** The reason why a store cannot be opened, also for an error that is no {@link StoreFault}. */
export function openFault(error: unknown, connectionString: string): string {
  const known = createStoreFault(connectionString)(error);
  if (known !== undefined) return known;
  if (BridgeError.is(error)) return error.message;
  if (!(error instanceof Error)) return "unknown failure";
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  if (code === undefined) return error.name;
  return `look the code up in the documentation of Postgres or Node (${code})`;
}

/** Quotes a text of the server: one line, bounded, without the secrets of the connection string. */
function createQuote(connectionString: string): (text: string) => string {
  const secrets = secretsOf(connectionString);
  return (text) => {
    // Replacing a single letter everywhere would show where it was.
    if (secrets.some((secret) => secret.length < 4)) return "its text is withheld";
    let safe = text;
    for (const secret of secrets) safe = safe.replaceAll(secret, "…");
    return safe
      .replaceAll(/[\p{C}\s]+/gu, " ")
      .slice(0, MAX_TEXT_LENGTH)
      .replace(/[. ]+$/, "");
  };
}

function secretsOf(connectionString: string): readonly string[] {
  // As `isConnectionString` reads it: the host of a local socket stands in the query.
  const url = URL.parse(connectionString.replace(/@(?:localhost)?\//, "@localhost/"));
  if (!url) return [connectionString];
  const named = [...url.searchParams].filter(([name]) => /pass/i.test(name));
  const found = [url.password, decoded(url.password), ...named.map(([, value]) => value)];
  return found.filter((secret) => secret !== "");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
