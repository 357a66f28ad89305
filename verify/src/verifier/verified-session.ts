import type { SessionClaims } from "@breezeway/shared/schemas";

/**
 * The caller, as a verified session token identifies it. Deeply frozen, because requests with the same
 * token share one instance.
 */
export interface VerifiedSession {
  readonly userId: string;
  readonly tenantId: string;
  /** Session handle: the `sid` claim. */
  readonly handle: string;
  /** The app that the token is for: the `aud` claim. */
  readonly appId: string;
  readonly scopes: readonly string[];
  readonly claims: SessionClaims;
  /** Id of the key that signed the token. */
  readonly keyId: string;
  /** The compact token. It is a secret until it expires: never log it. */
  readonly token: string;
  /** Epoch seconds. */
  readonly expiresAtSeconds: number;
  /** Thumbprint of the proven key. `undefined` for a token that is not bound to a key. */
  readonly proofKeyThumbprint: string | undefined;
}

export function toSession(token: string, claims: SessionClaims, keyId: string): VerifiedSession {
  deepFreeze(claims);
  return Object.freeze({
    userId: claims.userId,
    tenantId: claims.tenantId,
    handle: claims.sid,
    appId: claims.aud,
    scopes: Object.freeze(claims.scope === "" ? [] : claims.scope.split(" ")),
    claims,
    keyId,
    token,
    expiresAtSeconds: claims.exp,
    proofKeyThumbprint: claims.cnf?.jkt,
  });
}

function deepFreeze(root: object): void {
  const pending: object[] = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    Object.freeze(node);
    for (const member of Object.values(node) as unknown[]) {
      if (typeof member === "object" && member !== null) pending.push(member);
    }
  }
}
