/** The option `claims`: the host's own claims in session tokens. */
import { BridgeError } from "@breezeway/shared";
import { RESERVED_CLAIMS, type RegisteredApp } from "@breezeway/shared/schemas";
import type { Claims, SessionInfo } from "../sessions/session-record.ts";

/** The session and the app that a token is minted for. */
export interface ClaimsContext {
  readonly session: SessionInfo;
  readonly app: RegisteredApp;
}

/**
 * Adds claims to a token as it is minted. A reserved name fails the mint. The hook runs on every
 * mint: keep what needs a query in the session's own claims.
 */
export type ClaimsHook = (context: ClaimsContext) => Claims | Promise<Claims>;

const RESERVED: ReadonlySet<string> = new Set(RESERVED_CLAIMS);

/** @throws {BridgeError} INTERNAL_ERROR, when the hook sets a reserved name */
export function checkHookClaims(claims: Claims): Claims {
  for (const name of Object.keys(claims)) {
    if (RESERVED.has(name)) {
      throw new BridgeError("INTERNAL_ERROR", `The claims hook sets ${name}, which is reserved.`);
    }
  }
  return claims;
}
