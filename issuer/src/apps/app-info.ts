/** What the programmatic API and the endpoints say about an app and its history. */
import type { AppSuspension, RegisteredApp } from "@breezeway/shared/schemas";
import type { AppChangeRow } from "../store/schema.ts";
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
  /** The last change in the store, in epoch seconds. */
  readonly changedAtSeconds?: number;
}

/** One change of an app. */
export interface AppChange {
  /** 1 for the app's first change. */
  readonly number: number;
  readonly action: "put" | "remove" | "suspend" | "resume";
  /** The revision after the change. */
  readonly revision: number;
  /** Only for a `suspend` or `resume` in one tenant. */
  readonly tenantId?: string;
  /** Only for a `suspend`. */
  readonly reason?: string;
  /** Only for a `put`, as it was written then. */
  readonly manifest?: unknown;
  readonly diff: ManifestDiff;
  readonly actor?: string;
  readonly atSeconds: number;
}

export function appInfo(catalog: AppCatalog, app: RegisteredApp): AppInfo {
  const { revision, suspensions, changedAtMs } = catalog.stored(app.id);
  return {
    app,
    revision,
    source: catalog.isSeed(app.id) ? "file" : "store",
    suspensions: suspensionsOf(suspensions),
    ...(changedAtMs === undefined ? {} : { changedAtSeconds: toSeconds(changedAtMs) }),
  };
}

export function suspensionsOf(suspensions: ReadonlyMap<string, string>): AppSuspension[] {
  return [...suspensions].map(([tenantId, reason]) =>
    tenantId === EVERY_TENANT ? { reason } : { tenantId, reason },
  );
}

export function appChange(row: AppChangeRow): AppChange {
  return {
    number: row.number,
    action: row.action,
    revision: row.revision,
    ...(row.tenant_id === null ? {} : { tenantId: row.tenant_id }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.manifest === null ? {} : { manifest: JSON.parse(row.manifest) as unknown }),
    diff: JSON.parse(row.diff) as ManifestDiff,
    ...(row.actor === null ? {} : { actor: row.actor }),
    atSeconds: toSeconds(row.at_ms),
  };
}
