/**
 * Reads and changes grants: the scopes of an app that a tenant has agreed to. Every change goes through here.
 *
 * Invariant: `grants-changed` comes before the revocation of the app's tokens in the tenant. A process that has received
 * the first mints nothing for the tenant until it knows the new grant.
 */
import { BridgeError, type Clock } from "@breezeway/shared";
import { scopesOfManifest, type RegisteredApp } from "@breezeway/shared/schemas";
import type { AppCatalog } from "../apps/app-catalog.ts";
import type { AppsRuntime } from "../apps/apps-runtime.ts";
import type { AuditSink } from "../audit/audit.ts";
import type { Change } from "../changes/change-log.ts";
import type { GrantChangeRow } from "../store/schema.ts";
import type { GrantKey, GrantRecord, GrantStore, GrantUpdate } from "./grant-store.ts";

export interface GrantInput extends GrantKey {
  /** All that are granted from now on. */
  readonly scopes: readonly string[];
  readonly actor: string | undefined;
}

export interface GrantService {
  /** @throws {BridgeError} APP_UNKNOWN; REQUEST_MALFORMED, for a scope that the manifest does not list */
  readonly set: (input: GrantInput) => Promise<GrantRecord>;
  readonly get: (key: GrantKey) => Promise<GrantRecord | undefined>;
  readonly listForTenant: (tenantId: string) => Promise<readonly GrantRecord[]>;
  readonly history: (key: GrantKey, limit: number) => Promise<readonly GrantChangeRow[]>;
}

export interface GrantServiceDeps {
  readonly store: GrantStore;
  readonly apps: Pick<AppsRuntime, "catalog" | "settled">;
  readonly clock: Clock;
  readonly audit: AuditSink;
  /** Tells this process about a change that was just written; never rejects. */
  readonly changed: () => Promise<void>;
}

export function createGrantService(deps: GrantServiceDeps): GrantService {
  const { store, apps, clock, audit, changed } = deps;
  return {
    set: async ({ appId, tenantId, scopes, actor }) => {
      await apps.settled(appId);
      const app = knownApp(apps.catalog, appId);
      assertListed(app, scopes);
      const { revision: appRevision } = apps.catalog.stored(appId);
      const key = { appId, tenantId };
      const nowMs = clock.now();
      // In the manifest's order, and each once, so that the same grant is the same text.
      const ordered = scopesOfManifest(app).filter((scope) => scopes.includes(scope));
      const decide = (granted: readonly string[] | undefined): GrantUpdate | undefined => {
        if (granted && isSame(granted, ordered)) return undefined;
        const isNarrower = granted?.some((scope) => !ordered.includes(scope)) ?? false;
        return { scopes: ordered, appRevision, actor, changes: changesOf(key, isNarrower) };
      };
      if (await store.update(key, decide, nowMs)) {
        audit({ event: "grant.set", sub: actor, tenant: tenantId, app: appId, scopes: ordered });
        await changed();
      }
      const record = await store.find(key);
      return record ?? { ...key, scopes: ordered, appRevision, actor, changedAtMs: nowMs };
    },
    get: store.find,
    listForTenant: store.listForTenant,
    history: store.history,
  };
}

function knownApp(catalog: AppCatalog, appId: string): RegisteredApp {
  const app = catalog.get(appId);
  if (app) return app;
  throw new BridgeError("APP_UNKNOWN", "No app with this id is registered.");
}

function assertListed(app: RegisteredApp, scopes: readonly string[]): void {
  const listed = scopesOfManifest(app);
  const unknown = scopes.find((scope) => !listed.includes(scope));
  if (unknown === undefined) return;
  throw new BridgeError(
    "REQUEST_MALFORMED",
    `scopes: the manifest of ${app.id} does not list ${unknown}. Grant only scopes and optionalScopes of the manifest.`,
  );
}

function isSame(before: readonly string[], after: readonly string[]): boolean {
  return before.length === after.length && before.every((scope, index) => scope === after[index]);
}

function changesOf({ appId, tenantId }: GrantKey, isNarrower: boolean): Change[] {
  return [
    { kind: "grants-changed", subject: tenantId, tenantId, detail: appId },
    ...(isNarrower ? [{ kind: "app", subject: appId, tenantId } satisfies Change] : []),
  ];
}
