/** What the gateway says about itself: `/health/live`, `/health/ready`, `/metrics`. */
import type { SessionVerifier } from "@breezeway/verify";
import type { Answer } from "../answer/refusal.ts";
import { answerAuthz, isAuthz } from "../authz/authz.ts";
import type { RequestHead } from "../decision/examine.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { ExchangeServices } from "../proxy/services.ts";
import type { Revocations } from "../revocation/revocations.ts";

export interface Operations {
  /** `undefined` for a path that is not ours. The promise never rejects. */
  handle(head: RequestHead): Promise<Answer> | undefined;
  /** From now on readiness says no, so that balancers send nothing more. */
  drain(): void;
  readonly isDraining: boolean;
}

export interface OperationsOptions {
  readonly verifier: Pick<SessionVerifier, "ready">;
  readonly revocations: Pick<Revocations, "state">;
  readonly metrics: Pick<Metrics, "registry">;
  readonly services: ExchangeServices;
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

  return {
    drain: () => {
      isDraining = true;
    },
    get isDraining() {
      return isDraining;
    },
    handle: (head) => {
      const { target } = head;
      // The only three first letters that matter keep the rest of the traffic out of here.
      if (!/^\/[ahm]/.test(target)) return undefined;
      if (isAuthz(target)) return answerAuthz(head, services);
      const path = target.split("?", 1)[0];
      if (path === LIVE) return Promise.resolve(json(200, { status: "ok" }));
      if (path === READY) return readiness(options, isDraining);
      if (path === METRICS) return scrape();
      return undefined;
    },
  };
}

/**
 * Not ready without keys, since then nobody can be let in, and while draining. A lost revocation feed
 * is told but does not make it unready: all gateways lose it together, and nobody would be left.
 */
async function readiness(
  { verifier, revocations }: OperationsOptions,
  isDraining: boolean,
): Promise<Answer> {
  const keys = await verifier.ready().then(
    () => "ok",
    () => "unavailable",
  );
  const checks = { keys, revocations: revocations.state };
  if (isDraining) return json(503, { status: "draining", checks });
  if (keys !== "ok") return json(503, { status: "unavailable", checks });
  const isDegraded = revocations.state === "lost" || revocations.state === "connecting";
  return json(200, { status: isDegraded ? "degraded" : "ok", checks });
}

function json(status: number, value: object): Answer {
  return text(status, "application/json", JSON.stringify(value));
}

function text(status: number, type: string, body: string): Answer {
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
