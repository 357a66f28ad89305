/** The parts of an issuer on an open store, wired together. */
import { latestSeq } from "./changes/change-log.ts";
import { createChangeWatcher } from "./changes/change-watcher.ts";
import { createSessionCookie } from "./http/cookies.ts";
import type { EndpointDeps } from "./http/context.ts";
import { createRouter, type Router } from "./http/router.ts";
import { publicRoutes } from "./http/routes/public-routes.ts";
import { sessionRoutes } from "./http/routes/session-routes.ts";
import { createKeyRing, type KeyRing } from "./keys/key-ring.ts";
import { keyTimes } from "./keys/key-schedule.ts";
import { createKeyStore } from "./keys/key-store.ts";
import { createLocalVault } from "./keys/local-vault.ts";
import { devLoginRoutes } from "./login/dev-login.ts";
import type { CheckedOptions, IssuerOptions } from "./options.ts";
import { createSessionCache } from "./sessions/session-cache.ts";
import { toInfo } from "./sessions/session-record.ts";
import { createSessionStore } from "./sessions/session-store.ts";
import { createSessionService, type SessionService } from "./sessions/sessions.ts";
import type { OpenStore } from "./store/store.ts";
import { withStore } from "./store/unavailable.ts";
import { checkHookClaims, createMint } from "./tokens/mint.ts";

export interface Runtime {
  readonly route: Router;
  readonly sessions: SessionService;
  readonly keys: KeyRing;
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
  const changed = (): void => {
    watcher.sync().catch(() => undefined);
  };
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
    ensureFresh: () => (watcher.isFresh() ? undefined : watcher.sync()),
    changed,
  });
  const sign = createMint({
    issuer: options.issuer,
    ttlSeconds: checked.ttlSeconds,
    clock,
    random: Math.random,
  });
  const mint: EndpointDeps["mint"] = (record, app) => {
    const signer = keys.active(options.algorithms?.[app.id] ?? "EdDSA");
    if (!options.claims) return sign({ record, app, signer });
    const claims = options.claims({ session: toInfo(record), app });
    return claims instanceof Promise
      ? claims.then((extra) => sign({ record, app, signer, extraClaims: checkHookClaims(extra) }))
      : sign({ record, app, signer, extraClaims: checkHookClaims(claims) });
  };

  watcher.subscribe({
    onChange(change) {
      if (change.kind === "keys-changed") keys.reload().catch(() => undefined);
      else if (change.kind === "user" || change.kind === "tenant") cache.clear();
      else cache.drop(change.subject);
    },
    onGap() {
      cache.clear();
      keys.reload().catch(() => undefined);
    },
  });
  await watcher.start();
  await keys.start();
  const maintenance = setInterval(() => {
    keys.maintain().catch(() => undefined);
  }, MAINTENANCE_INTERVAL_MS);
  maintenance.unref();

  const cookie = createSessionCookie(checked.url);
  const deps: EndpointDeps = { apps, sessions, cookie, clock, audit, mint };
  const route = createRouter({
    mountPath: checked.mountPath,
    endpoints: [
      ...sessionRoutes(deps),
      ...publicRoutes({ keys, probeStore: () => probe(store) }),
      ...(options.devLogin ? devLoginRoutes(options.devLogin, deps) : []),
    ],
    origins: { ownOrigin: checked.url.origin, trustedOrigins: checked.trustedOrigins },
    audit,
    onError: checked.onError,
  });

  return {
    route,
    sessions,
    keys,
    async close() {
      clearInterval(maintenance);
      await watcher.close();
    },
  };
}

async function probe(store: OpenStore): Promise<void> {
  await withStore(store, () => latestSeq(store.db));
}
