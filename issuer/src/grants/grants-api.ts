/** The programmatic API of grants. */
import { optionObject, parseWith, wholeNumberOption, type Grant } from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import { storedId } from "../stored-id.ts";
import { toSeconds } from "../time.ts";
import type { GrantService } from "./grant-service.ts";
import type { GrantKey, GrantRecord } from "./grant-store.ts";

export interface GrantChange {
  /** 1 for the first change of the grant. */
  readonly number: number;
  /** All that were granted from then on. */
  readonly scopes: readonly string[];
  readonly appRevision: number;
  readonly actor?: string;
  readonly atSeconds: number;
}

export interface GrantSettings extends GrantKey {
  /** All that are granted from now on. An empty list grants nothing. */
  readonly scopes: readonly string[];
  /** Who decides, for the history and the audit log. 1 to 256 characters. */
  readonly actor?: string;
}

/**
 * What tenants have agreed to. It limits tokens where the issuer has `consent: "required"`. It asks for no permission:
 * the caller has decided. Each method rejects with REQUEST_MALFORMED, naming the field, and with STORE_UNAVAILABLE.
 */
export interface IssuerGrants {
  /**
   * Replaces the scopes that a tenant grants to an app. New tokens have them at once, and open pages get new tokens. A
   * narrower grant revokes the app's tokens in the tenant.
   *
   * @throws {BridgeError} APP_UNKNOWN; REQUEST_MALFORMED, also for a scope that the manifest does not list
   */
  set(settings: GrantSettings): Promise<Grant>;
  /** `undefined` when the tenant has never decided about the app. */
  get(key: GrantKey): Promise<Grant | undefined>;
  /** The grants of a tenant, by app id. */
  listForTenant(tenantId: string): Promise<readonly Grant[]>;
  /** The last changes of a grant, newest first. @param limit 1 to 1 000, default 100 */
  history(key: GrantKey, limit?: number): Promise<readonly GrantChange[]>;
}

const MAX_SCOPES = 1_000;
const DEFAULT_HISTORY = 100;

const keySchema = optionObject<GrantKey>({ appId: storedId, tenantId: storedId });
const settingsSchema = optionObject<GrantSettings>({
  appId: storedId,
  tenantId: storedId,
  scopes: z.array(z.string()).check(z.maxLength(MAX_SCOPES)),
  actor: z.optional(storedId),
});
const limitSchema = wholeNumberOption(1, 1_000);

function checked<T>(schema: z.ZodMiniType<T>, value: unknown, method: string): T {
  const source = `issuer.installations.grants.${method}`;
  return parseWith(schema, value, { code: "REQUEST_MALFORMED", source });
}

export function createGrantsApi(service: () => Promise<GrantService>): IssuerGrants {
  return {
    set: async (settings) => {
      const { actor, ...rest } = checked(settingsSchema, settings, "set");
      return toGrant(await (await service()).set({ ...rest, actor }));
    },
    get: async (key) => {
      const record = await (await service()).get(checked(keySchema, key, "get"));
      return record && toGrant(record);
    },
    listForTenant: async (tenantId) => {
      const id = checked(storedId, tenantId, "listForTenant");
      return (await (await service()).listForTenant(id)).map(toGrant);
    },
    history: async (key, limit = DEFAULT_HISTORY) => {
      const [place, count] = [
        checked(keySchema, key, "history"),
        checked(limitSchema, limit, "history"),
      ];
      const rows = await (await service()).history(place, count);
      return rows.map(({ number, scopes, app_revision: appRevision, actor, at_ms: atMs }) => ({
        number,
        scopes: JSON.parse(scopes) as string[],
        appRevision,
        ...(actor === null ? {} : { actor }),
        atSeconds: toSeconds(atMs),
      }));
    },
  };
}

/** As pages and programs see it. */
export function toGrant({ changedAtMs, actor, ...rest }: GrantRecord): Grant {
  return {
    ...rest,
    ...(actor === undefined ? {} : { actor }),
    changedAtSeconds: toSeconds(changedAtMs),
  };
}
