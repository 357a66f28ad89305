/**
 * The apps of the session's tenant, from the issuer. They follow the session and the issuer's event stream.
 *
 * After a change elsewhere, very many pages ask the issuer again. Each waits a random part of two seconds first.
 */
import { BridgeError, originOf } from "@breezeway/shared";
import {
  appListResponseSchema,
  createAppRegistry,
  parseManifest,
  parseWith,
  type AppRegistry,
  type AppVersion,
  type RegisteredApp,
  type TenantApp,
} from "@breezeway/shared/schemas";
import type { Clock } from "@breezeway/shared/channel";
import { createRefresher } from "@breezeway/shared/session";
import type { IssuerClient } from "../session/issuer-client.ts";
import { stableOf, type HostApps } from "./host-apps.ts";

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

interface KnownApps {
  readonly registry: AppRegistry;
  /** Reasons by app id. */
  readonly suspensions: ReadonlyMap<string, string>;
  /** Versions of the tenant by app id. */
  readonly versions: ReadonlyMap<string, AppVersion>;
  /** The text of each manifest, and what it was parsed to. */
  readonly parsed: ReadonlyMap<string, RegisteredApp>;
}

const NO_APPS: KnownApps = {
  registry: createAppRegistry([]),
  suspensions: new Map(),
  versions: new Map(),
  parsed: new Map(),
};

export function createIssuerApps({ client, clock, random, report }: IssuerAppsDeps): IssuerApps {
  const listeners = new Set<() => void>();
  const first = Promise.withResolvers<void>();
  let known = NO_APPS;
  let etag: string | undefined;
  let isReady = false;

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

  const refresher = createRefresher({
    read: async (signal) => {
      const answer = await client.apps(etag);
      if (signal.aborted) return;
      if (answer) known = toApps(answer.body, known, report);
      etag = answer ? answer.etag : etag;
      isReady = true;
      first.resolve();
      if (answer) tell();
    },
    // The session asks the same issuer, and reports why it does not answer.
    onFailed: () => undefined,
    clock,
    random,
    firstRetryMs: FIRST_RETRY_MS,
    maxRetryMs: MAX_RETRY_MS,
  });

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
    versionOf: (appId) => known.versions.get(appId),
    subscribe: (listener) => {
      // A separate function for each call, so that one listener may subscribe twice.
      const own = (): void => listener();
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    refresh: refresher.refresh,
    changed: () => refresher.refreshIn(SPREAD_MS * random()),
    stop: () => {
      refresher.stop();
      listeners.clear();
    },
  };
}

/** A manifest that did not change stays the same object, as its mounts compare it. */
function toApps(body: unknown, before: KnownApps, report: (error: unknown) => void): KnownApps {
  const { apps } = parseWith(appListResponseSchema, body, { code: "OFFLINE", source: "GET /apps" });
  const parsed = new Map<string, RegisteredApp>();
  const suspensions = new Map<string, string>();
  const versions = new Map<string, AppVersion>();
  const read = ({ manifest, suspended, page }: TenantApp): void => {
    const text = JSON.stringify(manifest);
    const app = before.parsed.get(text) ?? parseManifest(manifest, "GET /apps");
    assertOnOrigin(app, page);
    parsed.set(text, app);
    versions.set(app.id, page ?? stableOf(app));
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
  return { registry: createAppRegistry([...parsed.values()]), suspensions, versions, parsed };
}

/** The frame of an app never gets another origin. @throws {BridgeError} MANIFEST_INVALID */
function assertOnOrigin({ id, origin }: RegisteredApp, page: AppVersion | undefined): void {
  if (page === undefined || originOf(page.url) === origin) return;
  throw new BridgeError(
    "MANIFEST_INVALID",
    `GET /apps: ${id}: page.url: must be on the app's origin, ${origin}.`,
  );
}
