/**
 * Decides what a change of an app writes: the app's next state, its history, and the entries of the change log.
 *
 * Invariant: `apps-changed` comes before the revocation of the app's tokens. A process that has received the first mints
 * nothing for the app until it knows the new state, so no token with the old rights is newer than the revocation.
 */
import { BridgeError } from "@breezeway/shared";
import { isNarrower, parseManifestJson, type RegisteredApp } from "@breezeway/shared/schemas";
import type { Change } from "../changes/change-log.ts";
import { entryOf, EVERY_TENANT, type AppState, type AppUpdate } from "./app-store.ts";
import { missingChannels } from "./channel-changes.ts";
import { diffManifests, type ManifestDiff } from "./manifest-diff.ts";

/** Tenants in which one app is suspended: they are read with the app. */
const MAX_SUSPENSIONS = 1_000;

interface By {
  readonly actor: string | undefined;
}

export interface PutInput extends By {
  readonly app: RegisteredApp;
  readonly expectedRevision: number | undefined;
}

export interface RemoveInput extends By {
  readonly appId: string;
  readonly expectedRevision: number | undefined;
}

export interface SuspensionInput extends By {
  readonly appId: string;
  readonly tenantId: string | undefined;
  /** `undefined` to resume. */
  readonly reason: string | undefined;
}

export interface PutUpdate {
  readonly update: AppUpdate | undefined;
  readonly revision: number;
  readonly diff: ManifestDiff;
  /** Whether older tokens of the app end. */
  readonly revokesTokens: boolean;
  /** Channels that tenants are on and that the manifest does not have. */
  readonly missingChannels: readonly string[];
}

/** No update when the manifest is the same. @throws {BridgeError} REVISION_CONFLICT */
export function putApp(current: AppState, { app, expectedRevision, actor }: PutInput): PutUpdate {
  assertRevision(current, expectedRevision);
  const before = readable(current);
  const diff = diffManifests(before, app);
  const missing = missingChannels(current.placements, app);
  if (before !== undefined && diff.length === 0) {
    const { revision } = current;
    return { update: undefined, revision, diff, revokesTokens: false, missingChannels: missing };
  }
  const manifest = JSON.stringify(app);
  const revision = current.revision + 1;
  const revokesTokens = current.manifest !== undefined && (!before || isNarrower(before, app));
  const update: AppUpdate = {
    next: { ...current, manifest, revision },
    entry: { ...entryOf("put", actor), manifest, diff: JSON.stringify(diff) },
    changes: changesOf({ appId: app.id, detail: "put" }, revokesTokens),
  };
  return { update, revision, diff, revokesTokens, missingChannels: missing };
}

/** No update when there is no such app. @throws {BridgeError} REVISION_CONFLICT */
export function removeApp(
  current: AppState,
  { appId, expectedRevision, actor }: RemoveInput,
): AppUpdate | undefined {
  if (current.manifest === undefined) return undefined;
  assertRevision(current, expectedRevision);
  const diff = diffManifests(readable(current), undefined);
  return {
    // Its suspensions and channels stay: who puts the app again must change them knowingly.
    next: { ...current, manifest: undefined, revision: current.revision + 1 },
    entry: { ...entryOf("remove", actor), diff: JSON.stringify(diff) },
    changes: changesOf({ appId, detail: "remove" }, true),
  };
}

/** No update when nothing changes. @throws {BridgeError} REQUEST_MALFORMED, when too many tenants have suspensions */
export function suspendApp(
  current: AppState,
  { appId, tenantId, reason, actor }: SuspensionInput,
): AppUpdate | undefined {
  const key = tenantId ?? EVERY_TENANT;
  if (current.suspensions.get(key) === reason) return undefined;
  const suspensions = new Map(current.suspensions);
  if (reason === undefined) suspensions.delete(key);
  else suspensions.set(key, reason);
  if (suspensions.size > MAX_SUSPENSIONS) throw tooMany(appId);
  const action = reason === undefined ? "resume" : "suspend";
  return {
    next: { ...current, suspensions },
    entry: { ...entryOf(action, actor), tenant_id: tenantId ?? null, reason: reason ?? null },
    changes: changesOf({ appId, tenantId, detail: action }, reason !== undefined),
  };
}

/** `undefined` also for a manifest that only a newer version understands. */
function readable({ manifest }: AppState): RegisteredApp | undefined {
  if (manifest === undefined) return undefined;
  try {
    return parseManifestJson(manifest, "store");
  } catch {
    return undefined;
  }
}

function assertRevision({ revision }: AppState, expected: number | undefined): void {
  if (expected === undefined || expected === revision) return;
  throw new BridgeError(
    "REVISION_CONFLICT",
    `expectedRevision: is ${expected}, but the app has revision ${revision}. Read the app again.`,
    { details: { revision } },
  );
}

interface Subject {
  readonly appId: string;
  readonly tenantId?: string | undefined;
  readonly detail: string;
}

function changesOf({ appId, tenantId, detail }: Subject, isRevoking: boolean): Change[] {
  const subject = { subject: appId, ...(tenantId === undefined ? {} : { tenantId }) };
  return [
    { kind: "apps-changed", ...subject, detail },
    ...(isRevoking ? [{ kind: "app", ...subject } satisfies Change] : []),
  ];
}

function tooMany(appId: string): BridgeError {
  return new BridgeError(
    "REQUEST_MALFORMED",
    `tenantId: ${appId} is suspended in ${MAX_SUSPENSIONS} tenants, which is the limit. Suspend it in every tenant.`,
  );
}
