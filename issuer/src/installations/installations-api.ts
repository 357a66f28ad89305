/** The programmatic API of installations over a service that may not be there (yet). */
import { BridgeError } from "@breezeway/shared";
import type { InstallationService, IssuerInstallations } from "./installations.ts";

export function createInstallationsApi(
  service: () => Promise<InstallationService | undefined>,
): IssuerInstallations {
  async function running(): Promise<InstallationService> {
    const found = await service();
    if (found) return found;
    throw new BridgeError("CONFIG_INVALID", "createIssuer: installations: is not switched on.");
  }

  return {
    install: async (key) => found(await (await running()).run("install", key)),
    uninstall: async (key) => (await running()).run("uninstall", key),
    get: async (key) => (await running()).get(key),
    listForTenant: async (tenantId) => (await running()).listForTenant(tenantId),
    completeSetup: async (key) => found(await (await running()).run("complete-setup", key)),
    retry: async (key) => (await running()).run("retry", key),
  };
}

/** Commands that make an installation, or refuse, give one. */
function found<T>(installation: T | undefined): T {
  if (installation !== undefined) return installation;
  throw new BridgeError("INTERNAL_ERROR", "The installation was not stored.");
}
