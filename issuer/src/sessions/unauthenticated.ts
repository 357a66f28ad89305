import { BridgeError } from "@breezeway/shared";

const UNAUTHENTICATED: ReadonlySet<string> = new Set([
  "SESSION_MISSING",
  "SESSION_EXPIRED",
  "SESSION_REVOKED",
  "REFRESH_REUSED",
]);

/** For a caller to whom "nobody is signed in" is an answer. Other failures are thrown again. */
export function noneIfUnauthenticated(error: unknown): undefined {
  if (BridgeError.is(error) && UNAUTHENTICATED.has(error.code)) return undefined;
  throw error;
}
