/**
 * Mints a token of the session that this page shows.
 *
 * The issuer mints for the cookie, which another tab or a sign-in page replaces without this page's
 * knowledge. Until the host learns of it, its guests show the old session, and a token of the new one would
 * let them mix the data of two users.
 */
import { BridgeError } from "@breezeway/shared";
import type { TokenResponse } from "@breezeway/shared/schemas";
import { identityOf, isOfSession, type HostSessionControl } from "../session/host-session.ts";

export interface MintOfSessionDeps {
  readonly mint: () => Promise<TokenResponse>;
  readonly session: Pick<HostSessionControl, "current" | "refetch">;
}

/**
 * @throws {BridgeError} as `mint` throws; OFFLINE when the session at the issuer changes again meanwhile, or
 *   the issuer cannot be asked for it
 */
export async function mintOfSession({ mint, session }: MintOfSessionDeps): Promise<TokenResponse> {
  const before = session.current;
  const first = await mint();
  if (isOfKnownSession(first, session)) return first;
  // The page has changed its session meanwhile, and discards what the old one was answered [AT-3]. A caller
  // that still waits asks again.
  if (before !== null && identityOf(session.current) !== identityOf(before)) return first;
  // Guests learn of the new session before they get a token of it.
  await session.refetch();
  const second = await mint();
  if (isOfKnownSession(second, session)) return second;
  throw new BridgeError("OFFLINE", "The session at the issuer keeps changing. Try again later.");
}

/** While the session is unknown, the first token may arrive before it. */
function isOfKnownSession(
  { token }: TokenResponse,
  { current }: Pick<HostSessionControl, "current">,
): boolean {
  return current === null || isOfSession(token, current);
}
