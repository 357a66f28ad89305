/** The parts of a running issuer between its store and its endpoints. Nothing runs yet. */
import type { Clock } from "@breezeway/shared";
import { createAppsRuntime, type AppsRuntime } from "../apps/apps-runtime.ts";
import { createChangeWatcher, type ChangeWatcher } from "../changes/change-watcher.ts";
import { createRevocationFeed, type RevocationFeed } from "../changes/revocation-feed.ts";
import { createSessionListeners, type SessionListeners } from "../changes/session-listeners.ts";
import { createGrantsRuntime, type GrantsRuntime } from "../grants/grants-runtime.ts";
import {
  createInstallationsRuntime,
  type InstallationsRuntime,
} from "../installations/installations-runtime.ts";
import type { IssuerSettings } from "../issuer-settings.ts";
import { createKeyRing, type KeyRing } from "../keys/key-ring.ts";
import { keyTimes } from "../keys/key-schedule.ts";
import { createKeyStore } from "../keys/key-store.ts";
import { createLocalVault } from "../keys/local-vault.ts";
import { createRotationWatcher, type RotationWatcher } from "../sessions/rotation-watcher.ts";
import { createSessionCache, type SessionCache } from "../sessions/session-cache.ts";
import { createSessionService, type SessionService } from "../sessions/session-service.ts";
import { createSessionStore } from "../sessions/session-store.ts";
import type { OpenStore } from "../store/store.ts";
import type { StoreTime } from "../time.ts";

export interface PartsDeps {
  readonly store: OpenStore;
  readonly settings: IssuerSettings;
  readonly clock: Clock;
  readonly storeTime: StoreTime;
}

export interface Parts {
  readonly watcher: ChangeWatcher;
  readonly feed: RevocationFeed;
  /** The open event streams of sessions. */
  readonly listeners: SessionListeners;
  readonly keys: KeyRing;
  readonly cache: SessionCache;
  readonly rotations: RotationWatcher;
  readonly sessions: SessionService;
  /** Absent without the option `installations`. */
  readonly installations: InstallationsRuntime | undefined;
  readonly apps: AppsRuntime;
  readonly grants: GrantsRuntime;
}

export function createParts(deps: PartsDeps): Parts {
  const { store, settings, clock, storeTime } = deps;
  const { audit, lifetimes } = settings;
  const watcher = createChangeWatcher(store);
  const changed = (): Promise<void> => watcher.sync().catch(() => undefined);

  const feed = createRevocationFeed({ store, clock });
  const keys = createIssuerKeyRing(deps, changed);
  const { cache, rotations } = createMemory(deps);
  const sessions = createSessionService({
    store: createSessionStore(store),
    cache,
    lifetimes,
    device: settings.device,
    clock,
    audit,
    ensureFresh: () => bothOf(watcher.isFresh() ? undefined : watcher.sync(), rotations.catchUp()),
    changed,
  });
  const installations =
    settings.installations &&
    createInstallationsRuntime({
      options: settings.installations,
      settings,
      store,
      keys,
      clock,
      storeTime,
      changed,
    });
  const apps = createAppsRuntime({
    catalog: settings.apps,
    store,
    clock,
    audit,
    onError: (error) => settings.onError(error, "none"),
    readLog: watcher.sync,
  });
  const grants = createGrantsRuntime({
    isRequired: settings.needsConsent,
    store,
    apps,
    installedApps: installations?.installedApps,
    clock,
    audit,
    changed,
  });
  const listeners = createSessionListeners();
  return {
    watcher,
    feed,
    listeners,
    keys,
    cache,
    rotations,
    sessions,
    installations,
    apps,
    grants,
  };
}

/** No promise when there is nothing to wait for, which would cost every request a turn of the event loop. */
function bothOf(
  first: Promise<void> | undefined,
  second: Promise<void> | undefined,
): Promise<void> | undefined {
  return first && second ? Promise.all([first, second]).then(() => undefined) : (first ?? second);
}

/** The sessions in memory, and what keeps them right beside the change log. */
function createMemory({ store, settings, clock }: PartsDeps): Pick<Parts, "cache" | "rotations"> {
  const { graceMs } = settings.lifetimes;
  const rotations = createRotationWatcher({ store, clock, graceMs });
  const cache = createSessionCache({
    clock,
    graceMs,
    maxEntries: settings.sessionsInMemory,
    knowsRotations: rotations.knowsRotations,
  });
  rotations.subscribe({
    onRotated: (handle) => cache.drop(handle),
    onGap: () => cache.clear(),
  });
  return { cache, rotations };
}

function createIssuerKeyRing(
  { store, settings, clock, storeTime }: PartsDeps,
  changed: () => Promise<void>,
): KeyRing {
  const { encryptionSecret, vault, periodDays } = settings.keys;
  return createKeyRing({
    store: createKeyStore(store),
    vault: vault ?? createLocalVault({ encryptionSecret }),
    times: keyTimes(periodDays),
    algorithms: [...new Set(["EdDSA" as const, ...Object.values(settings.algorithms)])],
    clock,
    storeTime,
    audit: settings.audit,
    changed,
  });
}
