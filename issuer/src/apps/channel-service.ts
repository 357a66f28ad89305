/** Changes which tenants are on which channel of an app, for {@link AppService}. */
import { STABLE, type RollOut } from "@breezeway/shared/schemas";
import type { AuditEvent } from "../audit/audit.ts";
import type { AppCatalog } from "./app-catalog.ts";
import type { AppState, AppUpdate } from "./app-store.ts";
import {
  assertChannel,
  placeTenant,
  rollOutChannel,
  type ChannelChange,
  type ChannelUpdate,
  type PlaceInput,
  type RollOutInput,
} from "./channel-changes.ts";

export interface ChannelService {
  /** Puts a tenant on a channel. */
  readonly place: (input: PlaceInput, dryRun: boolean) => Promise<ChannelChange<string>>;
  /** Also ends a rollout. */
  readonly rollOut: (
    input: RollOutInput,
    dryRun: boolean,
  ) => Promise<ChannelChange<RollOut | null>>;
}

export interface ChannelServiceDeps {
  readonly catalog: AppCatalog;
  /** Resolves when the catalog is right about the app. @throws {BridgeError} APP_UNKNOWN, STORE_UNAVAILABLE */
  readonly known: (appId: string) => Promise<void>;
  /** The app's present row. */
  readonly state: (appId: string) => Promise<AppState>;
  readonly write: (
    appId: string,
    decide: (state: AppState) => AppUpdate | undefined,
    event: () => Omit<AuditEvent, "app">,
  ) => Promise<boolean>;
}

interface Changing<T> {
  readonly appId: string;
  readonly channel: string;
  readonly decide: (current: AppState) => ChannelUpdate<T>;
  readonly event: Omit<AuditEvent, "app">;
}

export function createChannelService(deps: ChannelServiceDeps): ChannelService {
  const { catalog, known, state, write } = deps;

  const change = async <T>(changing: Changing<T>, dryRun: boolean): Promise<ChannelChange<T>> => {
    const { appId, channel, decide, event } = changing;
    await known(appId);
    const app = catalog.get(appId);
    // Unknown here only in a program without the apps of files. Issuers take a channel that is missing for stable.
    if (app) assertChannel(app, channel);
    let result: ChannelUpdate<T> | undefined;
    const run = (current: AppState): AppUpdate | undefined => (result = decide(current)).update;
    if (dryRun) run(await state(appId));
    else await write(appId, run, () => event);
    // One of the two has called the function above, or has thrown.
    const { isChanged, before, after } = result as unknown as ChannelUpdate<T>;
    return { isChanged, before, after };
  };

  return {
    place: (input, dryRun) => {
      const { appId, tenantId: tenant, channel, actor: sub } = input;
      const event = { event: "app.channel-set", sub, tenant, channel } as const;
      return change(
        { appId, channel, decide: (current) => placeTenant(current, input), event },
        dryRun,
      );
    },
    rollOut: (input, dryRun) => {
      const { appId, rollOut, actor: sub } = input;
      const event = rollOut
        ? ({ event: "app.rolled-out", sub, ...rollOut } as const)
        : ({ event: "app.rolled-back", sub } as const);
      const channel = rollOut?.channel ?? STABLE;
      return change(
        { appId, channel, decide: (current) => rollOutChannel(current, input), event },
        dryRun,
      );
    },
  };
}
