/** The public types of a session without a browser. */
import type { SessionSummary } from "@breezeway/shared/schemas";
import type { Unsubscribe } from "@breezeway/shared/channel";

/**
 * The platform's secure store: Keychain, Keystore, a credential manager. Never a plain file. Each
 * function may return a promise.
 */
export interface SecureStorage {
  readonly get: (key: string) => Promise<string | null | undefined> | string | null | undefined;
  readonly set: (key: string, value: string) => unknown;
  readonly remove: (key: string) => unknown;
}

export interface ClientSessionOptions {
  /**
   * The issuer's URL with its mount path: `https://shell.example/auth`. https, or http on loopback.
   * The issuer needs the option `nativeSessions`.
   */
  readonly issuer: string;
  /** Keeps the session secret between two runs of the program. */
  readonly storage: SecureStorage;
  /** The key in `storage`. Default `breezeway-session`. */
  readonly storageKey?: string;
  /** The app whose tokens `tokens()`, `getSessionToken()` and `fetch()` use. Default: none. */
  readonly appId?: string;
  /** Base of relative URLs in `fetch`. Its origin receives tokens. */
  readonly gatewayUrl?: string;
  /** Further exact origins to which `fetch` may send tokens. Default: none. */
  readonly gatewayOrigins?: readonly string[];
  /** Renews the tokens of open streams before they expire. Default `true`. */
  readonly polling?: boolean;
  /** Time limit of a request to the issuer, 1 to 60 000 milliseconds. Default 10 000. */
  readonly timeoutMs?: number;
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch;
  /**
   * Receives failures that no call reports: the storage failed, a stored value was malformed. Never
   * receives a secret. Default: nobody.
   */
  readonly onError?: (error: unknown) => void;
}

/** How a program proves who the user is. */
export type SignInRequest =
  /** `secret` of `issuer.sessions.create()`, which your own server returns over TLS after its login. */
  | { readonly secret: string }
  /** A user of the development login. */
  | { readonly userId: string; readonly tenantId: string };

export interface ClientFetchInit extends RequestInit {
  /** Overrides the `appId` of the options. */
  readonly appId?: string;
}

export interface ClientSession {
  /** Resolves once the stored session was read. Every method waits for it. */
  readonly ready: Promise<void>;
  /**
   * The session, or `null` when nobody is signed in. After a start without network it is the session
   * of the last run, until the issuer says otherwise.
   */
  readonly current: SessionSummary | null;
  /** Calls the listener with the current session at once, then with each change. */
  readonly subscribe: (listener: (session: SessionSummary | null) => void) => Unsubscribe;
  /**
   * Ends the present session, if there is one, and opens another.
   *
   * @throws {BridgeError} SIGNED_OUT (the secret is no longer valid), DENIED, OFFLINE, CONFIG_INVALID
   */
  readonly signIn: (request: SignInRequest) => Promise<SessionSummary>;
  /**
   * The tokens of an app: the current one, then each new one; `null` when nobody is signed in. Ends
   * when the loop is left or the session is closed.
   *
   * @throws {BridgeError} CONFIG_INVALID without an app id
   */
  readonly tokens: (appId?: string) => AsyncIterableIterator<string | null>;
  /**
   * A token that is valid for at least 3 seconds.
   *
   * @throws {BridgeError} SIGNED_OUT, DENIED, OFFLINE, CONFIG_INVALID without an app id
   */
  readonly getSessionToken: (appId?: string) => Promise<string>;
  /**
   * `fetch` with a token, for the origins of `gatewayUrl` and `gatewayOrigins` only. After a 401 with
   * action `refresh` it retries once with a new token, unless the body is a stream.
   *
   * @throws {BridgeError} FETCH_ORIGIN_NOT_ALLOWED, FETCH_FAILED, and those of `getSessionToken`
   */
  readonly fetch: (input: string | URL, init?: ClientFetchInit) => Promise<Response>;
  /**
   * Rotates the session secret now. The client does so every hour by itself.
   *
   * @throws {BridgeError} SIGNED_OUT, OFFLINE
   */
  readonly refresh: () => Promise<void>;
  /** @throws {BridgeError} SIGNED_OUT, DENIED, OFFLINE */
  readonly switchTenant: (tenantId: string) => Promise<SessionSummary>;
  /**
   * Forgets the session at once, then ends it at the issuer.
   *
   * @throws {BridgeError} OFFLINE: the issuer was not reached. The client retries, also after a restart.
   */
  readonly signOut: () => Promise<void>;
  /** Ends timers and streams. The stored session stays. Idempotent. */
  readonly close: () => void;
}
