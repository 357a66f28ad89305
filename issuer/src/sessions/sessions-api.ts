/** The programmatic API of sessions, for the host's own server. */
import { BridgeError } from "@breezeway/shared";
import { parseWith, wholeNumberOption } from "@breezeway/shared/schemas";
import type { SessionCookie } from "../http/session-cookie.ts";
import { checkId } from "../stored-id.ts";
import type { NewSession } from "./session-input.ts";
import { toInfo, type Claims, type SessionInfo } from "./session-record.ts";
import type { OpenedSession } from "./session-service-deps.ts";
import type { SessionService } from "./session-service.ts";
import { noneIfUnauthenticated } from "./unauthenticated.ts";

/** A session and the cookie that opens it. */
export interface SessionWithCookie {
  readonly session: SessionInfo;
  /** Send this to the browser unchanged, as a `Set-Cookie` header. */
  readonly setCookie: string;
  /**
   * Give it to a program without a browser, over TLS, for `signIn({ secret })` of
   * `@breezeway/client`. Needs the option `nativeSessions`. Send either this or `setCookie`.
   */
  readonly secret: string;
}

/**
 * Every method rejects with REQUEST_MALFORMED, naming the field, when an id or handle is empty, has
 * more than 256 characters, or contains NUL or half of a surrogate pair.
 */
export interface IssuerSessions {
  /**
   * Opens a session for a user whom the host has authenticated.
   *
   * @throws {BridgeError} REQUEST_MALFORMED, TENANT_NOT_ALLOWED, STORE_UNAVAILABLE
   */
  create(input: NewSession): Promise<SessionWithCookie>;
  /** The live session that a `Cookie` header opens, or `undefined`. */
  fromCookie(cookieHeader: string | null | undefined): Promise<SessionInfo | undefined>;
  /** A live session by its handle. */
  get(handle: string): Promise<SessionInfo | undefined>;
  /**
   * Mints a token without a request of the browser: for a page that is rendered with its first token,
   * or for a job that acts for a session. No rate limit applies.
   *
   * @throws {BridgeError} SESSION_UNKNOWN, SESSION_EXPIRED, SESSION_REVOKED, APP_UNKNOWN,
   *   APP_NOT_ALLOWED (the app is not installed, or accepts bound tokens only), KEYS_UNAVAILABLE
   */
  mintToken(handle: string, appId: string): Promise<IssuedToken>;
  /**
   * Live sessions of a user, newest first. The next page begins after `cursor`, the handle of the last
   * session of this one; a page with fewer than `limit` sessions is the last.
   *
   * @throws {BridgeError} REQUEST_MALFORMED, also when the user has no session `cursor`
   */
  listForUser(userId: string, filter?: SessionFilter): Promise<SessionInfo[]>;
  /** @returns false when there was no live session with this handle */
  revoke(handle: string): Promise<boolean>;
  /**
   * Ends the sessions in slices, so that very many do not hold up other requests. After a failure, some
   * have ended; call it again. When there were more than 1000, another process finishes what a process
   * left behind.
   *
   * @returns handles of the sessions that it ended
   */
  revokeAllForUser(userId: string, filter?: { readonly tenantId?: string }): Promise<string[]>;
  /** Ends every session that is active in a tenant. @returns their handles */
  revokeAllInTenant(tenantId: string): Promise<string[]>;
  /**
   * Revokes every token of an app so far, for instance when the app lost a scope. Sessions stay live
   * and get new tokens.
   */
  revokeTokensForApp(appId: string): Promise<void>;
  /**
   * Merges a patch into the custom claims of the session's tokens; `null` removes a claim. New tokens
   * have the new claims at once; old tokens keep the old ones until they expire.
   *
   * @throws {BridgeError} SESSION_UNKNOWN
   * @throws {BridgeError} REQUEST_MALFORMED, for a reserved name or more than 4 kB of JSON
   */
  updateClaims(handle: string, patch: Claims): Promise<SessionInfo>;
  /** Merges a patch into the data that stays on the server; `null` removes a member. */
  updateData(handle: string, patch: Claims): Promise<SessionInfo>;
  /**
   * Replaces the secret, for instance after a step-up authentication. The old cookie stops working at
   * once. `undefined` when the session has ended.
   */
  renew(handle: string): Promise<SessionWithCookie | undefined>;
  /** Switches the tenant and renews. @throws {BridgeError} TENANT_NOT_ALLOWED */
  switchTenant(handle: string, tenantId: string): Promise<SessionWithCookie | undefined>;
}

export interface SessionFilter {
  /** Only sessions that are active in this tenant. */
  readonly tenantId?: string;
  /** Sessions of one page, 1 to 1 000. Default 1 000. */
  readonly limit?: number;
  /** The handle of the last session of the page before. */
  readonly cursor?: string;
}

export interface IssuedToken {
  /** Compact JWT. */
  readonly token: string;
  readonly expiresAtSeconds: number;
}

export interface SessionsApiDeps {
  readonly mintToken: (handle: string, appId: string) => Promise<IssuedToken>;
  readonly service: () => Promise<SessionService>;
  readonly cookie: SessionCookie;
  readonly cookieFor: (opened: OpenedSession) => string;
}

const MAX_PAGE = 1_000;
const pageLimit = wholeNumberOption(1, MAX_PAGE);

export function checkPage({ limit = MAX_PAGE, cursor }: SessionFilter = {}): {
  readonly limit: number;
  readonly cursor?: string;
} {
  const checked = parseWith(pageLimit, limit, { code: "REQUEST_MALFORMED", source: "limit" });
  return cursor === undefined
    ? { limit: checked }
    : { limit: checked, cursor: checkId("cursor", cursor) };
}

export function noSuchCursor(): BridgeError {
  return new BridgeError(
    "REQUEST_MALFORMED",
    "cursor: must be the handle of a session of this user. Start again without a cursor.",
  );
}

export function checkQuery(
  userId: string,
  { tenantId }: { readonly tenantId?: string } = {},
): { readonly userId: string; readonly tenantId?: string } {
  const user = { userId: checkId("userId", userId) };
  return tenantId === undefined ? user : { ...user, tenantId: checkId("tenantId", tenantId) };
}

export function createSessionsApi(deps: SessionsApiDeps): IssuerSessions {
  const { service, cookie, cookieFor, mintToken } = deps;

  const withSecret = (opened: OpenedSession): SessionWithCookie => ({
    session: toInfo(opened.record),
    setCookie: cookieFor(opened),
    secret: opened.cookieValue,
  });

  async function withCookie(
    open: (service: SessionService) => Promise<OpenedSession | undefined>,
  ): Promise<SessionWithCookie | undefined> {
    const opened = await open(await service());
    return opened && withSecret(opened);
  }

  return {
    create: async (input) => {
      return withSecret(await (await service()).create(input));
    },
    fromCookie: async (cookieHeader) => {
      const value = cookie.read(cookieHeader);
      if (value === undefined) return undefined;
      const record = await (await service()).authenticate(value).catch(noneIfUnauthenticated);
      return record && toInfo(record);
    },
    get: async (handle) => {
      const record = await (await service()).get(checkId("handle", handle));
      return record && toInfo(record);
    },
    mintToken: async (handle, appId) => mintToken(checkId("handle", handle), appId),
    listForUser: async (userId, filter) => {
      const query = { ...checkQuery(userId, filter), ...checkPage(filter) };
      const records = await (await service()).listForUser(query);
      if (!records) throw noSuchCursor();
      return records.map(toInfo);
    },
    revoke: async (handle) => {
      return (
        (await (await service()).revoke({ handle: checkId("handle", handle) }, "revoked")).length >
        0
      );
    },
    revokeAllForUser: async (userId, filter) => {
      const query = checkQuery(userId, filter);
      return (await service()).revoke(query, "revoked");
    },
    revokeAllInTenant: async (tenantId) => {
      const query = { tenantId: checkId("tenantId", tenantId) };
      return (await service()).revoke(query, "revoked");
    },
    revokeTokensForApp: async (appId) => {
      await (await service()).revokeTokensForApp(checkId("appId", appId));
    },
    updateClaims: async (handle, patch) => {
      return toInfo(await (await service()).updateClaims(checkId("handle", handle), patch));
    },
    updateData: async (handle, patch) => {
      return toInfo(await (await service()).updateData(checkId("handle", handle), patch));
    },
    renew: (handle) => withCookie((sessions) => sessions.renew(checkId("handle", handle))),
    switchTenant: (handle, tenantId) =>
      withCookie((sessions) =>
        sessions.renew(checkId("handle", handle), checkId("tenantId", tenantId)),
      ),
  };
}
