/** Takes a changed file over, or says why not. All of it is checked before any of it is used. */
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

// Of the gateway's section. What is not named here needs a restart, and so does all of the issuer's.
const REPLACED: ReadonlySet<string> = new Set(["routes", "cors", "hostOrigins", "removeHeaders"]);

/** @param running - What was read for the process that runs now. Never throws. */
export function reload({ file, config }: ServeFile, { issuer, gateway, log }: Reloadable): void {
  let next: ServeFile;
  try {
    next = readServeFile(file);
    assertReplaceable(file, config, next.config);
    gateway.reload(next.gateway);
  } catch (error) {
    const why = error instanceof BridgeError ? error.message : "unknown failure";
    log.say("reload-refused", { why });
    return;
  }
  const { apps } = next;
  // It swaps at once, and then waits for the store to take note of what was taken away.
  issuer.reload({ apps }).catch((error: unknown) => log.fail("issuer", error));
  log.say("reloaded", { apps: apps.all.length, routes: next.gateway.routes.length });
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
    `${file}: ${changed.join(", ")}: a change needs a restart; nothing was taken over.`,
  );
}

function fixedFields({ issuer, gateway, apps, ...rest }: ServeConfig): Map<string, unknown> {
  const ofGateway = Object.entries(gateway).filter(([name]) => !REPLACED.has(name));
  return new Map<string, unknown>([
    ...Object.entries(issuer).map(([name, value]) => [`issuer.${name}`, value] as const),
    ...ofGateway.map(([name, value]) => [`gateway.${name}`, value] as const),
    ...Object.entries(rest),
  ]);
}
