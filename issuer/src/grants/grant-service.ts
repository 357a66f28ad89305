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
import type { WishKey, WishRecord, WishStore } from "./wish-store.ts";

export interface GrantInput extends GrantKey {
  readonly scopes: readonly string[];
  /** Whether scopes that are granted already stay so. Default `false`. */
  readonly add?: boolean | undefined;
  readonly actor: string | undefined;
}

export interface WishInput extends WishKey {
  readonly scopes: readonly string[];
}

export interface GrantService {
  /** @throws {BridgeError} APP_UNKNOWN; REQUEST_MALFORMED, for a scope that the manifest does not list */
  readonly set: (input: GrantInput) => Promise<GrantRecord>;
  /**
   * Grants all scopes of the manifest. Resolves to `undefined` when the tenant has decided before.
   *
   * @throws {BridgeError} APP_UNKNOWN
   */
  readonly setFirst: (key: GrantKey, actor: string | undefined) => Promise<GrantRecord | undefined>;
  /**
   * Keeps what a user wishes for, until somebody decides about the app. Resolves to `undefined` when all of it is granted.
   *
   * @throws {BridgeError} APP_UNKNOWN; REQUEST_MALFORMED, for a scope that the manifest does not list
   */
  readonly wish: (input: WishInput) => Promise<WishRecord | undefined>;
  /** Wishes of a tenant for what is not granted yet, newest first. */
  readonly wishes: (tenantId: string, limit: number) => Promise<readonly WishRecord[]>;
  readonly get: (key: GrantKey) => Promise<GrantRecord | undefined>;
  readonly listForTenant: (tenantId: string) => Promise<readonly GrantRecord[]>;
  readonly history: (key: GrantKey, limit: number) => Promise<readonly GrantChangeRow[]>;
}

export interface GrantServiceDeps {
  readonly store: GrantStore;
  readonly wishes: WishStore;
  readonly apps: Pick<AppsRuntime, "catalog" | "settled">;
  readonly clock: Clock;
  readonly audit: AuditSink;
  /** Tells this process about a change that was just written; never rejects. */
  readonly changed: () => Promise<void>;
}

export function createGrantService(deps: GrantServiceDeps): GrantService {
  const { store, wishes, apps, clock, audit, changed } = deps;

  /** The app, which lists the scopes. @throws {BridgeError} APP_UNKNOWN, REQUEST_MALFORMED */
  const appWith = async (appId: string, scopes: readonly string[]): Promise<RegisteredApp> => {
    await apps.settled(appId);
    const app = knownApp(apps.catalog, appId);
    assertListed(app, scopes);
    return app;
  };

  /** @returns whether it wrote anything, and the scopes that are granted now */
  const write = async (
    app: RegisteredApp,
    key: GrantKey,
    actor: string | undefined,
    wantedOf: (granted: readonly string[] | undefined) => readonly string[],
  ): Promise<{ readonly record: GrantRecord; readonly hasChanged: boolean }> => {
    const { revision: appRevision } = apps.catalog.stored(app.id);
    const nowMs = clock.now();
    let scopes: readonly string[] = [];
    const decide = (granted: readonly string[] | undefined): GrantUpdate | undefined => {
      const wanted = new Set(wantedOf(granted));
      // In the manifest's order, and each once, so that the same grant is the same text.
      scopes = scopesOfManifest(app).filter((scope) => wanted.has(scope));
      if (granted && isSame(granted, scopes)) return undefined;
      const isNarrower = granted?.some((scope) => !wanted.has(scope)) ?? false;
      return { scopes, appRevision, actor, changes: changesOf(key, isNarrower) };
    };
    const hasChanged = await store.update(key, decide, nowMs);
    if (hasChanged) {
      const { appId, tenantId } = key;
      audit({ event: "grant.set", sub: actor, tenant: tenantId, app: appId, scopes });
      await changed();
    }
    const found = await store.find(key);
    const record = found ?? { ...key, scopes, appRevision, actor, changedAtMs: nowMs };
    return { record, hasChanged };
  };

  return {
    set: async ({ appId, tenantId, scopes, add = false, actor }) => {
      const app = await appWith(appId, scopes);
      const key = { appId, tenantId };
      const atMs = clock.now();
      const { record } = await write(app, key, actor, (granted = []) =>
        add ? [...granted, ...scopes] : scopes,
      );
      if (!add) await wishes.settle(key, atMs);
      return record;
    },
    setFirst: async (key, actor) => {
      const app = await appWith(key.appId, []);
      const all = scopesOfManifest(app);
      const { record, hasChanged } = await write(app, key, actor, (granted) => granted ?? all);
      return hasChanged ? record : undefined;
    },
    ...createWishes(deps, appWith),
    get: store.find,
    listForTenant: store.listForTenant,
    history: store.history,
  };
}

/** @param appWith Finds the app, which must list the scopes. */
function createWishes(
  { store, wishes, clock, audit, changed }: GrantServiceDeps,
  appWith: (appId: string, scopes: readonly string[]) => Promise<RegisteredApp>,
): Pick<GrantService, "wish" | "wishes"> {
  return {
    wish: async ({ appId, tenantId, userId, scopes: asked }) => {
      await appWith(appId, asked);
      const granted = (await store.find({ appId, tenantId }))?.scopes ?? [];
      const scopes = asked.filter((scope) => !granted.includes(scope));
      if (scopes.length === 0) return undefined;
      const key = { appId, tenantId, userId };
      const { record, hasGrown } = await wishes.add(key, scopes, clock.now());
      if (!hasGrown) return record;
      audit({ event: "grant.wished", sub: userId, tenant: tenantId, app: appId, scopes });
      await changed();
      return record;
    },
    wishes: async (tenantId, limit) => {
      const records = await wishes.listForTenant(tenantId, limit);
      if (records.length === 0) return [];
      const grants = await store.listForTenant(tenantId);
      const granted = new Map(grants.map(({ appId, scopes }) => [appId, scopes]));
      return records
        .map((wish) => {
          const has = granted.get(wish.appId) ?? [];
          return { ...wish, scopes: wish.scopes.filter((scope) => !has.includes(scope)) };
        })
        .filter(({ scopes }) => scopes.length > 0);
    },
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
