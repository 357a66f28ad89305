/**
 * The apps of the tenant, for users who may manage them. The issuer decides.
 *
 * Each command names its tenant. The issuer refuses a command of a page that has not yet noticed a
 * switch of the tenant in another tab.
 */
import { BridgeError } from "@breezeway/shared";
import {
  grantListResponseSchema,
  grantResponseSchema,
  installationListResponseSchema,
  installationResponseSchema,
  parseWith,
  type AppRegistry,
  type Grant,
  type GrantListResponse,
  type GrantWish,
  type Installation,
  type InstallationRequest,
  type RegisteredApp,
} from "@breezeway/shared/schemas";
import type { Clock, Unsubscribe } from "@breezeway/shared/channel";
import type { Mount, MountOptions, MountTarget, MountSettings } from "../mount-types.ts";
import type { HostSession } from "../session/host-session.ts";
import type { IssuerClient } from "../session/issuer-client.ts";
import { bucketPerApp, spend } from "../transport/token-bucket.ts";

/**
 * Every method rejects with SIGNED_OUT, OFFLINE or DENIED. DENIED: the session may not manage apps, or the
 * installation is in another state; `details.reason` says which.
 */
export interface HostInstallations {
  /** The apps that the tenant has or had, by app id. */
  list(): Promise<readonly Installation[]>;
  /** Installs an app. Resolves when the issuer has stored the command; the installing continues there. */
  install(appId: string): Promise<Installation>;
  /** Uninstalls an app in any state. Resolves to `null` for an app that was never installed. */
  uninstall(appId: string): Promise<Installation | null>;
  /** What the tenant has granted to its apps, by app id. An app without an entry has no scopes. */
  grants(): Promise<readonly Grant[]>;
  /**
   * Grants these scopes to an app, and no others. Its open pages get new tokens by themselves. It matters where the
   * issuer has `consent: "required"`.
   */
  grant(appId: string, scopes: readonly string[]): Promise<Grant>;
  /** What users wish for who may not decide, newest first. A `grant` settles the wishes for its app. */
  wishes(): Promise<readonly GrantWish[]>;
  /** Retries a failed call to the app's backend now, instead of after its backoff. */
  retry(appId: string): Promise<Installation | null>;
  /**
   * Mounts an app's setup page: `lifecycle.setupUrl` of its manifest, or else its `setup` placement.
   * When its guest calls `setupCompleted`, the issuer completes the installation, then
   * `onSetupCompleted` of the host is called, and then the guest's call settles.
   *
   * @throws {BridgeError} APP_UNKNOWN; CONFIG_INVALID, when the app has no setup page
   */
  setup(appId: string, options: MountTarget & Pick<MountSettings, "context">): Mount;
  /** Calls the listener when installations of the tenant have changed. Call `list` again then. */
  subscribe(listener: () => void): Unsubscribe;
}

export interface HostInstallationsControl extends HostInstallations {
  /** Notifies the listeners. */
  changed(): void;
}

export type SetupListener = (app: RegisteredApp, result: unknown) => void | PromiseLike<void>;

export interface HostInstallationsDeps {
  readonly client: Pick<IssuerClient, "ask">;
  readonly session: HostSession;
  readonly apps: AppRegistry;
  readonly mount: (appId: string, options: MountOptions, onSetupCompleted: SetupListener) => Mount;
  readonly onSetupCompleted: SetupListener | undefined;
  readonly clock: Clock;
  /** Receives what a listener throws. */
  readonly report: (error: unknown) => void;
}

/** Setups that one app may complete: five at once, then one every two seconds. */
const SETUP_BUDGET = { burst: 5, perSecond: 0.5 };

export function createHostInstallations(deps: HostInstallationsDeps): HostInstallationsControl {
  const { client, session, apps } = deps;
  const listeners = new Set<() => void>();

  // A guest that calls in a loop must not use up the issuer's rate limit of the user's address.
  const setups = bucketPerApp(deps.clock, SETUP_BUDGET);

  const changed = (): void => {
    // Guests learn of an ended session after this, so no listener may stop it by throwing. The copy ends
    // the loop when a listener subscribes again.
    for (const listener of [...listeners]) {
      try {
        listener();
      } catch (error) {
        deps.report(error);
      }
    }
  };

  const tenantId = async (): Promise<string> => {
    await session.ready;
    if (session.current) return session.current.tenantId;
    throw new BridgeError("SIGNED_OUT", "Nobody is signed in.");
  };

  const command = async (
    path: string,
    request: InstallationRequest,
  ): Promise<Installation | null> => {
    const source = `POST ${path}`;
    const answer = await client.ask("POST", path, request);
    changed();
    return parseWith(installationResponseSchema, answer, { code: "OFFLINE", source }).installation;
  };

  const ask = async (name: string, appId: string): Promise<Installation | null> =>
    command(`/installations/${name}`, { appId, tenantId: await tenantId() });

  return {
    async list() {
      const answer = await client.ask("GET", "/installations");
      return parseWith(installationListResponseSchema, answer, {
        code: "OFFLINE",
        source: "GET /installations",
      }).installations;
    },
    async install(appId) {
      const installation = await ask("install", appId);
      if (installation) return installation;
      throw new BridgeError(
        "OFFLINE",
        "POST /installations/install: the response must have an installation.",
      );
    },
    uninstall: (appId) => ask("uninstall", appId),
    ...createGrantCalls(client, tenantId),
    retry: (appId) => ask("retry", appId),
    setup(appId, options) {
      const path = setupPathOf(apps.get(appId));
      const tenant = tenantId();
      // `setupCompleted` reports the failure. A setup page that is only viewed needs no session.
      tenant.catch(() => undefined);
      return deps.mount(
        appId,
        { ...options, placement: "setup", ...(path === undefined ? {} : { path }) },
        async (app, result) => {
          spend(setups(app), "setups");
          const request = { appId: app.id, tenantId: await tenant };
          await command("/installations/setup-completed", request);
          await deps.onSetupCompleted?.(app, result);
        },
      );
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    changed,
  };
}

function createGrantCalls(
  client: HostInstallationsDeps["client"],
  tenantId: () => Promise<string>,
): Pick<HostInstallations, "grants" | "grant" | "wishes"> {
  const list = async (): Promise<GrantListResponse> => {
    const source = "GET /installations/grants";
    const answer = await client.ask("GET", "/installations/grants");
    return parseWith(grantListResponseSchema, answer, { code: "OFFLINE", source });
  };
  return {
    grants: async () => (await list()).grants,
    wishes: async () => (await list()).wishes,
    async grant(appId, scopes) {
      const source = "POST /installations/grant";
      const request = { appId, tenantId: await tenantId(), scopes };
      const answer = await client.ask("POST", "/installations/grant", request);
      return parseWith(grantResponseSchema, answer, { code: "OFFLINE", source }).grant;
    },
  };
}

/** `undefined` for an app that is not registered, which the mount reports. */
function setupPathOf(app: RegisteredApp | undefined): string | undefined {
  if (!app) return undefined;
  const placement = app.placements.find(({ type }) => type === "setup");
  const path = app.lifecycle?.setupUrl ?? placement?.path;
  if (path !== undefined) return path;
  throw new BridgeError(
    "CONFIG_INVALID",
    `${app.id}: lifecycle.setupUrl: the manifest has neither it nor a placement of type "setup".`,
  );
}
