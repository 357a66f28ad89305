/**
 * The identity headers, in which upstreams get the caller: their names, and the encoding of values.
 *
 * Invariants: the encoding is injective (two identities never share a header value) and produces visible
 * ASCII without a comma, so that no value can end a header, add a header, or look like a list.
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

/** The caller. Every value comes from a verified session token. */
export interface IdentityValues {
  readonly userId: string;
  readonly tenantId: string;
  readonly appId: string;
  /** Session handle for logs and for ending the session. Not a secret. */
  readonly sessionId: string;
  readonly scopes: readonly string[];
}

// A latin1 socket would cut "Ł" (U+0141) to "A", so one user would become another. A line break would
// start a header. Servers join repeated headers with a comma.
const NEEDS_ENCODING = /[^!-$&-+\--~]/;
const ENCODED = /[^!-~]|[%,]/gu;

export function encodeIdentity(value: string): string {
  return NEEDS_ENCODING.test(value) ? value.replace(ENCODED, percentEncode) : value;
}

/** Inverse of {@link encodeIdentity}; `undefined` for a value that it cannot produce. */
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

/** Name, value, name, value: for a raw header list. */
export function identityHeaderList(identity: IdentityValues): string[] {
  const list: string[] = [];
  pushIdentity(list, identity);
  return list;
}

export function pushIdentity(list: string[], identity: IdentityValues): void {
  const tenant = encodeIdentity(identity.tenantId);
  list.push(
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
  );
}

function percentEncode(character: string): string {
  // A lone surrogate has no UTF-8 form. The replacement character would merge several identities.
  const code = character.codePointAt(0) ?? 0;
  if (code >= 0xd800 && code <= 0xdfff) return `%uD${(code & 0xfff).toString(16)}`;
  return Array.from(new TextEncoder().encode(character), hexByte).join("");
}

function hexByte(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}
