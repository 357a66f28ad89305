/** The programmatic API of grants. */
import {
  optionObject,
  parseWith,
  wholeNumberOption,
  type Grant,
  type GrantWish,
} from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import { storedId } from "../stored-id.ts";
import { toSeconds } from "../time.ts";
import type { GrantService } from "./grant-service.ts";
import type { GrantsRuntime } from "./grants-runtime.ts";
import type { GrantKey, GrantRecord } from "./grant-store.ts";
import type { WishRecord } from "./wish-store.ts";

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
  /** `true`: what is granted already stays granted, too. Default `false`. */
  readonly add?: boolean;
  /** Who decides, for the history and the audit log. 1 to 256 characters. */
  readonly actor?: string;
}

export interface AdoptSettings {
  /** Default: all tenants that have a session or an installation in the store. */
  readonly tenantIds?: readonly string[];
  /** Who decides, for the history and the audit log. 1 to 256 characters. */
  readonly actor?: string;
  /** `true`: yields what would be granted, and writes nothing. Default `false`. */
  readonly dryRun?: boolean;
}

export interface WishSettings extends GrantKey {
  readonly userId: string;
  readonly scopes: readonly string[];
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
  /**
   * Keeps scopes that a user wishes for who may not decide, until `set` without `add` decides about the app. Resolves to
   * `undefined` when all of them are granted.
   *
   * @throws {BridgeError} APP_UNKNOWN; REQUEST_MALFORMED, also for a scope that the manifest does not list
   */
  wish(wish: WishSettings): Promise<GrantWish | undefined>;
  /** Wishes of a tenant for scopes that are not granted yet, newest first. @param limit 1 to 1 000, default 100 */
  wishes(tenantId: string, limit?: number): Promise<readonly GrantWish[]>;
  /**
   * For the day on which consent becomes required: grants all scopes of its manifest to each app that a tenant can use and
   * has not decided about, and yields each grant. Without it, apps have no scopes from then on. A run that was interrupted
   * can be repeated.
   */
  adopt(settings?: AdoptSettings): AsyncIterable<Grant>;
  /** `undefined` when the tenant has never decided about the app. */
  get(key: GrantKey): Promise<Grant | undefined>;
  /** The grants of a tenant, by app id. */
  listForTenant(tenantId: string): Promise<readonly Grant[]>;
  /** The last changes of a grant, newest first. @param limit 1 to 1 000, default 100 */
  history(key: GrantKey, limit?: number): Promise<readonly GrantChange[]>;
}

const MAX_SCOPES = 1_000;
const DEFAULT_LISTED = 100;

const scopes = z.array(z.string()).check(z.maxLength(MAX_SCOPES));
const keySchema = optionObject<GrantKey>({ appId: storedId, tenantId: storedId });
const settingsSchema = optionObject<GrantSettings>({
  appId: storedId,
  tenantId: storedId,
  scopes,
  add: z.optional(z.boolean()),
  actor: z.optional(storedId),
});
const wishSchema = optionObject<WishSettings>({
  appId: storedId,
  tenantId: storedId,
  userId: storedId,
  scopes,
});
const adoptSchema = optionObject<AdoptSettings>({
  tenantIds: z.optional(z.array(storedId)),
  actor: z.optional(storedId),
  dryRun: z.optional(z.boolean()),
});
const limitSchema = wholeNumberOption(1, 1_000);

function checked<T>(schema: z.ZodMiniType<T>, value: unknown, method: string): T {
  const source = `issuer.installations.grants.${method}`;
  return parseWith(schema, value, { code: "REQUEST_MALFORMED", source });
}

export function createGrantsApi(runtime: () => Promise<GrantsRuntime>): IssuerGrants {
  const service = async (): Promise<GrantService> => (await runtime()).service;
  return {
    set: async (settings) => {
      const { actor, ...rest } = checked(settingsSchema, settings, "set");
      return toGrant(await (await service()).set({ ...rest, actor }));
    },
    wish: async (settings) => {
      const wished = await (await service()).wish(checked(wishSchema, settings, "wish"));
      return wished && toWish(wished);
    },
    wishes: async (tenantId, limit = DEFAULT_LISTED) => {
      const [id, count] = [
        checked(storedId, tenantId, "wishes"),
        checked(limitSchema, limit, "wishes"),
      ];
      return (await (await service()).wishes(id, count)).map(toWish);
    },
    async *adopt(settings = {}) {
      const { tenantIds, actor, dryRun = false } = checked(adoptSchema, settings, "adopt");
      const { adopt } = await runtime();
      for await (const record of adopt({ tenantIds, actor, dryRun })) yield toGrant(record);
    },
    get: async (key) => {
      const record = await (await service()).get(checked(keySchema, key, "get"));
      return record && toGrant(record);
    },
    listForTenant: async (tenantId) => {
      const id = checked(storedId, tenantId, "listForTenant");
      return (await (await service()).listForTenant(id)).map(toGrant);
    },
    history: async (key, limit = DEFAULT_LISTED) => {
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
export function toWish({ wishedAtMs, ...rest }: WishRecord): GrantWish {
  return { ...rest, wishedAtSeconds: toSeconds(wishedAtMs) };
}

/** As pages and programs see it. */
export function toGrant({ changedAtMs, actor, ...rest }: GrantRecord): Grant {
  return {
    ...rest,
    ...(actor === undefined ? {} : { actor }),
    changedAtSeconds: toSeconds(changedAtMs),
  };
}
