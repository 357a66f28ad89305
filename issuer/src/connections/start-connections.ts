/** The parts of connections, wired together. */
import type { AuditSink } from "../audit/audit.ts";
import type { Clock, SharedClock } from "../clock.ts";
import type { KeyRing } from "../keys/key-ring.ts";
import type { IssuerOptions } from "../options.ts";
import type { OpenStore } from "../store/store.ts";
import { isLoopbackHost } from "@breezeway/shared";
import type { AppRegistry } from "@breezeway/shared/schemas";
import { callBackend } from "./backend-call.ts";
import { createConnectedApps, type ConnectedApps } from "./connected-apps.ts";
import { createConnectionChanger } from "./connection-changer.ts";
import { MAX_DUE_AHEAD_MS, type RetryTimes } from "./connection-machine.ts";
import { checkConnections, type ConnectionOptions } from "./connection-options.ts";
import { createConnectionStore } from "./connection-store.ts";
import { createConnectionWorker, type ConnectionWorker } from "./connection-worker.ts";
import { createConnectionService, type ConnectionService } from "./connections.ts";
import { createGuardedFetch } from "./guarded-fetch.ts";
import { createLifecycleSigner } from "./lifecycle-token.ts";
import { refusedAddresses, type AddressPolicy } from "./refused-addresses.ts";

export interface ConnectionsRuntime {
  readonly service: ConnectionService;
  readonly worker: ConnectionWorker;
  /** Only where tokens are for connected apps alone. */
  readonly connectedApps: ConnectedApps | undefined;
  /** Another process, or this one, has changed connections of a tenant; of some, without one. */
  onChange(tenantId?: string): void;
}

export interface ConnectionsRuntimeDeps {
  readonly options: ConnectionOptions;
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
function policyOf({ options, issuer }: ConnectionsRuntimeDeps): AddressPolicy {
  const isOpen = options.allowPrivateAddresses === true;
  return {
    private: isOpen,
    loopback: isOpen || isLoopbackHost(new URL(issuer.issuer).hostname),
  };
}

export function createConnectionsRuntime(deps: ConnectionsRuntimeDeps): ConnectionsRuntime {
  const { options, issuer, apps, clock, now, audit, changed } = deps;
  const { timeoutMs, maxAttempts } = checkConnections(options);
  const store = createConnectionStore(deps.store);
  const endsTokens = options.required === true;
  const change = createConnectionChanger({ store, clock, audit, endsTokens, changed });
  const worker = createConnectionWorker({
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
  const connectedApps = endsTokens ? createConnectedApps(store) : undefined;
  return {
    service: createConnectionService({ store, change, worker, apps, now }),
    worker,
    connectedApps,
    onChange(tenantId) {
      connectedApps?.forget(tenantId);
      worker.wake();
    },
  };
}
