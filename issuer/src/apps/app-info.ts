/** What the programmatic API and the endpoints say about an app and its history. */
import {
  hasChannel,
  type AppSuspension,
  type ChannelPlacements,
  type RegisteredApp,
  type RollOut,
} from "@breezeway/shared/schemas";
import type { AppAction, AppChangeRow } from "../store/schema.ts";
import { toSeconds } from "../time.ts";
import type { AppCatalog } from "./app-catalog.ts";
import { EVERY_TENANT } from "./app-store.ts";
import type { ManifestDiff } from "./manifest-diff.ts";

export interface AppInfo {
  readonly app: RegisteredApp;
  /** 0 for an app of a file. */
  readonly revision: number;
  /** Only apps of the store can be put and removed; all can be suspended. */
  readonly source: "file" | "store";
  readonly suspensions: readonly AppSuspension[];
  readonly channels: AppChannels;
  /** The last change in the store, in epoch seconds. */
  readonly changedAtSeconds?: number;
}

/** Who has another channel of an app than `stable`. */
export interface AppChannels {
  /** Tenants that are on a channel of their own. */
  readonly tenants: readonly TenantChannel[];
  /** `null` without a rollout. */
  readonly rollOut: (RollOut & MaybeMissing) | null;
}

export interface MaybeMissing {
  /** Present when the manifest has no such channel: `stable` is in force instead. */
  readonly isMissing?: true;
}

export interface TenantChannel extends MaybeMissing {
  readonly tenantId: string;
  readonly channel: string;
}

/** One change of an app. */
export interface AppChange {
  /** 1 for the app's first change. */
  readonly number: number;
  readonly action: AppAction;
  /** The revision after the change. */
  readonly revision: number;
  /** Only for a `suspend` or `resume` in one tenant, and for a `set-channel`. */
  readonly tenantId?: string;
  /** Only for a `suspend`. */
  readonly reason?: string;
  /** Only for a `set-channel`, `roll-out` or `roll-back`. */
  readonly channel?: string;
  /** Only for a `roll-out`. */
  readonly percent?: number;
  /** Only for a `put`, as it was written then. */
  readonly manifest?: unknown;
  readonly diff: ManifestDiff;
  readonly actor?: string;
  readonly atSeconds: number;
}

export function appInfo(catalog: AppCatalog, app: RegisteredApp): AppInfo {
  const { revision, suspensions, placements, changedAtMs } = catalog.stored(app.id);
  return {
    app,
    revision,
    source: catalog.isSeed(app.id) ? "file" : "store",
    suspensions: suspensionsOf(suspensions),
    channels: channelsOf(app, placements),
    ...(changedAtMs === undefined ? {} : { changedAtSeconds: toSeconds(changedAtMs) }),
  };
}

export function suspensionsOf(suspensions: ReadonlyMap<string, string>): AppSuspension[] {
  return [...suspensions].map(([tenantId, reason]) =>
    tenantId === EVERY_TENANT ? { reason } : { tenantId, reason },
  );
}

function channelsOf(app: RegisteredApp, { tenants, rollOut }: ChannelPlacements): AppChannels {
  const missing = (channel: string): MaybeMissing =>
    hasChannel(app, channel) ? {} : { isMissing: true };
  return {
    tenants: [...tenants].map(([tenantId, channel]) => ({
      tenantId,
      channel,
      ...missing(channel),
    })),
    rollOut: rollOut ? { ...rollOut, ...missing(rollOut.channel) } : null,
  };
}

export function appChange(row: AppChangeRow): AppChange {
  return {
    number: row.number,
    action: row.action,
    revision: row.revision,
    ...(row.tenant_id === null ? {} : { tenantId: row.tenant_id }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.channel === null ? {} : { channel: row.channel }),
    ...(row.percent === null ? {} : { percent: row.percent }),
    ...(row.manifest === null ? {} : { manifest: JSON.parse(row.manifest) as unknown }),
    diff: JSON.parse(row.diff) as ManifestDiff,
    ...(row.actor === null ? {} : { actor: row.actor }),
    atSeconds: toSeconds(row.at_ms),
  };
}
