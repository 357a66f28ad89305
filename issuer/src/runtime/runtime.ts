/** A running issuer on an open store: starts its parts in order, and closes them. */
import type { Clock } from "@breezeway/shared";
import { createClockWatch } from "@breezeway/shared/schemas";
import type { AppsRuntime } from "../apps/apps-runtime.ts";
import { createFeedLiveness } from "../changes/feed-liveness.ts";
import { createEndpoints } from "../http/endpoints.ts";
import type { GrantsRuntime } from "../grants/grants-runtime.ts";
import { createRateLimiter } from "../http/rate-limits.ts";
import { createRouter, type Router } from "../http/router.ts";
import type { EndpointDeps } from "../http/context.ts";
import { createSessionCookie } from "../http/session-cookie.ts";
import { createSessionCredentials } from "../http/session-credentials.ts";
import { createStreamRegistry } from "../http/stream-registry.ts";
import type { InstallationService } from "../installations/installation-service.ts";
import type { IssuerSettings } from "../issuer-settings.ts";
import type { KeyRing } from "../keys/key-ring.ts";
import { startMaintenance } from "../maintenance.ts";
import type { SessionService } from "../sessions/session-service.ts";
import type { OpenStore } from "../store/store.ts";
import { createStoreProbe } from "../store/store-probe.ts";
import type { StoreTime } from "../time.ts";
import { createAppMint } from "../tokens/app-mint.ts";
import type { MintedToken } from "../tokens/mint.ts";
import { mintAudited } from "../tokens/mint-audited.ts";
import { createErasureCalls } from "../users/erasure-call-store.ts";
import type { UsersDeps } from "../users/users-api.ts";
import { followChanges } from "./follow-changes.ts";
import { createParts, type Parts } from "./parts.ts";

export interface Runtime {
  readonly route: Router;
  readonly sessions: SessionService;
  readonly keys: KeyRing;
  readonly apps: AppsRuntime;
  readonly grants: GrantsRuntime;
  /** Absent without the option `installations`. */
  readonly installations: InstallationService | undefined;
  readonly users: UsersDeps;
  readonly mintToken: (handle: string, appId: string) => Promise<MintedToken>;
  readonly close: () => Promise<void>;
}

export interface RuntimeDeps {
  readonly store: OpenStore;
  readonly settings: IssuerSettings;
  readonly clock: Clock;
  readonly storeTime: StoreTime;
}

/** So often that a revocation under a wrong clock is soon followed by the log line that explains it. */
const CLOCK_CHECK_MS = 1_000;

/** @throws {BridgeError} STORE_UNAVAILABLE, KEYS_UNAVAILABLE */
export async function startRuntime(deps: RuntimeDeps): Promise<Runtime> {
  const { store, settings, clock, storeTime } = deps;
  const { audit, onError, lifetimes } = settings;
  const closing = new AbortController();
  const parts = createParts(deps);
  const { watcher, feed, listeners, keys, sessions, installations, apps } = parts;

  followChanges(parts, closing.signal);
  await watcher.start();
  parts.rotations.start();
  await Promise.all([feed.load(), keys.start(), apps.load()]);
  const maintenance = startMaintenance({
    store,
    sessions,
    keys,
    lifetimes,
    clock,
    storeTime,
    onError: (error) => onError(error, "none"),
  });

  const clockWatch = createClockWatch({ clock, onJump: (jump) => onError(jump, "none") });
  const clockTimer = setInterval(clockWatch.check, CLOCK_CHECK_MS);
  clockTimer.unref();

  const streams = createStreamRegistry(settings.feedHeartbeatMs);
  const shared = endpointDeps(deps, parts);
  const route = createRouter({
    mountPath: settings.mountPath,
    endpoints: createEndpoints({
      ...shared,
      settings,
      store,
      watcher,
      listeners,
      streams,
      keys,
      feed,
      liveness: createFeedLiveness(watcher, feed),
      probe: createStoreProbe(store, (error) => onError(error, "none")),
      clockWatch,
      installations: installations?.service,
      installedApps: installations?.installedApps,
      tenantGrants: parts.grants.tenantGrants,
      grants: parts.grants.service,
    }),
    origins: { ownOrigin: settings.url.origin, trustedOrigins: settings.trustedOrigins },
    limits: shared.limits,
    audit,
    onError,
  });

  // Takes up calls that another process left behind. Last, so that a failed start leaves no work.
  installations?.worker.wake();
  installations?.erasures.wake();

  return {
    route,
    sessions,
    keys,
    apps,
    grants: parts.grants,
    installations: installations?.service,
    users: usersDeps(deps, parts),
    mintToken: async (handle, appId) => {
      const record = await sessions.find(handle);
      return mintAudited(shared, record, await apps.usable(appId, record.tenantId));
    },
    close: async () => {
      maintenance.stop();
      parts.rotations.close();
      clearInterval(clockTimer);
      streams.close();
      listeners.close();
      closing.abort();
      await Promise.all([installations?.worker.close(), installations?.erasures.close()]);
      await watcher.close();
    },
  };
}

function usersDeps({ store, settings, clock }: RuntimeDeps, parts: Parts): UsersDeps {
  const { sessions, installations } = parts;
  const { apps, audit } = settings;
  return {
    store,
    sessions,
    calls: createErasureCalls(store),
    // Without the option `installations`, nobody would make the calls.
    isToTell: (appId) =>
      installations !== undefined && apps.get(appId)?.lifecycle?.userErasedUrl !== undefined,
    clock,
    audit,
    wake: () => installations?.erasures.wake(),
  };
}

function endpointDeps({ settings, clock }: RuntimeDeps, parts: Parts): EndpointDeps {
  const { watcher, feed, keys, sessions, installations, apps } = parts;
  const { issuer, url, audit, lifetimes, claims, algorithms, tokenTtlSeconds } = settings;
  const { installedApps } = installations ?? {};
  return {
    apps,
    sessions,
    lifetimes,
    credentials: createSessionCredentials({
      cookie: createSessionCookie(url),
      lifetimes,
      clock,
      nativeSessions: settings.nativeSessions,
    }),
    clock,
    audit,
    limits: createRateLimiter(settings.rateLimits),
    mint: createAppMint({
      issuer,
      tokenTtlSeconds,
      claims,
      algorithms,
      keys,
      feed,
      clock,
      installedApps,
      grants: parts.grants.tenantGrants,
    }),
    readLog: () => watcher.sync(),
  };
}
