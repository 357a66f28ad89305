/** The parts of consent, wired together. Without consent, grants are kept and limit nothing. */
import type { Clock } from "@breezeway/shared";
import type { AppsRuntime } from "../apps/apps-runtime.ts";
import type { AuditSink } from "../audit/audit.ts";
import type { InstalledApps } from "../installations/installed-apps.ts";
import type { OpenStore } from "../store/store.ts";
import { createGrantService, type GrantService } from "./grant-service.ts";
import { adoptGrants, type Adopting } from "./adopt-grants.ts";
import { createGrantStore, type GrantRecord } from "./grant-store.ts";
import { createWishStore } from "./wish-store.ts";
import { createTenantGrants, type TenantGrants } from "./tenant-grants.ts";

export interface GrantsRuntime {
  readonly service: GrantService;
  readonly adopt: (adopting: Adopting) => AsyncIterable<GrantRecord>;
  /** Absent when nobody needs to agree to an app's scopes. */
  readonly tenantGrants: TenantGrants | undefined;
}

export interface GrantsRuntimeDeps {
  readonly isRequired: boolean;
  readonly store: OpenStore;
  readonly apps: AppsRuntime;
  /** Absent when apps need no installation. */
  readonly installedApps: InstalledApps | undefined;
  readonly clock: Clock;
  readonly audit: AuditSink;
  /** Tells this process about a change that was just written; never rejects. */
  readonly changed: () => Promise<void>;
}

export function createGrantsRuntime({ isRequired, ...deps }: GrantsRuntimeDeps): GrantsRuntime {
  const store = createGrantStore(deps.store);
  const service = createGrantService({ ...deps, store, wishes: createWishStore(deps.store) });
  return {
    service,
    adopt: (adopting) => adoptGrants({ ...deps, grantStore: store, service }, adopting),
    tenantGrants: isRequired ? createTenantGrants(store) : undefined,
  };
}
