/** Explains each claim of a session token to people who are new to them. */
export const CLAIM_NOTES: Readonly<Record<string, string>> = {
  iss: "issuer of the token",
  aud: "app that the token is for",
  azp: "origin that may send the token",
  sub: "id of the person",
  userId: "id of the person, same as sub",
  tenantId: "active workspace",
  sid: "handle of the session",
  jti: "id of this token",
  iat: "issued at",
  nbf: "valid from",
  exp: "valid until",
  scope: "permissions at the gateway",
};

const TIMES: ReadonlySet<string> = new Set(["iat", "nbf", "exp"]);

export function isTimeClaim(name: string): boolean {
  return TIMES.has(name);
}
