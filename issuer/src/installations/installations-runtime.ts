/** The parts of installations, wired together. */
import { isLoopbackHost, type Clock } from "@breezeway/shared";
import type { IssuerSettings } from "../issuer-settings.ts";
import type { KeyRing } from "../keys/key-ring.ts";
import type { OpenStore } from "../store/store.ts";
import type { StoreTime } from "../time.ts";
import { createErasureCalls } from "../users/erasure-call-store.ts";
import { createErasureWorker, type ErasureWorker } from "../users/erasure-worker.ts";
import { callBackend } from "./backend-call.ts";
import { createGuardedFetch } from "./guarded-fetch.ts";
import { createInstallationChanger } from "./installation-changer.ts";
import { MAX_DUE_AHEAD_MS, type RetryTimes } from "./installation-machine.ts";
import type { InstallationOptions } from "./installation-options.ts";
import { createInstallationService, type InstallationService } from "./installation-service.ts";
import { createInstallationStore } from "./installation-store.ts";
import { createInstallationWorker, type InstallationWorker } from "./installation-worker.ts";
import { createInstalledApps, type InstalledApps } from "./installed-apps.ts";
import { createLifecycleSigner } from "./lifecycle-token.ts";
import { refusedAddresses, type AddressPolicy } from "./refused-addresses.ts";

export interface InstallationsRuntime {
  readonly service: InstallationService;
  readonly worker: InstallationWorker;
  /** Tells the backends of apps of erased users. */
  readonly erasures: ErasureWorker;
  /** Absent when apps get tokens without an installation. */
  readonly installedApps: InstalledApps | undefined;
  /** Installations of this tenant have changed, or of any tenant when none is named. */
  readonly onChange: (tenantId?: string) => void;
}

export interface InstallationsRuntimeDeps {
  readonly options: InstallationOptions;
  readonly settings: Pick<
    IssuerSettings,
    "issuer" | "url" | "algorithms" | "apps" | "audit" | "onError"
  >;
  readonly store: OpenStore;
  readonly keys: Pick<KeyRing, "active">;
  readonly clock: Clock;
  readonly storeTime: StoreTime;
  /** Tells this process about a change that was just written; never rejects. */
  readonly changed: () => Promise<void>;
}

/** Retries after 4, 16 and 64 s, then after 4 min, then every 15 min. */
export function retryTimes(maxAttempts: number): RetryTimes {
  return {
    leaseMs: 60_000,
    firstRetryMs: 4_000,
    factor: 4,
    maxRetryMs: MAX_DUE_AHEAD_MS,
    maxAttempts,
  };
}

export function createInstallationsRuntime(deps: InstallationsRuntimeDeps): InstallationsRuntime {
  const { options, settings, keys, clock, storeTime, changed } = deps;
  const { issuer, algorithms, apps, audit } = settings;
  const { timeoutMs = 10_000, maxAttempts = 8, required: endsTokens = false } = options;
  const store = createInstallationStore(deps.store);
  const change = createInstallationChanger({ store, clock, audit, endsTokens, changed });
  const calling = {
    apps,
    sign: createLifecycleSigner({ issuer, keys, algorithms, clock }),
    call: callBackend,
    fetch: options.fetch ?? createGuardedFetch(refusedAddresses(policyOf(deps))),
    timeoutMs,
    times: retryTimes(maxAttempts),
    storeTime,
    random: Math.random,
    onError: (error: unknown) => settings.onError(error, "none"),
  };
  const worker = createInstallationWorker({ ...calling, store, change });
  const erasures = createErasureWorker({
    ...calling,
    calls: createErasureCalls(deps.store),
    audit,
  });
  const installedApps = endsTokens ? createInstalledApps(store) : undefined;
  return {
    service: createInstallationService({ store, change, worker, apps, storeTime }),
    worker,
    erasures,
    installedApps,
    onChange: (tenantId) => {
      installedApps?.forget(tenantId);
      worker.wake();
    },
  };
}

/** When the issuer is on loopback, so are the browser and every backend. */
function policyOf({ options, settings }: InstallationsRuntimeDeps): AddressPolicy {
  const isOpen = options.allowPrivateAddresses === true;
  return { private: isOpen, loopback: isOpen || isLoopbackHost(settings.url.hostname) };
}
