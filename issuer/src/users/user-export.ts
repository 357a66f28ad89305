/** Everything that the store has about a user, without secrets and hashes, as plain JSON. */
import type { AppAction } from "../store/schema.ts";
import { toSeconds } from "../time.ts";
import type { SessionRow } from "../store/schema.ts";
import type { OpenStore } from "../store/store.ts";
import { fromRow, toInfo, type SessionInfo } from "../sessions/session-record.ts";
import {
  appChangesBy,
  erasureCallsOf,
  grantChangesBy,
  grantsBy,
  logEntriesOf,
  sessionsOf,
  wishesOf,
} from "./user-rows.ts";

/** Times are epoch seconds. It can be written with `JSON.stringify`. */
export interface UserExport {
  readonly userId: string;
  readonly exportedAtSeconds: number;
  /** Sessions that are live, and those that ended within the last day. */
  readonly sessions: readonly ExportedSession[];
  /** Scopes that the user has granted to apps and that are in force. */
  readonly grants: readonly ExportedGrant[];
  /** All grants that the user has ever made. */
  readonly grantHistory: readonly ExportedGrant[];
  /** Scopes that the user has asked an administrator for. */
  readonly wishes: readonly ExportedWish[];
  /** Changes of apps that the user has made. */
  readonly appHistory: readonly ExportedAppChange[];
  /** Entries of the last hours that revoke the user's tokens. */
  readonly revocations: readonly ExportedRevocation[];
  /** Apps whose backends have not yet answered the call about an erasure. */
  readonly erasureCalls: readonly ExportedCall[];
}

export interface ExportedSession extends SessionInfo {
  readonly endedAtSeconds?: number;
  readonly endedBecause?: string;
}

export interface ExportedGrant {
  readonly appId: string;
  readonly tenantId: string;
  readonly scopes: readonly string[];
  readonly appRevision: number;
  readonly atSeconds: number;
}

export interface ExportedWish {
  readonly appId: string;
  readonly tenantId: string;
  readonly scopes: readonly string[];
  readonly atSeconds: number;
}

export interface ExportedAppChange {
  readonly appId: string;
  readonly number: number;
  readonly action: AppAction;
  readonly tenantId?: string;
  readonly reason?: string;
  readonly atSeconds: number;
}

export interface ExportedRevocation {
  readonly tenantId?: string;
  readonly atSeconds: number;
}

export interface ExportedCall {
  readonly appId: string;
  readonly tenantId: string;
  readonly attempts: number;
}

/** @throws {BridgeError} STORE_UNAVAILABLE */
export async function exportUser(
  store: OpenStore,
  userId: string,
  nowMs: number,
): Promise<UserExport> {
  return {
    userId,
    exportedAtSeconds: toSeconds(nowMs),
    sessions: await all(sessionsOf(store, userId), exportedSession),
    grants: await all(grantsBy(store, userId), (row) =>
      exportedGrant({ ...row, at_ms: row.changed_at_ms }),
    ),
    grantHistory: await all(grantChangesBy(store, userId), exportedGrant),
    wishes: await all(wishesOf(store, userId), (row) => ({
      appId: row.app_id,
      tenantId: row.tenant_id,
      scopes: JSON.parse(row.scopes) as string[],
      atSeconds: toSeconds(row.wished_at_ms),
    })),
    appHistory: await all(appChangesBy(store, userId), (row) => ({
      appId: row.app_id,
      number: row.number,
      action: row.action,
      ...(row.tenant_id === null ? {} : { tenantId: row.tenant_id }),
      ...(row.reason === null ? {} : { reason: row.reason }),
      atSeconds: toSeconds(row.at_ms),
    })),
    revocations: await all(logEntriesOf(store, userId), ({ tenant_id, at_seconds }) => ({
      ...(tenant_id === null ? {} : { tenantId: tenant_id }),
      atSeconds: at_seconds,
    })),
    erasureCalls: await all(erasureCallsOf(store, userId), ({ app_id, tenant_id, attempts }) => ({
      appId: app_id,
      tenantId: tenant_id,
      attempts,
    })),
  };
}

async function all<Row, Shown>(
  batches: AsyncIterable<Row[]>,
  show: (row: Row) => Shown,
): Promise<Shown[]> {
  const shown: Shown[] = [];
  for await (const rows of batches) for (const row of rows) shown.push(show(row));
  return shown;
}

/** Built from what the programmatic API shows, which has no secret and no hash. */
function exportedSession(row: SessionRow): ExportedSession {
  const record = fromRow(row);
  const { revokedAtMs, revokedReason } = record;
  return {
    ...toInfo(record),
    ...(revokedAtMs === undefined ? {} : { endedAtSeconds: toSeconds(revokedAtMs) }),
    ...(revokedReason === undefined ? {} : { endedBecause: revokedReason }),
  };
}

interface GrantLike {
  readonly app_id: string;
  readonly tenant_id: string;
  readonly scopes: string;
  readonly app_revision: number;
  readonly at_ms: number;
}

function exportedGrant(row: GrantLike): ExportedGrant {
  return {
    appId: row.app_id,
    tenantId: row.tenant_id,
    // Only this package writes the column, and it parsed the scopes before.
    scopes: JSON.parse(row.scopes) as string[],
    appRevision: row.app_revision,
    atSeconds: toSeconds(row.at_ms),
  };
}
