/** The programmatic API of installations. Its service exists once the issuer has started. */
import { BridgeError } from "@breezeway/shared";
import type { Installation } from "@breezeway/shared/schemas";
import type { IssuerGrants } from "../grants/grants-api.ts";
import type { InstallationKey } from "./installation-machine.ts";
import type { InstallationService } from "./installation-service.ts";

/**
 * The programmatic API of installations. It asks for no permission: the caller has decided. Calls
 * settle when the command is stored; `installing` and `uninstalling` continue in the background, in
 * this process or in another one.
 *
 * Every method rejects with CONFIG_INVALID when the issuer has no option `installations`, with
 * REQUEST_MALFORMED when an id is not 1 to 256 characters without NUL, and with STORE_UNAVAILABLE.
 */
export interface IssuerInstallations {
  /**
   * Installs an app in a tenant. Idempotent: an installation that exists or is in progress is
   * returned unchanged. An installation whose connect call failed is tried again.
   *
   * @throws {BridgeError} APP_UNKNOWN
   * @throws {BridgeError} INSTALLATION_CONFLICT, while the app is being uninstalled
   */
  readonly install: (key: InstallationKey) => Promise<Installation>;
  /** Ends an installation in any state. `undefined` when the app was never installed. */
  readonly uninstall: (key: InstallationKey) => Promise<Installation | undefined>;
  readonly get: (key: InstallationKey) => Promise<Installation | undefined>;
  /** All installations of the tenant, uninstalled ones included, by app id. */
  readonly listForTenant: (tenantId: string) => Promise<readonly Installation[]>;
  /**
   * Records that the app's setup is complete. Idempotent.
   *
   * @throws {BridgeError} INSTALLATION_CONFLICT, unless the installation is in `setup` or `installed`
   */
  readonly completeSetup: (key: InstallationKey) => Promise<Installation>;
  /** Retries a failed installation, or brings a scheduled retry forward. */
  readonly retry: (key: InstallationKey) => Promise<Installation | undefined>;
  /** What tenants have agreed to. It works without the option `installations`, too. */
  readonly grants: IssuerGrants;
}

export function createInstallationsApi(
  service: () => Promise<InstallationService | undefined>,
  grants: IssuerGrants,
): IssuerInstallations {
  async function running(): Promise<InstallationService> {
    const found = await service();
    if (found) return found;
    throw new BridgeError(
      "CONFIG_INVALID",
      "createIssuer: installations: is required for issuer.installations. Set the option.",
    );
  }

  return {
    install: async (key) => found(await (await running()).run("install", key)),
    uninstall: async (key) => (await running()).run("uninstall", key),
    get: async (key) => (await running()).get(key),
    listForTenant: async (tenantId) => (await running()).listForTenant(tenantId),
    completeSetup: async (key) => found(await (await running()).run("complete-setup", key)),
    retry: async (key) => (await running()).run("retry", key),
    grants,
  };
}

/** `install` and `complete-setup` always return an installation, or throw. */
function found<T>(installation: T | undefined): T {
  if (installation !== undefined) return installation;
  throw new BridgeError("INTERNAL_ERROR", "The installation was not stored.");
}
