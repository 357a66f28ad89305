/** Decides what a change of an app's channels writes. No token changes: a channel gives no right. */
import { BridgeError } from "@breezeway/shared";
import {
  hasChannel,
  STABLE,
  type ChannelPlacements,
  type RegisteredApp,
  type RollOut,
} from "@breezeway/shared/schemas";
import { entryOf, type AppEntry, type AppState, type AppUpdate } from "./app-store.ts";

/** Tenants of one app that are on a channel of their own: they are read with the app. */
const MAX_PLACED = 1_000;

export interface PlaceInput {
  readonly appId: string;
  readonly tenantId: string;
  /** {@link STABLE} takes the tenant off its channel. */
  readonly channel: string;
  readonly actor: string | undefined;
}

export interface RollOutInput {
  readonly appId: string;
  /** `undefined` ends the rollout. */
  readonly rollOut: RollOut | undefined;
  readonly actor: string | undefined;
}

/** What a change of channels does, or would do. */
export interface ChannelChange<T> {
  readonly isChanged: boolean;
  readonly before: T;
  readonly after: T;
}

export interface ChannelUpdate<T> extends ChannelChange<T> {
  readonly update: AppUpdate | undefined;
}

/** No update when nothing changes. @throws {BridgeError} REQUEST_MALFORMED, when too many tenants have channels */
export function placeTenant(
  current: AppState,
  { appId, tenantId, channel, actor }: PlaceInput,
): ChannelUpdate<string> {
  const { placements } = current;
  const before = placements.tenants.get(tenantId) ?? STABLE;
  const result = { before, after: channel, isChanged: before !== channel };
  if (!result.isChanged) return { ...result, update: undefined };
  const tenants = new Map(placements.tenants);
  if (channel === STABLE) tenants.delete(tenantId);
  else tenants.set(tenantId, channel);
  if (tenants.size > MAX_PLACED) throw tooMany(appId);
  const entry = { ...entryOf("set-channel", actor), tenant_id: tenantId, channel };
  const update = updateOf(current, {
    entry,
    placements: { ...placements, tenants },
    subject: { subject: appId, tenantId },
  });
  return { ...result, update };
}

/** No update when nothing changes. */
export function rollOutChannel(
  current: AppState,
  { appId, rollOut, actor }: RollOutInput,
): ChannelUpdate<RollOut | null> {
  const { placements } = current;
  const before = placements.rollOut;
  const isChanged = before?.channel !== rollOut?.channel || before?.percent !== rollOut?.percent;
  const result = { before: before ?? null, after: rollOut ?? null, isChanged };
  if (!isChanged) return { ...result, update: undefined };
  const entry = rollOut
    ? { ...entryOf("roll-out", actor), ...rollOut }
    : { ...entryOf("roll-back", actor), channel: before?.channel ?? null };
  const update = updateOf(current, {
    entry,
    placements: { ...placements, rollOut },
    subject: { subject: appId },
  });
  return { ...result, update };
}

/** Channels that tenants are on and that the app does not have: these tenants are on {@link STABLE}. */
export function missingChannels(
  { tenants, rollOut }: ChannelPlacements,
  app: RegisteredApp,
): readonly string[] {
  const used = new Set([...tenants.values(), ...(rollOut ? [rollOut.channel] : [])]);
  return [...used].filter((channel) => !hasChannel(app, channel)).sort();
}

/** @throws {BridgeError} REQUEST_MALFORMED */
export function assertChannel(app: RegisteredApp, channel: string): void {
  if (hasChannel(app, channel)) return;
  const names = [STABLE, ...Object.keys(app.channels ?? {})].join(", ");
  throw new BridgeError(
    "REQUEST_MALFORMED",
    `channel: the manifest of ${app.id} has no channel ${channel}. It has ${names}.`,
  );
}

interface Changing {
  readonly entry: AppEntry;
  readonly placements: ChannelPlacements;
  readonly subject: { readonly subject: string; readonly tenantId?: string };
}

function updateOf(current: AppState, { entry, placements, subject }: Changing): AppUpdate {
  return {
    next: { ...current, placements },
    entry,
    changes: [{ kind: "apps-changed", ...subject, detail: entry.action }],
  };
}

function tooMany(appId: string): BridgeError {
  return new BridgeError(
    "REQUEST_MALFORMED",
    `tenantId: ${MAX_PLACED} tenants are on channels of ${appId}, which is the limit. Use a rollout for more.`,
  );
}
