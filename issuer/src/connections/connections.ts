/** Connections of apps to tenants: the service behind the programmatic API and the endpoints. */
import { randomBytes } from "node:crypto";
import { BridgeError } from "@breezeway/shared";
import { parseWith, type AppRegistry, type Connection } from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import { toSeconds, type SharedClock } from "../clock.ts";
import { checkId, storedId } from "../stored-id.ts";
import {
  applyCommand,
  type ConnectionCommand,
  type ConnectionKey,
  type ConnectionRecord,
} from "./connection-machine.ts";
import type { ConnectionActor, ConnectionChanger } from "./connection-changer.ts";
import type { ConnectionStore } from "./connection-store.ts";
import type { ConnectionWorker } from "./connection-worker.ts";
import { NO_STEPS, stepsOf } from "./lifecycle-steps.ts";

/**
 * The programmatic API of connections. Whoever calls it has decided that it may be. Answers come
 * when the wish is stored: `connecting` and `disconnecting` go on by themselves, in this process or
 * in another.
 *
 * Rejects with CONFIG_INVALID when the issuer has no option `connections`, with REQUEST_MALFORMED
 * for ids that are none, with STORE_UNAVAILABLE.
 */
export interface IssuerConnections {
  /**
   * Connects an app to a tenant. Once is enough: a connection that is there, or on its way, is
   * returned as it is; one whose connect has failed is tried again.
   *
   * @throws {BridgeError} APP_UNKNOWN; CONNECTION_CONFLICT while the app is being disconnected
   */
  connect(key: ConnectionKey): Promise<Connection>;
  /** Ends a connection, in whatever state it is. `undefined` when there never was one. */
  disconnect(key: ConnectionKey): Promise<Connection | undefined>;
  get(key: ConnectionKey): Promise<Connection | undefined>;
  /** All that the tenant ever had, by app id. */
  listForTenant(tenantId: string): Promise<readonly Connection[]>;
  /**
   * The app's setup is done; once is enough.
   *
   * @throws {BridgeError} CONNECTION_CONFLICT unless the connection waits for it or is complete
   */
  completeSetup(key: ConnectionKey): Promise<Connection>;
  /** Tries a failed connection anew, or one that waits for its next attempt at once. */
  retry(key: ConnectionKey): Promise<Connection | undefined>;
}

export interface ConnectionService {
  run(
    command: ConnectionCommand,
    key: ConnectionKey,
    actor?: ConnectionActor,
  ): Promise<Connection | undefined>;
  get(key: ConnectionKey): Promise<Connection | undefined>;
  listForTenant(tenantId: string): Promise<readonly Connection[]>;
}

export interface ConnectionServiceDeps {
  readonly store: ConnectionStore;
  readonly change: ConnectionChanger;
  readonly worker: Pick<ConnectionWorker, "wake">;
  readonly apps: AppRegistry;
  readonly now: SharedClock;
}

const keySchema: z.ZodMiniType<ConnectionKey> = z.object({ appId: storedId, tenantId: storedId });

export function createConnectionService(deps: ConnectionServiceDeps): ConnectionService {
  const { store, change, worker, apps, now } = deps;

  return {
    async run(command, given, actor) {
      const key = checkKey(given);
      const app = apps.get(key.appId);
      // An app that is registered no more can still be disconnected; it has no backend to tell.
      if (!app && command !== "disconnect") {
        throw new BridgeError("APP_UNKNOWN", "No app of this id is registered.");
      }
      const steps = stepsOf(app) ?? NO_STEPS;
      const newId = randomBytes(16).toString("base64url");
      const context = { key, steps, newId, nowMs: await now() };
      const after = await change(key, (current) => applyCommand(current, command, context), actor);
      worker.wake();
      return after && toConnection(after);
    },
    async get(key) {
      const record = await store.find(checkKey(key));
      return record && toConnection(record);
    },
    listForTenant: async (tenantId) =>
      (await store.listForTenant(checkId("tenantId", tenantId))).map((record) =>
        toConnection(record),
      ),
  };
}

function checkKey(key: ConnectionKey): ConnectionKey {
  return parseWith(keySchema, key, { code: "REQUEST_MALFORMED", source: "connection" });
}

function toConnection(record: ConnectionRecord): Connection {
  const { failure } = record;
  return {
    id: record.id,
    appId: record.appId,
    tenantId: record.tenantId,
    state: record.state,
    ...(failure === undefined ? {} : { failure }),
    createdAtSeconds: toSeconds(record.createdAtMs),
    changedAtSeconds: toSeconds(record.changedAtMs),
  };
}
