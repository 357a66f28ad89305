/**
 * Takes a changed configuration file over while the gateway runs. What does not parse changes nothing:
 * the whole file is checked before any of it is used.
 */
import { BridgeError } from "@breezeway/shared";
import type { Gateway } from "../gateway.ts";
import type { GatewayOptions } from "./options.ts";
import { readGatewayConfig } from "./read-config.ts";
import { watchConfigFile, type ConfigWatch } from "./watch-file.ts";

export interface WatchOptions {
  /** Told after each successful reload. */
  readonly onReload?: (() => void) | undefined;
  /** Told why a file was not taken over. The gateway goes on with what it had. */
  readonly onError: (error: unknown) => void;
}

// What a running gateway cannot exchange: connections, counts and keys hang on it.
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
 * Reloads on each change of the file, and on SIGHUP. Manifests in files of their own are read again
 * with it, but not watched: touch the configuration, or send SIGHUP.
 *
 * @param running - What {@link readGatewayConfig} gave for the gateway that runs now.
 */
export function watchGatewayConfig(
  file: string,
  gateway: Pick<Gateway, "reload">,
  { running, onReload, onError }: WatchOptions & { readonly running: GatewayOptions },
): ConfigWatch {
  const reload = (): void => {
    try {
      gateway.reload(rereadGatewayConfig(file, running));
      onReload?.();
    } catch (error) {
      onError(error);
    }
  };
  return watchConfigFile(file, { reload, onError });
}

/**
 * @param running - What {@link readGatewayConfig} gave for the gateway that runs now.
 * @throws {BridgeError} CONFIG_INVALID or MANIFEST_INVALID; also for a change of what needs a restart
 */
export function rereadGatewayConfig(file: string, running: GatewayOptions): GatewayOptions {
  const next = readGatewayConfig(file);
  for (const field of FIXED) {
    if (JSON.stringify(running[field]) !== JSON.stringify(next[field])) {
      throw new BridgeError("CONFIG_INVALID", `${file}: ${field}: a change needs a restart.`);
    }
  }
  return next;
}
