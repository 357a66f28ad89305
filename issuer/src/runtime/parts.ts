/** The parts of a running issuer between its store and its endpoints. Nothing runs yet. */
import type { Clock } from "@breezeway/shared";
import { createChangeWatcher, type ChangeWatcher } from "../changes/change-watcher.ts";
import { createRevocationFeed, type RevocationFeed } from "../changes/revocation-feed.ts";
import { createRevocationWidening } from "../changes/revocation-widening.ts";
import { createSessionListeners, type SessionListeners } from "../changes/session-listeners.ts";
import {
  createInstallationsRuntime,
  type InstallationsRuntime,
} from "../installations/installations-runtime.ts";
import type { IssuerSettings } from "../issuer-settings.ts";
import { createKeyRing, type KeyRing } from "../keys/key-ring.ts";
import { keyTimes } from "../keys/key-schedule.ts";
import { createKeyStore } from "../keys/key-store.ts";
import { createLocalVault } from "../keys/local-vault.ts";
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
  /** Aborted when the issuer closes. */
  readonly signal: AbortSignal;
}

export interface Parts {
  readonly watcher: ChangeWatcher;
  readonly feed: RevocationFeed;
  /** The open event streams of sessions. */
  readonly listeners: SessionListeners;
  readonly keys: KeyRing;
  readonly cache: SessionCache;
  readonly sessions: SessionService;
  /** Absent without the option `installations`. */
  readonly installations: InstallationsRuntime | undefined;
}

/** About 100 MB of records. */
const MAX_CACHED_SESSIONS = 100_000;

export function createParts(deps: PartsDeps): Parts {
  const { store, settings, clock, storeTime, signal } = deps;
  const { audit, lifetimes } = settings;
  const watcher = createChangeWatcher(store);
  const changed = (): Promise<void> => watcher.sync().catch(() => undefined);

  const widening = createRevocationWidening({ store, clock, changed, signal });
  const feed = createRevocationFeed({ store, clock, onLate: widening.widen });
  const keys = createIssuerKeyRing(deps, changed);
  const cache = createSessionCache({
    clock,
    maxAgeMs: lifetimes.graceMs,
    maxEntries: MAX_CACHED_SESSIONS,
  });
  const sessions = createSessionService({
    store: createSessionStore(store),
    cache,
    lifetimes,
    clock,
    audit,
    ensureFresh: () => (watcher.isFresh() ? undefined : watcher.sync()),
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
  const listeners = createSessionListeners();
  return { watcher, feed, listeners, keys, cache, sessions, installations };
}

function createIssuerKeyRing(
  { store, settings, clock }: PartsDeps,
  changed: () => Promise<void>,
): KeyRing {
  const { encryptionSecret, vault, periodDays } = settings.keys;
  return createKeyRing({
    store: createKeyStore(store),
    vault: vault ?? createLocalVault({ encryptionSecret }),
    times: keyTimes(periodDays),
    algorithms: [...new Set(["EdDSA" as const, ...Object.values(settings.algorithms)])],
    clock,
    audit: settings.audit,
    changed,
  });
}
