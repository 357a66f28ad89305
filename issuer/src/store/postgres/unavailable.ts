// Classes and codes of https://www.postgresql.org/docs/current/errcodes-appendix.html for a server that
// is unreachable, full, shutting down, read-only after a failover, or resolved a deadlock.
const CLASSES = ["08", "53", "57"];
const CODES = new Set(["25006", "40001", "40P01"]);

// Errors of the driver itself have no code.
const DRIVER_MESSAGE =
  /connection terminated|timeout exceeded when trying to connect|not queryable|timeout expired|connection error|pool after calling end/i;

/** True when the database cannot be reached or used at the moment. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError) return error.errors.some(isUnavailable);
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  if (code === undefined) return DRIVER_MESSAGE.test(error.message);
  return CODES.has(code) || CLASSES.includes(code.slice(0, 2)) || /^E[A-Z]{3,}/.test(code);
}
