/**
 * The apps of the session's tenant, from the issuer. They follow the session and the issuer's event stream.
 *
 * After a change elsewhere, very many pages ask the issuer again. Each waits a random part of two seconds first.
 */
import {
  appListResponseSchema,
  createAppRegistry,
  parseManifest,
  parseWith,
  type AppRegistry,
  type RegisteredApp,
  type TenantApp,
} from "@breezeway/shared/schemas";
import type { Clock } from "@breezeway/shared/channel";
import type { IssuerClient } from "../session/issuer-client.ts";
import type { HostApps } from "./host-apps.ts";

export interface IssuerApps extends HostApps {
  /** Asks now: the page, the session or the stream is new. */
  refresh(): void;
  /** Asks soon: other pages learned of the same change. */
  changed(): void;
  stop(): void;
}

export interface IssuerAppsDeps {
  readonly client: Pick<IssuerClient, "apps">;
  readonly clock: Clock;
  /** Returns 0 ≤ x < 1. */
  readonly random: () => number;
  readonly report: (error: unknown) => void;
}

const SPREAD_MS = 2_000;
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;

export function createIssuerApps({ client, clock, random, report }: IssuerAppsDeps): IssuerApps {
  const listeners = new Set<() => void>();
  const first = Promise.withResolvers<void>();
  let known: KnownApps = NO_APPS;
  let etag: string | undefined;
  let isReady = false;
  let isStopped = false;
  let retryMs = FIRST_RETRY_MS;
  let timer: unknown;
  let asking: Promise<void> | undefined;
  let isDue = false;

  const tell = (): void => {
    // The copy ends the loop when a listener subscribes again.
    for (const listener of [...listeners]) {
      try {
        listener();
      } catch (error) {
        report(error);
      }
    }
  };

  const ask = async (): Promise<void> => {
    const answer = await client.apps(etag);
    if (isStopped) return;
    retryMs = FIRST_RETRY_MS;
    if (answer) {
      etag = answer.etag;
      known = toApps(answer.body, known, report);
    }
    isReady = true;
    first.resolve();
    if (answer) tell();
  };

  const later = (ms: number): void => {
    clock.clearTimer(timer);
    timer = clock.setTimer(refresh, ms);
  };

  const refresh = (): void => {
    isDue = true;
    if (asking || isStopped) return;
    isDue = false;
    asking = ask()
      .catch(() => {
        if (isStopped) return;
        later(retryMs);
        retryMs = Math.min(2 * retryMs, MAX_RETRY_MS);
      })
      .finally(() => {
        asking = undefined;
        if (isDue) refresh();
      });
  };

  return {
    get: (appId) => known.registry.get(appId),
    byOrigin: (origin) => known.registry.byOrigin(origin),
    get all() {
      return known.registry.all;
    },
    ready: first.promise,
    get isReady() {
      return isReady;
    },
    suspendedBecause: (appId) => known.suspensions.get(appId),
    subscribe: (listener) => {
      const own = (): void => listener();
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    refresh,
    changed: () => later(SPREAD_MS * random()),
    stop: () => {
      isStopped = true;
      clock.clearTimer(timer);
      listeners.clear();
    },
  };
}

interface KnownApps {
  readonly registry: AppRegistry;
  /** Reasons by app id. */
  readonly suspensions: ReadonlyMap<string, string>;
  /** The text of each manifest, and what it was parsed to. */
  readonly parsed: ReadonlyMap<string, RegisteredApp>;
}

const NO_APPS: KnownApps = {
  registry: createAppRegistry([]),
  suspensions: new Map(),
  parsed: new Map(),
};

/** A manifest that did not change stays the same object, as its mounts compare it. */
function toApps(body: unknown, before: KnownApps, report: (error: unknown) => void): KnownApps {
  const { apps } = parseWith(appListResponseSchema, body, { code: "OFFLINE", source: "GET /apps" });
  const parsed = new Map<string, RegisteredApp>();
  const suspensions = new Map<string, string>();
  const read = ({ manifest, suspended }: TenantApp): void => {
    const text = JSON.stringify(manifest);
    const app = before.parsed.get(text) ?? parseManifest(manifest, "GET /apps");
    parsed.set(text, app);
    if (suspended) suspensions.set(app.id, suspended.reason);
  };
  for (const app of apps) {
    try {
      read(app);
    } catch (error) {
      // One that this version does not understand must not hide the others.
      report(error);
    }
  }
  return { registry: createAppRegistry([...parsed.values()]), suspensions, parsed };
}
