/** The option that switches installations on, and its checks. */
import { BridgeError } from "@breezeway/shared";
import type { RegisteredApp } from "@breezeway/shared/schemas";
import type { SessionInfo } from "../sessions/session-record.ts";

export type InstallationAction = "list" | "install" | "uninstall" | "retry" | "complete-setup";

/** What {@link InstallationOptions.mayManage} decides on. */
export interface ManageContext {
  readonly session: SessionInfo;
  readonly action: InstallationAction;
  /** The app; absent for `list`. */
  readonly app?: RegisteredApp | undefined;
}

export interface InstallationOptions {
  /**
   * Whether a session may see and change the installations of its active tenant, over HTTP. Nothing
   * but `true` lets it. Default: nobody may; the programmatic API alone works.
   */
  readonly mayManage?: (context: ManageContext) => boolean | Promise<boolean>;
  /**
   * Tokens are minted for installed apps only, in setup or after it; others are refused with
   * `app-not-allowed`. Uninstalling ends the tokens that an app has in the tenant. Default false.
   */
  readonly required?: boolean;
  /** The longest that one call to an app's backend may take, 100 to 30 000 milliseconds. Default 10 000. */
  readonly timeoutMs?: number;
  /**
   * Calls before an installation has failed, 1 to 20. Default 8: over three quarters of an hour, with
   * waits that grow.
   */
  readonly maxAttempts?: number;
  /**
   * Backends of apps may be in your own network: at loopback and private addresses, not at those of
   * a cloud's metadata. For manifests that you wrote yourself. Default false; an issuer whose own URL
   * is on loopback calls loopback addresses too.
   */
  readonly allowPrivateAddresses?: boolean;
  /**
   * Makes the calls, such as through an egress proxy, and decides by itself which addresses it
   * connects to. It is asked not to follow redirects. Default: a client that refuses private ones.
   */
  readonly fetch?: typeof fetch;
}

export interface CheckedInstallations {
  readonly timeoutMs: number;
  readonly maxAttempts: number;
}

/** @throws {BridgeError} CONFIG_INVALID, naming the option */
export function checkInstallations(options: InstallationOptions): CheckedInstallations {
  for (const name of ["mayManage", "fetch"] as const) {
    const value: unknown = options[name];
    if (value !== undefined && typeof value !== "function") throw invalid(name, "a function");
  }
  for (const name of ["required", "allowPrivateAddresses"] as const) {
    const value: unknown = options[name];
    if (value !== undefined && typeof value !== "boolean") throw invalid(name, "true or false");
  }
  if (options.fetch && options.allowPrivateAddresses !== undefined) {
    throw invalid("allowPrivateAddresses", "left out beside fetch, which decides that by itself");
  }
  const { timeoutMs = 10_000, maxAttempts = 8 } = options;
  // A timer of the platform takes no fractions.
  if (!(Number.isInteger(timeoutMs) && timeoutMs >= 100 && timeoutMs <= 30_000)) {
    throw invalid("timeoutMs", "a whole number from 100 to 30000");
  }
  if (!(Number.isInteger(maxAttempts) && maxAttempts >= 1 && maxAttempts <= 20)) {
    throw invalid("maxAttempts", "a whole number from 1 to 20");
  }
  return { timeoutMs, maxAttempts };
}

function invalid(name: string, expected: string): BridgeError {
  return new BridgeError("CONFIG_INVALID", `installations.${name}: must be ${expected}.`);
}
