/** The public issuer: usable at once, working once its store is open. */
import { systemClock, type Clock } from "@breezeway/shared";
import { inBoth } from "./apps/app-catalog.ts";
import { createAppsApi, type IssuerApps } from "./apps/apps-api.ts";
import { createGrantsApi } from "./grants/grants-api.ts";
import { problem } from "./http/respond.ts";
import type { RequestInfo } from "./http/router.ts";
import { cookieFor, createSessionCookie } from "./http/session-cookie.ts";
import {
  createInstallationsApi,
  type IssuerInstallations,
} from "./installations/installations-api.ts";
import {
  parseIssuerOptions,
  parseReloadOptions,
  type IssuerSettings,
  type ReloadOptions,
} from "./issuer-settings.ts";
import type { IssuerKeys } from "./keys/key-ring.ts";
import type { IssuerOptions } from "./options.ts";
import { openRuntime } from "./runtime/open-runtime.ts";
import type { Runtime } from "./runtime/runtime.ts";
import { createUsersApi, type IssuerUsers } from "./users/users-api.ts";
import { createSessionsApi, type IssuerSessions } from "./sessions/sessions-api.ts";

export interface Issuer {
  /** The issuer's URL, as in `iss`. */
  readonly url: string;
  /** Answers requests below the path of `url`. Other paths get 404 `route-unknown`. */
  readonly fetch: (request: Request, info?: RequestInfo) => Promise<Response>;
  readonly sessions: IssuerSessions;
  readonly keys: IssuerKeys;
  /** The apps, as they change while everything runs. */
  readonly apps: IssuerApps;
  /** Apps in tenants. Needs the option `installations`. */
  readonly installations: IssuerInstallations;
  /** Exports and erases the data of a user. */
  readonly users: IssuerUsers;
  /**
   * The latest attempt to start. Resolves when the schema is up to date and a signing key exists.
   * Awaiting it is optional: every call waits for the first attempt. An issuer whose attempt failed
   * makes another one a second later, until one succeeds or the issuer is closed; meanwhile every
   * call fails at once with the reason.
   */
  readonly ready: Promise<void>;
  /**
   * Replaces the apps of the option `apps` for every request that starts afterwards. Revokes the tokens of each app that
   * was removed, moved to another origin or lost a scope; the promise waits for that.
   *
   * @throws {BridgeError} CONFIG_INVALID, MANIFEST_INVALID: the old apps stay. An app of the store has one of the ids,
   *   or the options are wrong
   * @throws {BridgeError} STORE_UNAVAILABLE: the apps are replaced, but older tokens stay valid until
   *   they expire or until the next call, which retries the revocations
   */
  readonly reload: (options: ReloadOptions) => Promise<void>;
  /** Ends timers and streams and closes the store. Idempotent. */
  readonly close: () => Promise<void>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/** What a test replaces in an issuer. */
export interface IssuerTestHooks {
  /** Default: the system's clock, and the store's time for what several processes must agree on. */
  readonly clock?: Clock;
}

/**
 * A session authority. Returns at once and opens the store in the background; see `ready`.
 *
 * @throws {BridgeError} CONFIG_INVALID, MANIFEST_INVALID. `ready` rejects with STORE_UNAVAILABLE or
 *   KEYS_UNAVAILABLE.
 */
export function createIssuer(options: IssuerOptions): Issuer {
  return createIssuerWithHooks(options, {});
}

/** {@link createIssuer} with the hooks that `@breezeway/issuer/testing` offers. */
export function createIssuerWithHooks(options: IssuerOptions, hooks: IssuerTestHooks): Issuer {
  const settings = parseIssuerOptions(options);
  const { url, lifetimes, onError } = settings;
  const clock = hooks.clock ?? systemClock();
  const cookie = createSessionCookie(url);
  const runtime = openRuntime(settings, hooks.clock);
  const { running, close } = runtime;

  const sessions = createSessionsApi({
    service: async () => (await running()).sessions,
    mintToken: async (handle, appId) => (await running()).mintToken(handle, appId),
    cookie,
    cookieFor: (opened) => cookieFor({ cookie, lifetimes, clock }, opened),
  });
  return {
    url: settings.issuer,
    fetch: async (request, info) => {
      try {
        return await (await running()).route(request, info);
      } catch (error) {
        onError(error, "none");
        return problem(error, "none");
      }
    },
    sessions,
    keys: createKeysApi(running),
    apps: createAppsApi(async () => (await running()).apps.service),
    installations: createInstallationsApi(
      async () => (await running()).installations,
      createGrantsApi(async () => (await running()).grants),
    ),
    users: createUsersApi(async () => (await running()).users),
    get ready() {
      return runtime.ready;
    },
    reload: createReload(settings, { sessions, running }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function createKeysApi(running: () => Promise<Runtime>): IssuerKeys {
  return {
    list: async () => (await running()).keys.list(),
    jwks: async () => (await running()).keys.jwks(),
    rotate: async (alg) => (await running()).keys.rotate(alg),
    retire: async (kid) => (await running()).keys.retire(kid),
    remove: async (kid) => (await running()).keys.remove(kid),
  };
}

interface ReloadDeps {
  readonly sessions: IssuerSessions;
  readonly running: () => Promise<Runtime>;
}

function createReload(
  { apps, algorithms }: IssuerSettings,
  { sessions, running }: ReloadDeps,
): Issuer["reload"] {
  /** Apps whose tokens an earlier reload could not revoke. */
  const unrevoked = new Set<string>();
  return async (options) => {
    const next = parseReloadOptions(options, algorithms);
    const double = next.all.find(({ id }) => apps.stored(id).app);
    if (double) throw inBoth(double.id);
    for (const appId of apps.replaceSeed(next)) unrevoked.add(appId);
    for (const appId of unrevoked) {
      await sessions.revokeTokensForApp(appId);
      unrevoked.delete(appId);
    }
    await (await running()).apps.service.announceSeed();
  };
}
