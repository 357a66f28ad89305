/** Runs the commands on installations, for the programmatic API and for the endpoints. */
import { randomBytes } from "node:crypto";
import { parseWith, type Installation } from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import { usableApp, type AppCatalog } from "../apps/app-catalog.ts";
import { toSeconds, type StoreTime } from "../time.ts";
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

export interface InstallationService {
  readonly run: (
    command: InstallationCommand,
    key: InstallationKey,
    actor?: InstallationActor,
  ) => Promise<Installation | undefined>;
  readonly get: (key: InstallationKey) => Promise<Installation | undefined>;
  readonly listForTenant: (tenantId: string) => Promise<readonly Installation[]>;
}

export interface InstallationServiceDeps {
  readonly store: InstallationStore;
  readonly change: InstallationChanger;
  readonly worker: Pick<InstallationWorker, "wake">;
  readonly apps: AppCatalog;
  readonly storeTime: StoreTime;
}

const keySchema: z.ZodMiniType<InstallationKey> = z.object({ appId: storedId, tenantId: storedId });

export function createInstallationService(deps: InstallationServiceDeps): InstallationService {
  const { store, change, worker, apps, storeTime } = deps;

  return {
    run: async (command, given, actor) => {
      const key = checkKey(given);
      // An unregistered app can still be uninstalled. It has no backend to call.
      const app =
        command === "uninstall" ? apps.get(key.appId) : usableApp(apps, key.appId, key.tenantId);
      const steps = stepsOf(app) ?? NO_STEPS;
      const newId = randomBytes(16).toString("base64url");
      const context = { key, steps, newId, nowMs: await storeTime() };
      const after = await change(key, (current) => applyCommand(current, command, context), actor);
      worker.wake();
      return after && toInstallation(after);
    },
    get: async (key) => {
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
