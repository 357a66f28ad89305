/** The option `installations`: lets tenants install apps. */
import {
  functionOption,
  optionObject,
  wholeNumberOption,
  type RegisteredApp,
} from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import type { SessionInfo } from "../sessions/session-record.ts";

export type InstallationAction =
  | "list"
  | "install"
  | "uninstall"
  | "retry"
  | "complete-setup"
  | "grant";

/** What {@link InstallationOptions.mayManage} gets. */
export interface ManageContext {
  readonly session: SessionInfo;
  readonly action: InstallationAction;
  /** Absent for `list`. */
  readonly app?: RegisteredApp | undefined;
}

export interface InstallationOptions {
  /**
   * Whether a session may see and change the installations and grants of its active tenant over HTTP. Anything
   * but `true` refuses. Default: no session may; only the programmatic API works.
   */
  readonly mayManage?: (context: ManageContext) => boolean | Promise<boolean>;
  /**
   * Mints tokens for installed apps only, in state `setup` or `installed`; other apps are refused
   * with `app-not-allowed`. Uninstalling an app revokes its tokens in the tenant. Default false.
   */
  readonly required?: boolean;
  /** Time limit of one call to an app's backend, 100 to 30 000 milliseconds. Default 10 000. */
  readonly timeoutMs?: number;
  /**
   * Attempts of a call before the installation fails, 1 to 20. Default 8, which take three quarters
   * of an hour because the waits grow.
   */
  readonly maxAttempts?: number;
  /**
   * Allows backends at loopback and private addresses, but not at metadata addresses of clouds. For
   * manifests that you wrote yourself. Default false; an issuer whose own URL is on loopback calls
   * loopback addresses too.
   */
  readonly allowPrivateAddresses?: boolean;
  /**
   * Makes the calls, for example through an egress proxy, and decides by itself which addresses it
   * connects to. Each call asks for `redirect: "manual"`. Default: a client that refuses private
   * addresses.
   */
  readonly fetch?: typeof fetch;
}

export const installationOptions: z.ZodMiniType<InstallationOptions> =
  optionObject<InstallationOptions>({
    mayManage: z.optional(functionOption<NonNullable<InstallationOptions["mayManage"]>>()),
    required: z.optional(z.boolean()),
    // Timers of the platform take whole milliseconds only.
    timeoutMs: z.optional(wholeNumberOption(100, 30_000)),
    maxAttempts: z.optional(wholeNumberOption(1, 20)),
    allowPrivateAddresses: z.optional(z.boolean()),
    fetch: z.optional(functionOption<typeof fetch>()),
  }).check(
    z.refine((options) => !(options.fetch && options.allowPrivateAddresses !== undefined), {
      path: ["allowPrivateAddresses"],
      error: "must be absent when fetch is given, since fetch decides which addresses it calls",
    }),
  );
