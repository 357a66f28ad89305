/** A load balancer: a relay that sends new connections in turn to the ports that answer its health checks. */
import { startRelay, type Relay, type RelayTarget } from "@breezeway/test-support/relay";

const CHECK_EVERY_MS = 500;
const CHECK_TIMEOUT_MS = 1_000;

export interface BalancerOptions {
  readonly ports: readonly number[];
  /** The path of a health check that must answer 200. */
  readonly healthPath: string;
}

interface HealthChecks extends Disposable {
  readonly isHealthy: (target: RelayTarget) => boolean;
}

function startHealthChecks({ ports, healthPath }: BalancerOptions): HealthChecks {
  const unhealthy = new Set<RelayTarget>();
  const check = async (port: number): Promise<void> => {
    const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS);
    const url = `http://127.0.0.1:${port}${healthPath}`;
    const answer = await fetch(url, { signal }).catch(() => null);
    await answer?.body?.cancel().catch(() => {});
    if (answer?.ok === true) unhealthy.delete(port);
    else unhealthy.add(port);
  };
  const timer = setInterval(() => {
    for (const port of ports) void check(port);
  }, CHECK_EVERY_MS);
  return {
    isHealthy: (target) => !unhealthy.has(target),
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

export async function startBalancer(options: BalancerOptions): Promise<Relay> {
  const checks = startHealthChecks(options);
  const { isHealthy } = checks;
  const relay = await startRelay(options.ports, { isHealthy });
  return {
    ...relay,
    [Symbol.asyncDispose]: async () => {
      checks[Symbol.dispose]();
      await relay[Symbol.asyncDispose]();
    },
  };
}
