/** Installations of apps to tenants: the service behind the programmatic API and the endpoints. */
import { randomBytes } from "node:crypto";
import { BridgeError } from "@breezeway/shared";
import { parseWith, type AppRegistry, type Installation } from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import { toSeconds, type SharedClock } from "../clock.ts";
import { checkId, storedId } from "../stored-id.ts";
import {
  applyCommand,
  type InstallationCommand,
  type InstallationKey,
  type InstallationRecord,
} from "./installation-machine.ts";
import type { InstallationActor, InstallationChanger } from "./installation-changer.ts";
import type { InstallationStore } from "./installation-store.ts";
import type { InstallationWorker } from "./installation-worker.ts";
import { NO_STEPS, stepsOf } from "./lifecycle-steps.ts";

/**
 * The programmatic API of installations. Whoever calls it has decided that it may be. Answers come
 * when the wish is stored: `installing` and `uninstalling` go on by themselves, in this process or
 * in another.
 *
 * Rejects with CONFIG_INVALID when the issuer has no option `installations`, with REQUEST_MALFORMED
 * for ids that are none, with STORE_UNAVAILABLE.
 */
export interface IssuerInstallations {
  /**
   * Installs an app in a tenant. Once is enough: an installation that is there, or on its way, is
   * returned as it is; one whose connect call has failed is tried again.
   *
   * @throws {BridgeError} APP_UNKNOWN; INSTALLATION_CONFLICT while the app is being uninstalled
   */
  install(key: InstallationKey): Promise<Installation>;
  /** Ends an installation, in whatever state it is. `undefined` when there never was one. */
  uninstall(key: InstallationKey): Promise<Installation | undefined>;
  get(key: InstallationKey): Promise<Installation | undefined>;
  /** All that the tenant ever had, by app id. */
  listForTenant(tenantId: string): Promise<readonly Installation[]>;
  /**
   * The app's setup is done; once is enough.
   *
   * @throws {BridgeError} INSTALLATION_CONFLICT unless the installation waits for it or is complete
   */
  completeSetup(key: InstallationKey): Promise<Installation>;
  /** Tries a failed installation anew, or one that waits for its next attempt at once. */
  retry(key: InstallationKey): Promise<Installation | undefined>;
}

export interface InstallationService {
  run(
    command: InstallationCommand,
    key: InstallationKey,
    actor?: InstallationActor,
  ): Promise<Installation | undefined>;
  get(key: InstallationKey): Promise<Installation | undefined>;
  listForTenant(tenantId: string): Promise<readonly Installation[]>;
}

export interface InstallationServiceDeps {
  readonly store: InstallationStore;
  readonly change: InstallationChanger;
  readonly worker: Pick<InstallationWorker, "wake">;
  readonly apps: AppRegistry;
  readonly now: SharedClock;
}

const keySchema: z.ZodMiniType<InstallationKey> = z.object({ appId: storedId, tenantId: storedId });

export function createInstallationService(deps: InstallationServiceDeps): InstallationService {
  const { store, change, worker, apps, now } = deps;

  return {
    async run(command, given, actor) {
      const key = checkKey(given);
      const app = apps.get(key.appId);
      // An app that is registered no more can still be uninstalled; it has no backend to tell.
      if (!app && command !== "uninstall") {
        throw new BridgeError("APP_UNKNOWN", "No app of this id is registered.");
      }
      const steps = stepsOf(app) ?? NO_STEPS;
      const newId = randomBytes(16).toString("base64url");
      const context = { key, steps, newId, nowMs: await now() };
      const after = await change(key, (current) => applyCommand(current, command, context), actor);
      worker.wake();
      return after && toInstallation(after);
    },
    async get(key) {
      const record = await store.find(checkKey(key));
      return record && toInstallation(record);
    },
    listForTenant: async (tenantId) =>
      (await store.listForTenant(checkId("tenantId", tenantId))).map((record) =>
        toInstallation(record),
      ),
  };
}

function checkKey(key: InstallationKey): InstallationKey {
  return parseWith(keySchema, key, { code: "REQUEST_MALFORMED", source: "installation" });
}

function toInstallation(record: InstallationRecord): Installation {
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
