/**
 * Mints a token of the session that this page shows.
 *
 * The issuer mints for the cookie, which another tab or a sign-in page replaces without this page's
 * knowledge. Until the host learns of it, its guests show the old session, and a token of the new one would
 * let them mix the data of two users.
 */
import { BridgeError, decodeSessionToken } from "@breezeway/shared";
import type { TokenResponse } from "@breezeway/shared/schemas";
import type { HostSessionControl } from "../session/host-session.ts";

export interface MintOfSessionDeps {
  readonly mint: () => Promise<TokenResponse>;
  readonly session: Pick<HostSessionControl, "current" | "refetch">;
}

/**
 * @throws {BridgeError} as `mint` throws; OFFLINE when the session at the issuer changes again meanwhile, or
 *   the issuer cannot be asked for it
 */
export async function mintOfSession({ mint, session }: MintOfSessionDeps): Promise<TokenResponse> {
  const first = await mint();
  if (isOfSession(first, session)) return first;
  // Guests learn of the new session before they get a token of it.
  await session.refetch();
  const second = await mint();
  if (isOfSession(second, session)) return second;
  throw new BridgeError("OFFLINE", "The session at the issuer keeps changing. Try again later.");
}

/** While the session is unknown, the first token may arrive before it. */
function isOfSession(
  { token }: TokenResponse,
  { current }: Pick<HostSessionControl, "current">,
): boolean {
  if (current === null) return true;
  const { sid, tenantId } = decodeSessionToken(token).claims;
  return sid === current.handle && tenantId === current.tenantId;
}
