/**
 * What the gateway says about itself: `/health/live`, `/health/ready`, `/metrics`.
 *
 * Strangers hear whether to send requests here and no more: that revocations are not heard at the
 * moment, or how much is refused and why, would tell an attacker when to come.
 */
import { BridgeError } from "@breezeway/shared";
import type { SessionVerifier } from "@breezeway/verify";
import { refusal, type Answer } from "../answer/refusal.ts";
import { answerAuthz, isAuthz } from "../reverse-proxies/authz.ts";
import type { RequestHead } from "../request/request-head.ts";
import type { Metrics } from "./metrics.ts";
import type { ExchangeServices } from "../exchange/services.ts";
import type { Revocations } from "../exchange/revocations.ts";
import { isInsider, type OperationsAccess } from "./is-insider.ts";

export interface Operations {
  /**
   * `undefined` for a path that is not ours. The promise never rejects.
   *
   * @param access - Of the listener. Default: as the gateway was told.
   */
  handle(head: RequestHead, access?: OperationsAccess): Promise<Answer> | undefined;
  /** Everything, for a listener that only operators reach; 404 for other paths. Never rejects. */
  tell(target: string): Promise<Answer>;
  readonly access: OperationsAccess;
  /** From now on readiness says no, so that balancers send nothing more. */
  drain(): void;
  readonly isDraining: boolean;
}

export interface OperationsOptions {
  readonly verifier: Pick<SessionVerifier, "ready">;
  readonly revocations: Pick<Revocations, "state">;
  readonly metrics: Pick<Metrics, "registry">;
  readonly services: ExchangeServices;
  readonly access: OperationsAccess;
}

const LIVE = "/health/live";
const READY = "/health/ready";
const METRICS = "/metrics";

export function createOperations(options: OperationsOptions): Operations {
  const { services, metrics } = options;
  let isDraining = false;

  async function scrape(): Promise<Answer> {
    try {
      return text(200, metrics.registry.contentType, await metrics.registry.metrics());
    } catch {
      return json(500, { status: "failed" });
    }
  }

  async function readiness(tellsAll: boolean): Promise<Answer> {
    const { code, status, checks } = await readinessOf(options, isDraining);
    if (tellsAll) return json(code, { status, checks });
    return json(code, { status: status === "degraded" ? "ok" : status });
  }

  function answer(target: string, tellsAll: boolean): Promise<Answer> | undefined {
    const path = target.split("?", 1)[0];
    if (path === LIVE) return Promise.resolve(json(200, { status: "ok" }));
    if (path === READY) return readiness(tellsAll);
    if (path !== METRICS) return undefined;
    return tellsAll ? scrape() : Promise.resolve(nothingHere(services));
  }

  return {
    access: options.access,
    drain: () => {
      isDraining = true;
    },
    get isDraining() {
      return isDraining;
    },
    handle: (head, access = options.access) => {
      const { target } = head;
      // The only three first letters that matter keep the rest of the traffic out of here.
      if (!/^\/[ahm]/.test(target)) return undefined;
      if (isAuthz(target)) return answerAuthz(head, services);
      if (!/^\/(?:health|metrics)/.test(target)) return undefined;
      return answer(target, isInsider(head, access));
    },
    tell: (target) => answer(target, true) ?? Promise.resolve(nothingHere(services)),
  };
}

export interface Readiness {
  readonly code: 200 | 503;
  readonly status: "ok" | "degraded" | "draining" | "unavailable";
  readonly checks: { readonly keys: "ok" | "unavailable"; readonly revocations: string };
}

/**
 * Not ready without keys, since then nobody can be let in, and while draining. A lost revocation feed
 * is told but does not make it unready: all gateways lose it together, and nobody would be left.
 */
async function readinessOf(
  { verifier, revocations }: OperationsOptions,
  isDraining: boolean,
): Promise<Readiness> {
  const keys = await verifier.ready().then(
    () => "ok" as const,
    () => "unavailable" as const,
  );
  const checks = { keys, revocations: revocations.state };
  if (isDraining) return { code: 503, status: "draining", checks };
  if (keys !== "ok") return { code: 503, status: "unavailable", checks };
  const isDegraded = revocations.state === "lost" || revocations.state === "connecting";
  return { code: 200, status: isDegraded ? "degraded" : "ok", checks };
}

function nothingHere(services: Pick<ExchangeServices, "policy" | "randomId">): Answer {
  return refusal(new BridgeError("ROUTE_UNKNOWN", "There is nothing at this path."), {
    requestId: services.randomId(),
    origin: undefined,
    policy: services.policy(),
    route: undefined,
    authorization: undefined,
    takesProofs: false,
  });
}

export function json(status: number, value: object): Answer {
  return text(status, "application/json", JSON.stringify(value));
}

export function text(status: number, type: string, body: string): Answer {
  const headers = [
    "content-type",
    type,
    "cache-control",
    "no-store",
    "content-length",
    String(Buffer.byteLength(body)),
  ];
  return { status, headers, body, reason: undefined };
}
