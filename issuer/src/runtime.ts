/** The parts of an issuer on an open store, wired together. */
import { latestSeq } from "./changes/change-log.ts";
import { createChangeWatcher } from "./changes/change-watcher.ts";
import { createFeedLiveness } from "./changes/feed-liveness.ts";
import { createRevocationFeed } from "./changes/revocation-feed.ts";
import { createRevocationWidening } from "./changes/revocation-widening.ts";
import {
  createInstallationsRuntime,
  type InstallationsRuntime,
} from "./installations/start-installations.ts";
import type { InstallationService } from "./installations/installations.ts";
import { createSessionCookie } from "./http/cookies.ts";
import type { EndpointDeps } from "./http/context.ts";
import { createEndpoints } from "./http/endpoints.ts";
import { createRateLimiter } from "./http/rate-limits.ts";
import { createRouter, type Router } from "./http/router.ts";
import { createStreamRegistry } from "./http/stream-registry.ts";
import { createKeyRing, type KeyRing } from "./keys/key-ring.ts";
import { keyTimes } from "./keys/key-schedule.ts";
import { createKeyStore } from "./keys/key-store.ts";
import { createLocalVault } from "./keys/local-vault.ts";
import { createMaintenance } from "./maintenance.ts";
import type { CheckedOptions, IssuerOptions } from "./options.ts";
import { createSessionCache } from "./sessions/session-cache.ts";
import { createSessionStore } from "./sessions/session-store.ts";
import { createSessionService, type SessionService } from "./sessions/sessions.ts";
import type { OpenStore } from "./store/store.ts";
import { withStore } from "./store/unavailable.ts";
import { createAppMint } from "./tokens/app-mint.ts";
import type { MintedToken } from "./tokens/mint.ts";
import { findApp, mintAudited } from "./tokens/mint-audited.ts";
import { untilDone } from "./until-done.ts";

export interface Runtime {
  readonly route: Router;
  readonly sessions: SessionService;
  readonly keys: KeyRing;
  /** Absent without the option. */
  readonly installations: InstallationService | undefined;
  mintToken(handle: string, appId: string): Promise<MintedToken>;
  close(): Promise<void>;
}

const MAX_CACHED_SESSIONS = 100_000;
const MAINTENANCE_INTERVAL_MS = 60_000;

export async function startRuntime(
  store: OpenStore,
  options: IssuerOptions,
  checked: CheckedOptions,
): Promise<Runtime> {
  const { clock, audit, lifetimes, apps } = checked;
  const watcher = createChangeWatcher(store);
  const changed = (): Promise<void> => watcher.sync().catch(() => undefined);
  const closing = new AbortController();
  const { signal } = closing;
  const widening = createRevocationWidening({ store, clock, changed, signal });
  const feed = createRevocationFeed({
    store,
    clock,
    onLate: (revocation, atSeconds) => widening.widen(revocation, atSeconds),
  });
  const ensureFresh = (): Promise<void> | undefined =>
    watcher.isFresh() ? undefined : watcher.sync();

  const keys = createKeyRing({
    store: createKeyStore(store),
    vault: options.keys?.vault ?? createLocalVault(options.keys),
    times: keyTimes(checked.keyPeriodDays),
    algorithms: [...new Set(["EdDSA" as const, ...Object.values(options.algorithms ?? {})])],
    clock,
    audit,
    changed,
  });
  const cache = createSessionCache({
    clock,
    maxAgeMs: lifetimes.graceMs,
    maxEntries: MAX_CACHED_SESSIONS,
  });
  const sessionStore = createSessionStore(store);
  const sessions = createSessionService({
    store: sessionStore,
    cache,
    lifetimes,
    clock,
    audit,
    ensureFresh,
    changed,
  });

  const installations: InstallationsRuntime | undefined =
    options.installations &&
    createInstallationsRuntime({
      options: options.installations,
      issuer: options,
      store,
      apps,
      keys,
      clock,
      now: options.clock
        ? () => Promise.resolve(clock())
        : () => withStore(store, () => store.nowMs()),
      audit,
      changed,
      onError: (error) => checked.onError(error, "none"),
    });

  const reloadKeys = (): void => void untilDone(() => keys.reload(), signal);

  watcher.subscribe({
    onChange(change) {
      if (change.kind === "keys-changed" || change.kind === "key") reloadKeys();
      else if (change.kind === "installations-changed") installations?.onChange(change.subject);
      else if (change.kind === "user" || change.kind === "tenant") {
        cache.clear({ kind: change.kind, id: change.subject });
      } else cache.drop(change.subject);
      feed.onChange(change);
    },
    onGap(seq) {
      cache.clear();
      installations?.onChange();
      reloadKeys();
      feed.onGap(seq);
      void untilDone(() => feed.load(), signal);
    },
  });
  await watcher.start();
  await Promise.all([feed.load(), keys.start()]);

  const maintenance = createMaintenance({ store, sessions: sessionStore, keys, lifetimes, clock });
  const timer = setInterval(() => {
    // It comes again.
    maintenance.run().catch(() => undefined);
  }, MAINTENANCE_INTERVAL_MS);
  timer.unref();

  const streams = createStreamRegistry(checked.feedHeartbeatMs);
  const limits = createRateLimiter(options.rateLimits);
  const cookie = createSessionCookie(checked.url);
  const mint = createAppMint({
    options,
    checked,
    keys,
    feed,
    installedApps: installations?.installedApps,
  });
  const readLog = (): Promise<void> => watcher.sync();
  const deps: EndpointDeps = { apps, sessions, cookie, clock, audit, limits, mint, readLog };
  const endpoints = createEndpoints({
    ...deps,
    options,
    checked,
    store,
    watcher,
    streams,
    keys,
    feed,
    liveness: createFeedLiveness(watcher, feed),
    probeStore: () => probe(store),
    installations: installations?.service,
  });
  const route = createRouter({
    mountPath: checked.mountPath,
    endpoints,
    origins: { ownOrigin: checked.url.origin, trustedOrigins: checked.trustedOrigins },
    limits,
    audit,
    onError: checked.onError,
  });

  // What a process that is gone has left undone. Last: a start that fails leaves no work behind.
  installations?.worker.wake();

  return {
    route,
    sessions,
    keys,
    installations: installations?.service,
    async mintToken(handle, appId) {
      return mintAudited(deps, await sessions.find(handle), findApp(apps, appId));
    },
    async close() {
      clearInterval(timer);
      streams.close();
      closing.abort();
      await installations?.worker.close();
      await watcher.close();
    },
  };
}

async function probe(store: OpenStore): Promise<void> {
  await withStore(store, () => latestSeq(store.db));
}
