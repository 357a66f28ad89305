/**
 * The apps of the tenant, for whoever may manage them: asks the issuer, which decides.
 *
 * Each wish says which tenant it is about, so that one from a page that does not know of a switch in
 * another tab yet is refused, and does not meet the other tenant.
 */
import { BridgeError } from "@breezeway/shared";
import {
  installationListResponseSchema,
  installationResponseSchema,
  parseWith,
  type AppRegistry,
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
 * All reject with DENIED (this session may not, or the installation is in another state; `details.reason`
 * says which), SIGNED_OUT, OFFLINE.
 */
export interface HostInstallations {
  /** The apps that the tenant has or had, by app id. */
  list(): Promise<readonly Installation[]>;
  /** Installs an app. Answers when the wish is stored; `installing` goes on by itself. */
  install(appId: string): Promise<Installation>;
  /** Uninstalls an app, whatever state it is in. `null`: it was never installed. */
  uninstall(appId: string): Promise<Installation | null>;
  /** Tries a failed call anew, or one that waits for its next attempt at once. */
  retry(appId: string): Promise<Installation | null>;
  /**
   * Shows an app's setup page: `lifecycle.setupUrl` of its manifest, or else its `setup` placement.
   * When its guest calls `setupCompleted`, the issuer completes the installation, then
   * `onSetupCompleted` of the host is called, and then the guest's call settles.
   *
   * @throws {BridgeError} APP_UNKNOWN; CONFIG_INVALID for an app that has none
   */
  setup(appId: string, place: MountTarget & Pick<MountSettings, "context">): Mount;
  /** Installations of the tenant have changed, here or elsewhere: `list` again. */
  subscribe(listener: () => void): Unsubscribe;
}

export interface HostInstallationsControl extends HostInstallations {
  /** Tells the listeners. */
  changed(): void;
}

export type SetupListener = (app: RegisteredApp, result: unknown) => void | PromiseLike<void>;

export interface HostInstallationsOptions {
  readonly client: Pick<IssuerClient, "ask">;
  readonly session: HostSession;
  readonly apps: AppRegistry;
  readonly mount: (appId: string, options: MountOptions, onSetupCompleted: SetupListener) => Mount;
  readonly onSetupCompleted: SetupListener | undefined;
  readonly clock: Clock;
  /** A listener has thrown. */
  readonly report: (error: unknown) => void;
}

/** Setups that one app may complete: five at once, then one every two seconds. */
const SETUP_BUDGET = { burst: 5, perSecond: 0.5 };

export function createHostInstallations(
  options: HostInstallationsOptions,
): HostInstallationsControl {
  const { client, session, apps } = options;
  const listeners = new Set<() => void>();

  // A page that calls without end would use up what the issuer takes from the person's address.
  const setups = bucketPerApp(options.clock, SETUP_BUDGET);

  const changed = (): void => {
    // Guests hear of the end of a session after this: no listener may prevent it, nor turn in circles.
    for (const listener of [...listeners]) {
      try {
        listener();
      } catch (error) {
        options.report(error);
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
      throw new BridgeError("OFFLINE", "POST /installations/install: gave no installation.");
    },
    uninstall: (appId) => ask("uninstall", appId),
    retry: (appId) => ask("retry", appId),
    setup(appId, place) {
      const path = setupPathOf(apps.get(appId));
      const tenant = tenantId();
      // Who needs it is told; a setup page that is only looked at is no failure.
      tenant.catch(() => undefined);
      return options.mount(
        appId,
        { ...place, placement: "setup", ...(path === undefined ? {} : { path }) },
        async (app, result) => {
          spend(setups(app), "setups");
          const request = { appId: app.id, tenantId: await tenant };
          await command("/installations/setup-completed", request);
          await options.onSetupCompleted?.(app, result);
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

/** `undefined` for an app that is not registered: mounting it says so. */
function setupPathOf(app: RegisteredApp | undefined): string | undefined {
  if (!app) return undefined;
  const placement = app.placements.find(({ type }) => type === "setup");
  const path = app.lifecycle?.setupUrl ?? placement?.path;
  if (path !== undefined) return path;
  throw new BridgeError("CONFIG_INVALID", `${app.id}: lifecycle.setupUrl: the app has no setup.`);
}
