/** The apps of a host: those of the option `apps`, which never change, or those of the issuer, which do. */
import { BridgeError, quoted, STABLE } from "@breezeway/shared";
import type { Unsubscribe } from "@breezeway/shared/channel";
import type { AppRegistry, AppVersion, RegisteredApp } from "@breezeway/shared/schemas";

export interface HostApps extends AppRegistry {
  /**
   * Resolves when the apps are known: at once with the option `apps`, otherwise with the issuer's first
   * answer. Never rejects. Nobody who is signed out has apps.
   */
  readonly ready: Promise<void>;
  readonly isReady: boolean;
  /** The operator's words on why the tenant cannot use the app now; `undefined` when it can. */
  suspendedBecause(appId: string): string | undefined;
  /**
   * The version of an app that the tenant has, with its channel and start page: what the next mount shows. With the option
   * `apps`, it is that of the manifest. `undefined` for an id that is not registered.
   */
  versionOf(appId: string): AppVersion | undefined;
  /** Calls the listener when apps were added, changed, removed, suspended or resumed. */
  subscribe(listener: () => void): Unsubscribe;
}

export function createFixedApps(registry: AppRegistry): HostApps {
  return {
    get: (appId) => registry.get(appId),
    byOrigin: (origin) => registry.byOrigin(origin),
    all: registry.all,
    ready: Promise.resolve(),
    isReady: true,
    suspendedBecause: () => undefined,
    versionOf: (appId) => {
      const app = registry.get(appId);
      return app && stableOf(app);
    },
    subscribe: () => () => undefined,
  };
}

export function stableOf({ version, url }: RegisteredApp): AppVersion {
  return { channel: STABLE, version, url };
}

/** @throws {BridgeError} APP_UNKNOWN, APP_SUSPENDED */
export function mountableApp(apps: HostApps, appId: string): RegisteredApp {
  const app = apps.get(appId);
  if (app === undefined) throw unknown(appId, apps.isReady);
  const suspended = suspension(apps, app);
  if (suspended) throw suspended;
  return app;
}

/**
 * Why a mount of an app must end: the app was removed or suspended, has moved to another origin, or has lost rights that
 * its frame still has. `undefined` when the mount may stay.
 */
export function endOfMount(apps: HostApps, mounted: RegisteredApp): BridgeError | undefined {
  const app = apps.get(mounted.id);
  if (app === undefined) return unknown(mounted.id, true);
  if (app === mounted) return suspension(apps, app);
  return suspension(apps, app) ?? (isNarrower(mounted, app) ? changed(app) : undefined);
}

function isNarrower(before: RegisteredApp, after: RegisteredApp): boolean {
  const lost = (field: "capabilities" | "sandbox" | "allow"): boolean => {
    const left: readonly string[] = after[field];
    return before[field].some((right) => !left.includes(right));
  };
  if (before.origin !== after.origin) return true;
  if (after.proofRequired === true && before.proofRequired !== true) return true;
  return lost("capabilities") || lost("sandbox") || lost("allow");
}

function suspension(apps: HostApps, { id, name }: RegisteredApp): BridgeError | undefined {
  const reason = apps.suspendedBecause(id);
  if (reason === undefined) return undefined;
  return new BridgeError("APP_SUSPENDED", `${name} is suspended: ${reason}`, {
    details: { reason },
  });
}

function changed({ name }: RegisteredApp): BridgeError {
  return new BridgeError(
    "CHANNEL_CLOSED",
    `The manifest of ${name} has changed. Mount the app again.`,
  );
}

function unknown(appId: string, isReady: boolean): BridgeError {
  const when = isReady ? "" : " The issuer's apps have not arrived yet: await host.apps.ready.";
  return new BridgeError("APP_UNKNOWN", `No app ${quoted(appId)} is registered.${when}`);
}
