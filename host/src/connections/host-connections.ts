/**
 * The apps of the tenant, for whoever may manage them: asks the issuer, which decides.
 *
 * Each wish says which tenant it is about, so that one from a page that does not know of a switch in
 * another tab yet is refused, and does not meet the other tenant.
 */
import { BridgeError } from "@breezeway/shared";
import {
  connectionListResponseSchema,
  connectionResponseSchema,
  parseWith,
  type AppRegistry,
  type Connection,
  type ConnectionRequest,
  type RegisteredApp,
} from "@breezeway/shared/schemas";
import type { Clock, Unsubscribe } from "@breezeway/shared/channel";
import type { Mount, MountOptions, MountTarget, MountSettings } from "../host-types.ts";
import type { HostSession } from "../session/host-session.ts";
import type { IssuerClient } from "../session/issuer-client.ts";
import { perApp, spend } from "../transport/allowance.ts";

/**
 * All reject with DENIED (this session may not, or the connection is in another state; `details.reason`
 * says which), SIGNED_OUT, OFFLINE.
 */
export interface HostConnections {
  /** The apps that the tenant has or had, by app id. */
  list(): Promise<readonly Connection[]>;
  /** Connects an app. Answers when the wish is stored; `connecting` goes on by itself. */
  connect(appId: string): Promise<Connection>;
  /** Disconnects an app, whatever state it is in. `null`: it was never connected. */
  disconnect(appId: string): Promise<Connection | null>;
  /** Tries a failed call anew, or one that waits for its next attempt at once. */
  retry(appId: string): Promise<Connection | null>;
  /**
   * Shows an app's setup page: `lifecycle.setupUrl` of its manifest, or else its `setup` placement.
   * When its guest calls `setupCompleted`, the issuer completes the connection, then
   * `onSetupCompleted` of the host is called, and then the guest's call settles.
   *
   * @throws {BridgeError} APP_UNKNOWN; CONFIG_INVALID for an app that has none
   */
  setup(appId: string, place: MountTarget & Pick<MountSettings, "context">): Mount;
  /** Connections of the tenant have changed, here or elsewhere: `list` again. */
  subscribe(listener: () => void): Unsubscribe;
}

export interface HostConnectionsControl extends HostConnections {
  /** Tells the listeners. */
  changed(): void;
}

export type SetupListener = (app: RegisteredApp, result: unknown) => void | PromiseLike<void>;

export interface HostConnectionsOptions {
  readonly client: Pick<IssuerClient, "ask">;
  readonly session: HostSession;
  readonly apps: AppRegistry;
  readonly mount: (appId: string, options: MountOptions, onSetupCompleted: SetupListener) => Mount;
  readonly onSetupCompleted: SetupListener | undefined;
  readonly clock: Clock;
  /** A listener has thrown. */
  readonly report: (error: unknown) => void;
}

/** Setups that one app may complete at once, and per second after those. */
const SETUP_BURST = 5;
const SETUPS_PER_SECOND = 0.5;

export function createHostConnections(options: HostConnectionsOptions): HostConnectionsControl {
  const { client, session, apps } = options;
  const listeners = new Set<() => void>();

  // A page that calls without end would use up what the issuer takes from the person's address.
  const setups = perApp(options.clock, SETUP_BURST, SETUPS_PER_SECOND);

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

  const command = async (path: string, request: ConnectionRequest): Promise<Connection | null> => {
    const source = `POST ${path}`;
    const answer = await client.ask("POST", path, request);
    changed();
    return parseWith(connectionResponseSchema, answer, { code: "OFFLINE", source }).connection;
  };

  const ask = async (name: string, appId: string): Promise<Connection | null> =>
    command(`/connections/${name}`, { appId, tenantId: await tenantId() });

  return {
    async list() {
      const answer = await client.ask("GET", "/connections");
      return parseWith(connectionListResponseSchema, answer, {
        code: "OFFLINE",
        source: "GET /connections",
      }).connections;
    },
    async connect(appId) {
      const connection = await ask("connect", appId);
      if (connection) return connection;
      throw new BridgeError("OFFLINE", "POST /connections/connect: gave no connection.");
    },
    disconnect: (appId) => ask("disconnect", appId),
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
          await command("/connections/setup-completed", request);
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
