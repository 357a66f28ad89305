/**
 * Applies a changed configuration file to a running gateway. An invalid file changes nothing: the whole
 * file is checked before any of it is used.
 */
import { BridgeError } from "@breezeway/shared";
import type { Gateway } from "../gateway.ts";
import type { GatewayOptions } from "./options.ts";
import { readGatewayConfigInTurns } from "./read-config.ts";
import { watchConfigFile, type ConfigWatch } from "./watch-file.ts";

export interface WatchOptions {
  /** Called after each successful reload. */
  readonly onReload?: (() => void) | undefined;
  /** Called when a file cannot be applied. The gateway keeps its current policy. */
  readonly onError: (error: unknown) => void;
}

// A running gateway cannot replace these: connections, counts and keys depend on them.
const FIXED = [
  "issuer",
  "jwks",
  "algorithms",
  "revocations",
  "limits",
  "proof",
  "refusalLimit",
  "rateLimitStore",
  "audit",
  "metrics",
  "tracing",
] as const satisfies readonly (keyof GatewayOptions)[];

/**
 * Reloads on each change of the file, and on SIGHUP. Manifest files are read again as well, but not
 * watched: after a change, touch the configuration file or send SIGHUP.
 *
 * @param running - The options of the running gateway, from `readGatewayConfig`.
 */
export function watchGatewayConfig(
  file: string,
  gateway: Pick<Gateway, "reload">,
  { running, onReload, onError }: WatchOptions & { readonly running: GatewayOptions },
): ConfigWatch {
  const apply = createConfigReload(file, gateway, running);
  const reload = (): void => {
    apply().then(onReload).catch(onError);
  };
  return watchConfigFile(file, { reload, onError });
}

/**
 * @param running - The options of the running gateway, from `readGatewayConfig`.
 * @returns reads and applies the file, in turns of the event loop between which requests are served. Calls
 * apply one after the other. Rejects with CONFIG_INVALID or MANIFEST_INVALID, also for a change that requires a
 * restart
 */
export function createConfigReload(
  file: string,
  gateway: Pick<Gateway, "reload">,
  running: GatewayOptions,
): () => Promise<void> {
  let last: Promise<unknown> = Promise.resolve();
  const apply = async (): Promise<void> => {
    const next = await readGatewayConfigInTurns(file);
    for (const field of FIXED) {
      if (JSON.stringify(running[field]) !== JSON.stringify(next[field])) {
        throw new BridgeError("CONFIG_INVALID", `${file}: ${field}: a change requires a restart.`);
      }
    }
    gateway.reload(next);
  };
  return () => {
    const applied = last.then(apply);
    last = applied.catch(() => undefined);
    return applied;
  };
}
