/** Messages between the primary process of a cluster and its workers. */

import type { RateLimitStore } from "../limits/rate-limit-store.ts";

/** The environment variable with the settings of a worker, as JSON. */
export const SETTINGS_VARIABLE = "BREEZEWAY_GATEWAY_WORKER";

export interface WorkerSettings {
  readonly config: string;
  /** Overrides the store in the configuration file. */
  readonly rateLimitStore?: RateLimitStore | undefined;
  readonly port: number;
  readonly host: string;
}

export type ToWorker =
  | { readonly type: "breezeway:reload" }
  | { readonly type: "breezeway:ready?" }
  | {
      readonly type: "breezeway:close";
      readonly graceMs: number;
      readonly drainDelayMs: number;
    };

export type FromWorker =
  | { readonly type: "breezeway:ready"; readonly status: number; readonly body: string }
  | { readonly type: "breezeway:listening"; readonly url: string }
  | { readonly type: "breezeway:failed"; readonly message: string }
  /** A changed configuration file could not be applied. */
  | { readonly type: "breezeway:refused"; readonly message: string };

export function isToWorker(message: unknown): message is ToWorker {
  return hasType(message, ["breezeway:reload", "breezeway:ready?", "breezeway:close"]);
}

export function isFromWorker(message: unknown): message is FromWorker {
  return hasType(message, [
    "breezeway:ready",
    "breezeway:listening",
    "breezeway:failed",
    "breezeway:refused",
  ]);
}

function hasType(message: unknown, types: readonly string[]): boolean {
  const type = (message as { type?: unknown } | null)?.type;
  return typeof type === "string" && types.includes(type);
}
