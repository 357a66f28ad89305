/** The parts of installations, wired together. */
import type { AuditSink } from "../audit/audit.ts";
import type { Clock, SharedClock } from "../clock.ts";
import type { KeyRing } from "../keys/key-ring.ts";
import type { IssuerOptions } from "../options.ts";
import type { OpenStore } from "../store/store.ts";
import { isLoopbackHost } from "@breezeway/shared";
import type { AppRegistry } from "@breezeway/shared/schemas";
import { callBackend } from "./backend-call.ts";
import { createInstalledApps, type InstalledApps } from "./installed-apps.ts";
import { createInstallationChanger } from "./installation-changer.ts";
import { MAX_DUE_AHEAD_MS, type RetryTimes } from "./installation-machine.ts";
import { checkInstallations, type InstallationOptions } from "./installation-options.ts";
import { createInstallationStore } from "./installation-store.ts";
import { createInstallationWorker, type InstallationWorker } from "./installation-worker.ts";
import { createInstallationService, type InstallationService } from "./installations.ts";
import { createGuardedFetch } from "./guarded-fetch.ts";
import { createLifecycleSigner } from "./lifecycle-token.ts";
import { refusedAddresses, type AddressPolicy } from "./refused-addresses.ts";

export interface InstallationsRuntime {
  readonly service: InstallationService;
  readonly worker: InstallationWorker;
  /** Only where tokens are for installed apps alone. */
  readonly installedApps: InstalledApps | undefined;
  /** Another process, or this one, has changed installations of a tenant; of some, without one. */
  onChange(tenantId?: string): void;
}

export interface InstallationsRuntimeDeps {
  readonly options: InstallationOptions;
  readonly issuer: Pick<IssuerOptions, "issuer" | "algorithms">;
  readonly store: OpenStore;
  readonly apps: AppRegistry;
  readonly keys: Pick<KeyRing, "active">;
  readonly clock: Clock;
  /** For what several processes have to agree on. */
  readonly now: SharedClock;
  readonly audit: AuditSink;
  readonly changed: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** 4, 16, 64 seconds, four minutes, then a quarter of an hour. */
export function retryTimes(maxAttempts: number): RetryTimes {
  return {
    leaseMs: 60_000,
    firstRetryMs: 4_000,
    factor: 4,
    maxRetryMs: MAX_DUE_AHEAD_MS,
    maxAttempts,
  };
}

/** On loopback the browser and every backend are this machine, as the issuer itself is. */
function policyOf({ options, issuer }: InstallationsRuntimeDeps): AddressPolicy {
  const isOpen = options.allowPrivateAddresses === true;
  return {
    private: isOpen,
    loopback: isOpen || isLoopbackHost(new URL(issuer.issuer).hostname),
  };
}

export function createInstallationsRuntime(deps: InstallationsRuntimeDeps): InstallationsRuntime {
  const { options, issuer, apps, clock, now, audit, changed } = deps;
  const { timeoutMs, maxAttempts } = checkInstallations(options);
  const store = createInstallationStore(deps.store);
  const endsTokens = options.required === true;
  const change = createInstallationChanger({ store, clock, audit, endsTokens, changed });
  const worker = createInstallationWorker({
    store,
    change,
    apps,
    sign: createLifecycleSigner({
      issuer: issuer.issuer,
      keys: deps.keys,
      algorithms: issuer.algorithms ?? {},
      clock,
    }),
    call: callBackend,
    fetch: options.fetch ?? createGuardedFetch(refusedAddresses(policyOf(deps))),
    timeoutMs,
    times: retryTimes(maxAttempts),
    now,
    random: Math.random,
    onError: deps.onError,
  });
  const installedApps = endsTokens ? createInstalledApps(store) : undefined;
  return {
    service: createInstallationService({ store, change, worker, apps, now }),
    worker,
    installedApps,
    onChange(tenantId) {
      installedApps?.forget(tenantId);
      worker.wake();
    },
  };
}
