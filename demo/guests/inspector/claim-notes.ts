/** What each claim of a session token is for, for people who meet it the first time. */
export const CLAIM_NOTES: Readonly<Record<string, string>> = {
  iss: "who made the token",
  aud: "the one app it is for",
  azp: "the one origin it may be sent from",
  sub: "the person",
  userId: "the person, again",
  tenantId: "the active workspace",
  sid: "handle of the session",
  jti: "id of this token",
  iat: "made at",
  nbf: "valid from",
  exp: "valid until",
  scope: "rights at the gateway",
};

const TIMES: ReadonlySet<string> = new Set(["iat", "nbf", "exp"]);

export function isTimeClaim(name: string): boolean {
  return TIMES.has(name);
}
