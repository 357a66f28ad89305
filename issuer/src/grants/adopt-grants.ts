/**
 * Grants what apps have today, before consent is switched on: each app that a tenant can use gets all scopes of its
 * manifest. A tenant that has decided about an app keeps its decision, so a run that was interrupted can be repeated.
 */
import { scopesOfManifest, type RegisteredApp } from "@breezeway/shared/schemas";
import type { AppsRuntime } from "../apps/apps-runtime.ts";
import type { InstalledApps } from "../installations/installed-apps.ts";
import type { OpenStore } from "../store/store.ts";
import { withStore } from "../store/unavailable.ts";
import type { GrantKey, GrantRecord, GrantStore } from "./grant-store.ts";
import type { GrantService } from "./grant-service.ts";

export interface Adopting {
  /** Default: all tenants that have a session or an installation in the store. */
  readonly tenantIds?: Iterable<string> | undefined;
  readonly actor: string | undefined;
  /** Whether to list what would be granted, and write nothing. */
  readonly dryRun: boolean;
}

export interface AdoptDeps {
  readonly store: OpenStore;
  readonly grantStore: Pick<GrantStore, "find">;
  readonly service: Pick<GrantService, "setFirst">;
  readonly apps: Pick<AppsRuntime, "catalog" | "settled">;
  /** Absent when apps need no installation. */
  readonly installedApps: InstalledApps | undefined;
}

/** Yields each grant that was made, or would be made, by tenant. */
export async function* adoptGrants(
  deps: AdoptDeps,
  { tenantIds, actor, dryRun }: Adopting,
): AsyncGenerator<GrantRecord, void> {
  await deps.apps.settled();
  for await (const tenantId of tenantIds ?? tenantsOf(deps.store)) {
    for (const app of deps.apps.catalog.all) {
      const key = { appId: app.id, tenantId };
      if (deps.installedApps && !(await deps.installedApps.admits(key))) continue;
      const grant = dryRun
        ? await planned(deps, key, app)
        : await deps.service.setFirst(key, actor);
      if (grant) yield grant;
    }
  }
}

async function planned(
  { grantStore, apps }: AdoptDeps,
  key: GrantKey,
  app: RegisteredApp,
): Promise<GrantRecord | undefined> {
  if (await grantStore.find(key)) return undefined;
  return {
    ...key,
    scopes: scopesOfManifest(app),
    appRevision: apps.catalog.stored(app.id).revision,
    actor: undefined,
    changedAtMs: Date.now(),
  };
}

/** All tenants in order, each by one look into an index, so that no table is read whole. */
async function* tenantsOf(store: OpenStore): AsyncGenerator<string, void> {
  for (let after = ""; ;) {
    const next = await nextTenant(store, after);
    if (next === undefined) return;
    yield next;
    after = next;
  }
}

async function nextTenant(store: OpenStore, after: string): Promise<string | undefined> {
  const { db } = store;
  const nextOf = (table: "breezeway_session" | "breezeway_installation") =>
    db
      .selectFrom(table)
      .select("tenant_id")
      .where("tenant_id", ">", after)
      .orderBy("tenant_id")
      .limit(1)
      .as("next");
  // The store compares the two: its order of texts need not be ours.
  const query = db
    .selectFrom(nextOf("breezeway_session"))
    .select("tenant_id")
    .unionAll(db.selectFrom(nextOf("breezeway_installation")).select("tenant_id"))
    .orderBy("tenant_id")
    .limit(1);
  return (await withStore(store, () => query.executeTakeFirst()))?.tenant_id;
}
