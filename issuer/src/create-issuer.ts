/** The public issuer: usable at once, working once its store is open. */
import { BridgeError } from "@breezeway/shared";
import { problem } from "./http/respond.ts";
import type { IssuerInstallations } from "./installations/installations.ts";
import { createInstallationsApi } from "./installations/installations-api.ts";
import { createSessionCookie } from "./http/cookies.ts";
import type { RequestInfo } from "./http/router.ts";
import { cookieFor } from "./http/routes/session-routes.ts";
import type { IssuerKeys } from "./keys/key-ring.ts";
import { checkApps, checkOptions, type IssuerOptions } from "./options.ts";
import { startRuntime, type Runtime } from "./runtime.ts";
import { createSessionsApi, type IssuerSessions } from "./sessions/sessions-api.ts";
import type { OpenStore } from "./store/store.ts";

export interface Issuer {
  /** The issuer's URL, as in `iss`. */
  readonly url: string;
  /** Answers requests below the path of `url`; everything else is 404 `route-unknown`. */
  fetch(request: Request, info?: RequestInfo): Promise<Response>;
  readonly sessions: IssuerSessions;
  readonly keys: IssuerKeys;
  /** Apps in tenants; works with the option `installations` only. */
  readonly installations: IssuerInstallations;
  /**
   * Resolves when the schema is up to date and there is a key to sign with. Awaiting it is optional:
   * everything waits for it.
   */
  readonly ready: Promise<void>;
  /**
   * Replaces the apps for what begins from now on. Tokens of an app that is gone, has another origin or
   * has lost a scope are revoked; the promise waits for that.
   *
   * @throws {BridgeError} CONFIG_INVALID, MANIFEST_INVALID: the old apps stay. STORE_UNAVAILABLE: the
   *   apps are replaced, but tokens made before live to their end, or until the next call, which
   *   revokes what this one could not
   */
  reload(options: Pick<IssuerOptions, "apps">): Promise<void>;
  /** Ends timers and streams and closes the store. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A session authority. Returns at once; the store is opened behind `ready`.
 *
 * @throws {BridgeError} CONFIG_INVALID, MANIFEST_INVALID. Rejections of `ready`: STORE_UNAVAILABLE,
 * KEYS_UNAVAILABLE
 */
export function createIssuer(options: IssuerOptions): Issuer {
  const checked = checkOptions(options);
  const cookie = createSessionCookie(checked.url);
  let open: OpenStore | undefined;
  let closing: Promise<void> | undefined;
  /** Apps whose tokens a reload has yet to revoke. */
  const owed = new Set<string>();

  async function start(): Promise<Runtime> {
    open = await options.store.open();
    try {
      return await startRuntime(open, options, checked);
    } catch (error) {
      await open.close();
      throw error;
    }
  }
  const runtime = start();
  // Whoever does not await `ready` learns of the failure from the first call.
  runtime.catch(() => undefined);

  async function running(): Promise<Runtime> {
    if (closing) throw new BridgeError("STORE_UNAVAILABLE", "The issuer is closed.");
    return runtime;
  }

  const ready = runtime.then(() => undefined);
  ready.catch(() => undefined);

  async function close(): Promise<void> {
    const started = await runtime.catch(() => undefined);
    if (!started) return;
    await started.close();
    await open?.close();
  }

  const issuer: Issuer = {
    url: options.issuer,
    async fetch(request, info) {
      try {
        return await (await running()).route(request, info);
      } catch (error) {
        checked.onError(error, "none");
        return problem(error, "none");
      }
    },
    sessions: createSessionsApi({
      service: async () => (await running()).sessions,
      mintToken: async (handle, appId) => (await running()).mintToken(handle, appId),
      cookie,
      cookieFor: (sessions, opened) =>
        cookieFor({ cookie, sessions, clock: checked.clock }, opened),
    }),
    keys: {
      list: async () => (await running()).keys.list(),
      jwks: async () => (await running()).keys.jwks(),
      rotate: async (alg) => (await running()).keys.rotate(alg),
      retire: async (kid) => (await running()).keys.retire(kid),
      remove: async (kid) => (await running()).keys.remove(kid),
    },
    installations: createInstallationsApi(async () => (await running()).installations),
    ready,
    async reload({ apps }) {
      const next = checkApps({ ...options, apps });
      for (const appId of checked.apps.replace(next)) owed.add(appId);
      for (const appId of owed) {
        await issuer.sessions.revokeTokensForApp(appId);
        owed.delete(appId);
      }
    },
    close() {
      closing ??= close();
      return closing;
    },
    [Symbol.asyncDispose]: () => issuer.close(),
  };
  return issuer;
}
