/**
 * The headers by which upstreams learn who is calling: their names, and the one encoding of values.
 *
 * Invariants: encoding is injective (two identities never share a header value) and yields visible
 * ASCII without a comma, so that no value can end a header, add one, or pass for a list.
 */

/** In the order in which they are sent. */
export const IDENTITY_HEADERS = {
  user: "x-breezeway-user",
  tenant: "x-breezeway-tenant",
  app: "x-breezeway-app",
  session: "x-breezeway-session",
  scope: "x-breezeway-scope",
  requestId: "x-breezeway-request-id",
  tenantId: "x-tenant-id",
} as const;

/** What an upstream may rely on: every value comes out of a verified session token. */
export interface IdentityValues {
  readonly userId: string;
  readonly tenantId: string;
  readonly appId: string;
  /** Session handle: for logs and for ending the session, never a secret. */
  readonly sessionId: string;
  readonly scopes: readonly string[];
}

// A latin1 socket would cut "Ł" (U+0141) to "A", and one user would become another; a line break
// would start a header. A comma is how servers join a header that was sent twice.
const NEEDS_ENCODING = /[^!-$&-+\--~]/;
const ENCODED = /[^!-~]|[%,]/gu;

export function encodeIdentity(value: string): string {
  return NEEDS_ENCODING.test(value) ? value.replace(ENCODED, percentEncode) : value;
}

/** `undefined` when the value is not one that {@link encodeIdentity} makes. */
export function decodeIdentity(value: string): string | undefined {
  if (/[^!-~]|,/.test(value)) return undefined;
  if (!value.includes("%")) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

export function encodeScopes(scopes: readonly string[]): string {
  return scopes.map(encodeIdentity).join(" ");
}

/** Name, value, name, value: ready to be appended to a raw header list. */
export function identityHeaderList(identity: IdentityValues): string[] {
  const tenant = encodeIdentity(identity.tenantId);
  return [
    IDENTITY_HEADERS.user,
    encodeIdentity(identity.userId),
    IDENTITY_HEADERS.tenant,
    tenant,
    IDENTITY_HEADERS.app,
    encodeIdentity(identity.appId),
    IDENTITY_HEADERS.session,
    encodeIdentity(identity.sessionId),
    IDENTITY_HEADERS.scope,
    encodeScopes(identity.scopes),
    IDENTITY_HEADERS.tenantId,
    tenant,
  ];
}

function percentEncode(character: string): string {
  // A lone surrogate has no UTF-8 form; the replacement character would merge several identities.
  const code = character.codePointAt(0) ?? 0;
  if (code >= 0xd800 && code <= 0xdfff) return `%uD${(code & 0xfff).toString(16)}`;
  return Array.from(new TextEncoder().encode(character), hexByte).join("");
}

function hexByte(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}
