/**
 * The gateway's own endpoints: `/health/live`, `/health/ready`, `/metrics`, `/authz`.
 *
 * The public learns only whether to send requests here. A lost revocation feed, or the number of refused
 * requests, would tell an attacker when to attack.
 */
import type { ClockWatch } from "@breezeway/shared/schemas";
import type { SessionVerifier } from "@breezeway/verify";
import { refusal, type Answer } from "../answer/refusal.ts";
import { routeUnknown } from "../decision/examine.ts";
import { answerAuthz, isAuthz } from "../reverse-proxies/authz.ts";
import type { RequestHead } from "../request/request-head.ts";
import type { Metrics } from "./metrics.ts";
import type { RegistryFollower } from "../registry/registry-follower.ts";
import type { ExchangeDeps } from "../exchange/exchange-deps.ts";
import type { Revocations } from "../exchange/revocations.ts";
import { isInsider, type OperationsAccess } from "./is-insider.ts";

export interface Operations {
  /**
   * The answer, or `undefined` for every other path. The promise never rejects.
   *
   * @param access - Access at this listener. Default: the gateway's `metrics.access`.
   */
  handle(head: RequestHead, access?: OperationsAccess): Promise<Answer> | undefined;
  /** All details, for a listener that only operators reach; 404 for other paths. Never rejects. */
  answerInFull(target: string): Promise<Answer>;
  readonly access: OperationsAccess;
  /** Makes the gateway unready, so that load balancers stop sending requests. */
  drain(): void;
  readonly isDraining: boolean;
}

export interface OperationsDeps {
  readonly verifier: Pick<SessionVerifier, "ready">;
  readonly revocations: Pick<Revocations, "state">;
  /** `undefined` when the apps are not the issuer's. */
  readonly registry: Pick<RegistryFollower, "state"> | undefined;
  readonly clockWatch: Pick<ClockWatch, "hasJumped">;
  readonly metrics: Pick<Metrics, "registry">;
  readonly exchangeDeps: ExchangeDeps;
  readonly access: OperationsAccess;
}

const LIVE = "/health/live";
const READY = "/health/ready";
const METRICS = "/metrics";

export function createOperations(deps: OperationsDeps): Operations {
  const { exchangeDeps, metrics } = deps;
  let isDraining = false;

  async function scrape(): Promise<Answer> {
    try {
      return text(200, metrics.registry.contentType, await metrics.registry.metrics());
    } catch {
      return json(500, { status: "failed" });
    }
  }

  async function readiness(isFull: boolean): Promise<Answer> {
    const { code, status, checks } = await readinessOf(deps, isDraining);
    if (isFull) return json(code, { status, checks });
    return json(code, { status: status === "degraded" ? "ok" : status });
  }

  function answer(target: string, isFull: boolean): Promise<Answer> | undefined {
    const path = target.split("?", 1)[0];
    if (path === LIVE) return Promise.resolve(json(200, { status: "ok" }));
    if (path === READY) return readiness(isFull);
    if (path !== METRICS) return undefined;
    return isFull ? scrape() : Promise.resolve(notFound(exchangeDeps));
  }

  return {
    access: deps.access,
    drain: () => {
      isDraining = true;
    },
    get isDraining() {
      return isDraining;
    },
    handle: (head, access = deps.access) => {
      const { target } = head;
      // One cheap test of the first letter keeps other requests fast.
      if (!/^\/[ahm]/.test(target)) return undefined;
      if (isAuthz(target)) return answerAuthz(head, exchangeDeps);
      if (!/^\/(?:health|metrics)/.test(target)) return undefined;
      return answer(target, isInsider(head, access));
    },
    answerInFull: (target) => answer(target, true) ?? Promise.resolve(notFound(exchangeDeps)),
  };
}

export interface Readiness {
  readonly code: 200 | 503;
  readonly status: "ok" | "degraded" | "draining" | "unavailable";
  readonly checks: {
    readonly keys: "ok" | "unavailable";
    readonly revocations: string;
    /** Only with the issuer's apps. */
    readonly registry?: RegistryFollower["state"];
    /** The wall clock was set in the last 5 minutes. */
    readonly clock?: "jumped";
  };
}

/**
 * The gateway is not ready without keys or the issuer's registry, since it could verify no token, and while it drains. A lost
 * revocation feed is reported but does not make the gateway unready: all gateways lose the feed at the
 * same time, and no gateway would be left.
 */
async function readinessOf(
  { verifier, revocations, registry, clockWatch }: OperationsDeps,
  isDraining: boolean,
): Promise<Readiness> {
  const keys = await verifier.ready().then(
    () => "ok" as const,
    () => "unavailable" as const,
  );
  const checks = {
    keys,
    revocations: revocations.state,
    ...(registry && { registry: registryState(registry, revocations) }),
    ...(clockWatch.hasJumped ? ({ clock: "jumped" } as const) : {}),
  };
  if (isDraining) return { code: 503, status: "draining", checks };
  if (keys !== "ok" || registry?.state === "connecting")
    return { code: 503, status: "unavailable", checks };
  const isDegraded =
    clockWatch.hasJumped ||
    checks.registry === "stale" ||
    revocations.state === "lost" ||
    revocations.state === "connecting";
  return { code: 200, status: isDegraded ? "degraded" : "ok", checks };
}

/** Without the feed, nobody says that the registry has changed. */
function registryState(
  { state }: Pick<RegistryFollower, "state">,
  revocations: Pick<Revocations, "state">,
): RegistryFollower["state"] {
  return state === "ok" && revocations.state !== "live" ? "stale" : state;
}

function notFound({ policy, randomId }: Pick<ExchangeDeps, "policy" | "randomId">): Answer {
  return refusal(routeUnknown(), {
    requestId: randomId(),
    origin: undefined,
    policy: policy(),
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
