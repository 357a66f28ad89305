/** The programmatic API of apps: the registry in the store. */
import { BridgeError } from "@breezeway/shared";
import {
  channelName,
  optionObject,
  parseManifest,
  parseWith,
  STABLE,
  suspensionReason,
  type ManifestInput,
  type RegisteredApp,
  type RollOut,
} from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import { checkId, storedId } from "../stored-id.ts";
import { appChange, appInfo, type AppChange, type AppInfo } from "./app-info.ts";
import type { AppService } from "./app-service.ts";
import type { ChannelChange } from "./channel-changes.ts";
import type { ManifestDiff } from "./manifest-diff.ts";

export interface AppActor {
  /** Who makes the change, for the history and the audit log. 1 to 256 characters. */
  readonly actor?: string;
}

export interface AppWrite extends AppActor {
  /**
   * The revision that the change is based on; 0 for an app that is not there yet. Default: any, so the
   * last writer wins.
   */
  readonly expectedRevision?: number;
}

export interface PutOptions extends AppWrite {
  /** Allows an origin that another app has. Such apps can read each other's tokens. Default false. */
  readonly sharesOrigin?: boolean;
  /** Checks everything, says what would change, and writes nothing. Default false. */
  readonly dryRun?: boolean;
}

export interface PutResult {
  readonly app: RegisteredApp;
  readonly revision: number;
  readonly diff: ManifestDiff;
  /** Whether the app's older tokens end. */
  readonly revokesTokens: boolean;
  /** Channels that tenants are on and that the manifest does not have: these tenants are on `stable`. */
  readonly missingChannels: readonly string[];
}

export interface SuspendOptions extends AppActor {
  /** Shown to the people who miss the app. One line, 1 to 200 characters. */
  readonly reason: string;
  /** Default: every tenant. */
  readonly tenantId?: string;
}

export interface ResumeOptions extends AppActor {
  /** Default: the suspension in every tenant. Those of single tenants stay. */
  readonly tenantId?: string;
}

interface ChannelWrite extends AppActor {
  readonly appId: string;
  /** Checks everything, says what would change, and writes nothing. Default false. */
  readonly dryRun?: boolean;
}

export interface ChannelOptions extends ChannelWrite {
  readonly tenantId: string;
  /** A channel of the manifest, or `stable`, which takes the tenant off its channel. */
  readonly channel: string;
}

export interface RollOutOptions extends ChannelWrite {
  /** A channel of the manifest other than `stable`. */
  readonly channel: string;
  /** The share of tenants, a whole number from 1 to 100. */
  readonly percent: number;
}

export type RollBackOptions = ChannelWrite;

export interface PageOptions {
  /** Items of one page, 1 to 1 000. Default 100. */
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Absent on the last page. */
  readonly nextCursor?: string;
}

/**
 * Apps of the store, beside those of the option `apps`. Every process on the store knows a change within a
 * second. Each method rejects with REQUEST_MALFORMED, naming the field, and with STORE_UNAVAILABLE.
 */
export interface IssuerApps {
  /**
   * Adds or replaces an app. The tokens of an app that moved to another origin, lost a scope or now
   * needs proofs are revoked. The same manifest again writes nothing.
   *
   * @throws {BridgeError} MANIFEST_INVALID, also for the origin of another app
   * @throws {BridgeError} REVISION_CONFLICT: somebody else changed the app. `details.revision` is the present one.
   * @throws {BridgeError} APP_READ_ONLY: the app comes from the option `apps`
   */
  put(manifest: ManifestInput, options?: PutOptions): Promise<PutResult>;
  get(appId: string): Promise<AppInfo | undefined>;
  /** All apps by id, those of files included. */
  list(page?: PageOptions): Promise<Page<AppInfo>>;
  /** The changes of an app, newest first. They stay when the app is removed. */
  history(appId: string, page?: PageOptions): Promise<Page<AppChange>>;
  /**
   * Removes an app and revokes its tokens. Its revision goes on when the app is put again.
   *
   * @returns false when the store has no such app
   * @throws {BridgeError} REVISION_CONFLICT, APP_READ_ONLY
   */
  remove(appId: string, options?: AppWrite): Promise<boolean>;
  /**
   * Ends the app's tokens and streams and mints no more, in one tenant or everywhere. Works for apps of files, too.
   *
   * @returns false when the app was suspended with this reason already
   * @throws {BridgeError} APP_UNKNOWN
   */
  suspend(appId: string, options: SuspendOptions): Promise<boolean>;
  /** @returns false when the app was not suspended there. @throws {BridgeError} APP_UNKNOWN */
  resume(appId: string, options?: ResumeOptions): Promise<boolean>;
  /**
   * Puts a tenant on a channel of the app, whatever is rolled out. At most 1 000 tenants of one app. Open frames stay as
   * they are; the next ones show the channel's page. Works for apps of files, too.
   *
   * @throws {BridgeError} APP_UNKNOWN; REQUEST_MALFORMED, also for a channel that the manifest does not have
   */
  setChannel(options: ChannelOptions): Promise<ChannelChange<string>>;
  /**
   * Gives a channel to a share of the tenants that are on no channel of their own. A tenant that has it keeps it while the
   * share grows. It replaces the app's rollout, if there is one.
   *
   * @throws {BridgeError} as `setChannel`
   */
  rollOut(options: RollOutOptions): Promise<ChannelChange<RollOut | null>>;
  /** Ends the app's rollout. Tenants on a channel of their own stay there. @throws {BridgeError} APP_UNKNOWN */
  rollBack(options: RollBackOptions): Promise<ChannelChange<RollOut | null>>;
}

/** Manifests are read whole by every process. */
const MAX_MANIFEST_BYTES = 65_536;
const MAX_PAGE = 1_000;
const DEFAULT_PAGE = 100;

const actor = z.optional(storedId);
const expectedRevision = z.optional(z.int().check(z.minimum(0)));
const writeSchema = optionObject<AppWrite>({ actor, expectedRevision });
const putSchema = optionObject<PutOptions>({
  actor,
  expectedRevision,
  sharesOrigin: z.optional(z.boolean()),
  dryRun: z.optional(z.boolean()),
});
const suspendSchema = optionObject<SuspendOptions>({
  actor,
  reason: suspensionReason,
  tenantId: z.optional(storedId),
});
const resumeSchema = optionObject<ResumeOptions>({
  actor,
  tenantId: z.optional(storedId),
});
const channelWrite = { appId: storedId, actor, dryRun: z.optional(z.boolean()) };
const channelSchema = optionObject<ChannelOptions>({
  ...channelWrite,
  tenantId: storedId,
  channel: channelName,
});
const rollOutSchema = optionObject<RollOutOptions>({
  ...channelWrite,
  channel: channelName.check(
    z.refine((name) => name !== STABLE, "must not be stable. Call rollBack to end a rollout"),
  ),
  percent: z.int().check(z.minimum(1), z.maximum(100)),
});
const rollBackSchema = optionObject<RollBackOptions>(channelWrite);
const pageSchema = optionObject<PageOptions>({
  limit: z.optional(z.int().check(z.minimum(1), z.maximum(MAX_PAGE))),
  cursor: z.optional(storedId),
});

function checked<T>(schema: z.ZodMiniType<T>, value: unknown, method: string): T {
  return parseWith(schema, value, { code: "REQUEST_MALFORMED", source: `issuer.apps.${method}` });
}

function checkManifest(manifest: ManifestInput): RegisteredApp {
  const app = parseManifest(manifest, "issuer.apps.put");
  if (Buffer.byteLength(JSON.stringify(app)) <= MAX_MANIFEST_BYTES) return app;
  throw new BridgeError(
    "MANIFEST_INVALID",
    `issuer.apps.put: ${app.id}: must be at most ${MAX_MANIFEST_BYTES} bytes of JSON.`,
  );
}

/** @param rows One more than `limit` when there is another page. */
function pageOf<T>(rows: readonly T[], limit: number, cursorOf: (last: T) => string): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return last === undefined || rows.length <= limit
    ? { items }
    : { items, nextCursor: cursorOf(last) };
}

function numberCursor(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  if (/^\d{1,9}$/.test(cursor)) return Number(cursor);
  throw new BridgeError("REQUEST_MALFORMED", "issuer.apps.history: cursor: must be a nextCursor.");
}

function channelsApi(
  service: () => Promise<AppService>,
): Pick<IssuerApps, "setChannel" | "rollOut" | "rollBack"> {
  return {
    setChannel: async (options) => {
      const { dryRun = false, actor: by, ...input } = checked(channelSchema, options, "setChannel");
      return (await service()).place({ ...input, actor: by }, dryRun);
    },
    rollOut: async (options) => {
      const given = checked(rollOutSchema, options, "rollOut");
      const { appId, channel, percent, actor: by, dryRun = false } = given;
      const input = { appId, rollOut: { channel, percent }, actor: by };
      return (await service()).rollOut(input, dryRun);
    },
    rollBack: async (options) => {
      const { appId, actor: by, dryRun = false } = checked(rollBackSchema, options, "rollBack");
      return (await service()).rollOut({ appId, rollOut: undefined, actor: by }, dryRun);
    },
  };
}

export function createAppsApi(service: () => Promise<AppService>): IssuerApps {
  return {
    put: async (manifest, options = {}) => {
      const app = checkManifest(manifest);
      const checkedOptions = checked(putSchema, options, "put");
      const {
        sharesOrigin = false,
        dryRun = false,
        expectedRevision: expected,
        actor: by,
      } = checkedOptions;
      const put = { app, expectedRevision: expected, actor: by };
      return { app, ...(await (await service()).put(put, { sharesOrigin, dryRun })) };
    },
    get: async (appId) => {
      const catalog = await (await service()).current();
      const app = catalog.get(checkId("appId", appId));
      return app && appInfo(catalog, app);
    },
    list: async (page = {}) => {
      const { limit = DEFAULT_PAGE, cursor = "" } = checked(pageSchema, page, "list");
      const catalog = await (await service()).current();
      const ids = catalog.all.map(({ id }) => id).filter((id) => id > cursor);
      const apps = ids
        .sort()
        .slice(0, limit + 1)
        .flatMap((id) => catalog.get(id) ?? []);
      const infos = apps.map((app) => appInfo(catalog, app));
      return pageOf(infos, limit, ({ app }) => app.id);
    },
    history: async (appId, page = {}) => {
      const { limit = DEFAULT_PAGE, cursor } = checked(pageSchema, page, "history");
      const query = { limit: limit + 1, before: numberCursor(cursor) };
      const rows = await (await service()).history(checkId("appId", appId), query);
      return pageOf(rows.map(appChange), limit, ({ number }) => String(number));
    },
    remove: async (appId, options = {}) => {
      const { actor: by, expectedRevision: expected } = checked(writeSchema, options, "remove");
      const input = { appId: checkId("appId", appId), expectedRevision: expected, actor: by };
      return (await service()).remove(input);
    },
    suspend: async (appId, options) => {
      const { reason, tenantId, actor: by } = checked(suspendSchema, options, "suspend");
      return (await service()).suspend({
        appId: checkId("appId", appId),
        tenantId,
        reason,
        actor: by,
      });
    },
    resume: async (appId, options = {}) => {
      const { tenantId, actor: by } = checked(resumeSchema, options, "resume");
      const input = { appId: checkId("appId", appId), tenantId, reason: undefined, actor: by };
      return (await service()).suspend(input);
    },
    ...channelsApi(service),
  };
}
