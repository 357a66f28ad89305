/**
 * Follows the app registry of the issuer (`apps: "issuer"`).
 *
 * Rules:
 *  [REG-1] Before the first registry no app is known, and requests are refused with 503.
 *  [REG-2] The feed says when to ask again: at each connection and at each `registry` event. Requests never wait.
 *  [REG-3] The last known registry stays in force while the issuer does not answer. `state` then says so.
 *  [REG-4] One manifest that this version does not understand, or that takes a host's origin, is reported and left out.
 */
import { BridgeError, readBoundedBytes, type Clock } from "@breezeway/shared";
import {
  createAppRegistry,
  NO_PLACEMENTS,
  parseJsonWith,
  parseManifest,
  registryResponseSchema,
  versionOf,
  type AppRegistry,
  type AppSuspension,
  type AppVersion,
  type RegisteredApp,
  type RegistryChannels,
} from "@breezeway/shared/schemas";
import { createRefresher } from "@breezeway/shared/session";
import type { Fetch } from "@breezeway/verify";

/** The reason for which an app is suspended in a tenant. */
export type SuspensionOf = (appId: string, tenantId: string) => string | undefined;

/** The version of an app's pages that a tenant has; `undefined` when the gateway cannot know it. */
export type VersionOf = (appId: string, tenantId: string) => AppVersion | undefined;

export interface KnownRegistry {
  readonly apps: AppRegistry;
  /** `undefined` while no app is suspended. */
  readonly suspensionOf: SuspensionOf | undefined;
  readonly versionOf: VersionOf;
}

export interface RegistryFollower {
  /** `stale`: the last attempt to read the registry failed. */
  readonly state: "connecting" | "ok" | "stale";
  /** There may be news. */
  readonly refresh: () => void;
  readonly close: () => void;
}

export interface RegistryFollowerDeps {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Default: the runtime's `fetch`. */
  readonly fetch?: Fetch;
  readonly clock: Pick<Clock, "setTimer" | "clearTimer">;
  readonly onRegistry: (registry: KnownRegistry) => void;
  readonly onError: (error: unknown) => void;
  /** Why this app may not be used here. */
  readonly refusalOf: (app: RegisteredApp) => BridgeError | undefined;
}

const TIMEOUT_MS = 5_000;
/** Ten thousand apps of a kilobyte and a half. */
const MAX_BYTES = 16_777_216;
/** A tenant id is never empty. */
const EVERY_TENANT = "";
const FIRST_RETRY_MS = 200;
const MAX_RETRY_MS = 2_000;

export function createRegistryFollower(deps: RegistryFollowerDeps): RegistryFollower {
  let state: RegistryFollower["state"] = "connecting";
  let etag: string | undefined;
  const { refresh, stop } = createRefresher({
    read: async (signal) => {
      const answer = await fetchRegistry(deps, { etag, signal });
      if (signal.aborted) return;
      if (answer) {
        deps.onRegistry(toRegistry(answer.text, deps));
        etag = answer.etag;
      }
      state = "ok";
    },
    onFailed: (error) => {
      deps.onError(error);
      if (state === "ok") state = "stale";
    },
    clock: deps.clock,
    random: Math.random,
    firstRetryMs: FIRST_RETRY_MS,
    maxRetryMs: MAX_RETRY_MS,
  });
  return {
    get state() {
      return state;
    },
    refresh,
    close: stop,
  };
}

/** Looks `fetch` up on each call, so that tools which replace it later are used. */
const runtimeFetch: Fetch = (url, init) => globalThis.fetch(url, init);

interface Asking {
  readonly etag: string | undefined;
  readonly signal: AbortSignal;
}

/** @returns `undefined` when the registry is the known one */
async function fetchRegistry(
  { url, headers, fetch = runtimeFetch }: RegistryFollowerDeps,
  { etag, signal }: Asking,
): Promise<{ readonly text: string; readonly etag: string | undefined } | undefined> {
  const response = await fetch(url, {
    headers: {
      ...headers,
      accept: "application/json",
      ...(etag === undefined ? {} : { "if-none-match": etag }),
    },
    // A redirect would let anybody who controls one URL of the issuer choose the apps.
    redirect: "manual",
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  });
  if (response.status === 304 && etag !== undefined) return undefined;
  if (response.status !== 200) {
    await response.body?.cancel();
    throw unusable(`It answered with status ${response.status}, expected 200.`);
  }
  const body = await readBoundedBytes(response, MAX_BYTES);
  if (body === undefined) throw unusable(`It is larger than ${MAX_BYTES} bytes.`);
  return {
    text: Buffer.from(body.buffer).toString(),
    etag: response.headers.get("etag") ?? undefined,
  };
}

/** @throws {BridgeError} REQUEST_MALFORMED */
function toRegistry(text: string, { refusalOf, onError }: RegistryFollowerDeps): KnownRegistry {
  const { apps: entries } = parseJsonWith(registryResponseSchema, text, {
    code: "REQUEST_MALFORMED",
    source: "app registry",
  });
  const apps: RegisteredApp[] = [];
  /** Reasons by app, then by tenant. */
  const suspended = new Map<string, ReadonlyMap<string, string>>();
  const versions = new Map<string, (tenantId: string) => AppVersion>();
  for (const { manifest, suspensions, channels } of entries) {
    try {
      const app = parseManifest(manifest, "app registry");
      const refusal = refusalOf(app);
      if (refusal) throw refusal;
      apps.push(app);
      versions.set(app.id, versionsOf(app, channels));
      if (suspensions.length > 0) suspended.set(app.id, reasonsOf(suspensions));
    } catch (error) {
      onError(error);
    }
  }
  const suspensionOf: SuspensionOf = (appId, tenantId) => {
    const reasons = suspended.get(appId);
    return reasons?.get(EVERY_TENANT) ?? reasons?.get(tenantId);
  };
  return {
    apps: createAppRegistry(apps),
    suspensionOf: suspended.size === 0 ? undefined : suspensionOf,
    versionOf: (appId, tenantId) => versions.get(appId)?.(tenantId),
  };
}

function versionsOf(
  app: RegisteredApp,
  channels: RegistryChannels | undefined,
): (tenantId: string) => AppVersion {
  const whole = { ...app, channels: channels?.versions };
  const placements = {
    tenants: new Map(channels?.tenants.map(({ tenantId, channel }) => [tenantId, channel])),
    rollOut: channels?.rollOut ?? undefined,
  };
  return (tenantId) => versionOf(whole, placements, tenantId);
}

/** For apps of the gateway's own file. Nobody tells the gateway who is on the channels of such an app. */
export function versionsOfFile(apps: AppRegistry | undefined): VersionOf {
  return (appId, tenantId) => {
    const app = apps?.get(appId);
    return app && !app.channels ? versionOf(app, NO_PLACEMENTS, tenantId) : undefined;
  };
}

function reasonsOf(suspensions: readonly AppSuspension[]): ReadonlyMap<string, string> {
  return new Map(suspensions.map(({ tenantId = EVERY_TENANT, reason }) => [tenantId, reason]));
}

function unusable(what: string): BridgeError {
  return new BridgeError("STORE_UNAVAILABLE", `The app registry cannot be read. ${what}`);
}
