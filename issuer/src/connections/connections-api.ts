/** The programmatic API of connections over a service that may not be there (yet). */
import { BridgeError } from "@breezeway/shared";
import type { ConnectionService, IssuerConnections } from "./connections.ts";

export function createConnectionsApi(
  service: () => Promise<ConnectionService | undefined>,
): IssuerConnections {
  async function running(): Promise<ConnectionService> {
    const found = await service();
    if (found) return found;
    throw new BridgeError("CONFIG_INVALID", "createIssuer: connections: is not switched on.");
  }

  return {
    connect: async (key) => found(await (await running()).run("connect", key)),
    disconnect: async (key) => (await running()).run("disconnect", key),
    get: async (key) => (await running()).get(key),
    listForTenant: async (tenantId) => (await running()).listForTenant(tenantId),
    completeSetup: async (key) => found(await (await running()).run("complete-setup", key)),
    retry: async (key) => (await running()).run("retry", key),
  };
}

/** Commands that make a connection, or refuse, give one. */
function found<T>(connection: T | undefined): T {
  if (connection !== undefined) return connection;
  throw new BridgeError("INTERNAL_ERROR", "The connection was not stored.");
}
