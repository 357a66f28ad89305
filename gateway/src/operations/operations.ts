/** What the gateway says about itself: `/health/live`, `/health/ready`. */
import type { SessionVerifier } from "@breezeway/verify";
import type { Answer } from "../answer/refusal.ts";

export interface Operations {
  /** `undefined` for a path that is not ours. */
  handle(method: string, path: string): Promise<Answer | undefined> | undefined;
}

export interface OperationsOptions {
  readonly verifier: Pick<SessionVerifier, "ready">;
}

export function createOperations({ verifier }: OperationsOptions): Operations {
  return {
    handle: (_method, path) => {
      if (path === "/health/live") return Promise.resolve(json(200, { status: "ok" }));
      if (path === "/health/ready") return readiness(verifier);
      return undefined;
    },
  };
}

async function readiness(verifier: OperationsOptions["verifier"]): Promise<Answer> {
  const keys = await verifier.ready().then(
    () => "ok",
    () => "unavailable",
  );
  const isReady = keys === "ok";
  return json(isReady ? 200 : 503, { status: isReady ? "ok" : "unavailable", checks: { keys } });
}

function json(status: number, value: object): Answer {
  const body = JSON.stringify(value);
  const headers = [
    "content-type",
    "application/json",
    "cache-control",
    "no-store",
    "content-length",
    String(Buffer.byteLength(body)),
  ];
  return { status, headers, body, reason: undefined };
}
