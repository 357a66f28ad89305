/** Applies a changed file, or logs why not. The whole file is checked before any of it applies. */
import { isDeepStrictEqual } from "node:util";
import type { Gateway } from "@breezeway/gateway";
import type { Issuer } from "@breezeway/issuer";
import { BridgeError } from "@breezeway/shared";
import type { ServeConfig } from "./config-schema.ts";
import type { ServeLog } from "./serve-log.ts";
import { readServeFile, type ServeFile } from "./serve-plan.ts";

export interface Reloadable {
  readonly issuer: Pick<Issuer, "reload">;
  readonly gateway: Pick<Gateway, "reload">;
  readonly log: ServeLog;
}

// Reloadable fields of the gateway's section. All others, and the issuer's section, need a restart.
const RELOADABLE: ReadonlySet<string> = new Set(["routes", "cors", "hostOrigins", "removeHeaders"]);

/**
 * @param running The file as the running process read it.
 * @returns applies the file in turns of the event loop, between which requests are served. Calls apply one
 * after the other, and never reject
 */
export function createReload(running: ServeFile, parts: Reloadable): () => Promise<void> {
  let last = Promise.resolve();
  return () => (last = last.then(() => reload(running, parts)));
}

async function reload(
  { file, config }: ServeFile,
  { issuer, gateway, log }: Reloadable,
): Promise<void> {
  let next: ServeFile;
  try {
    next = await readServeFile(file);
    assertReplaceable(file, config, next.config);
    gateway.reload(next.gateway);
  } catch (error) {
    const why = error instanceof BridgeError ? error.message : "unknown failure";
    log.event("reload-refused", { why });
    return;
  }
  const { apps } = next;
  // The new apps apply at once. The promise waits until the store has the resulting revocations.
  issuer.reload({ apps }).catch((error: unknown) => log.failure("issuer", error));
  log.event("reloaded", { apps: apps.all.length, routes: next.gateway.routes.length });
}

/** @throws {BridgeError} CONFIG_INVALID, naming every field whose change needs a restart */
function assertReplaceable(file: string, running: ServeConfig, next: ServeConfig): void {
  const [before, after] = [fixedFields(running), fixedFields(next)];
  const names = new Set([...before.keys(), ...after.keys()]);
  const changed = [...names].filter(
    (name) => !isDeepStrictEqual(before.get(name), after.get(name)),
  );
  if (changed.length === 0) return;
  throw new BridgeError(
    "CONFIG_INVALID",
    `${file}: ${changed.join(", ")}: changing this needs a restart. Nothing was reloaded.`,
  );
}

function fixedFields({ issuer, gateway, apps, ...rest }: ServeConfig): Map<string, unknown> {
  const ofGateway = Object.entries(gateway).filter(([name]) => !RELOADABLE.has(name));
  return new Map<string, unknown>([
    ...Object.entries(issuer).map(([name, value]) => [`issuer.${name}`, value] as const),
    ...ofGateway.map(([name, value]) => [`gateway.${name}`, value] as const),
    ...Object.entries(rest),
  ]);
}
