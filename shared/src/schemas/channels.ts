/**
 * The channels of an app: other versions of its pages, each under another path of the same origin, and which tenant
 * gets which.
 *
 * A channel changes `url` and `version`, and nothing that gives a right.
 */
import * as z from "zod/mini";
import { STABLE } from "../stable-channel.ts";

export { STABLE };

/** Another version of an app's pages. It has the rights of the manifest. */
export interface AppChannel {
  /** Start page, on the origin of the manifest's `url` and in another folder. At most 2048 characters. */
  readonly url: string;
  /** Semantic version. At most 64 characters. */
  readonly version: string;
}

/** Channels of one app. */
export const MAX_CHANNELS = 16;

/** 1 to 32 lower-case letters, digits and hyphens. `stable` is one, too. */
export const channelName: z.ZodMiniType<string> = z.string().check(
  z.regex(
    /^[a-z][a-z0-9-]{0,31}$/,
    "must be 1 to 32 lower-case letters, digits and hyphens, starting with a letter",
  ),
  // Names are looked up in objects, whose prototype has this one.
  z.refine(
    (name) => !(name in Object.prototype),
    "must not be the name of a member of every object",
  ),
);

/** Tenants that are on no channel of their own, by share. */
export interface RollOut {
  readonly channel: string;
  /** 1 to 100. */
  readonly percent: number;
}

export interface ChannelPlacements {
  /** Channels by tenant id. */
  readonly tenants: ReadonlyMap<string, string>;
  readonly rollOut: RollOut | undefined;
}

export const NO_PLACEMENTS: ChannelPlacements = { tenants: new Map(), rollOut: undefined };

/** Which of an app's versions a tenant has. */
export interface AppVersion {
  /** {@link STABLE}, or a channel of the manifest. */
  readonly channel: string;
  readonly version: string;
  /** The start page, on the app's origin. */
  readonly url: string;
}

/** The part of a manifest that this file needs. */
interface Channelled extends AppChannel {
  readonly id: string;
  readonly channels?: Readonly<Record<string, AppChannel>> | undefined;
}

export function hasChannel({ channels }: Pick<Channelled, "channels">, name: string): boolean {
  return name === STABLE || (channels !== undefined && Object.hasOwn(channels, name));
}

/**
 * The channel of a tenant: its own, else that of the rollout if the tenant is within its share. A channel that the
 * manifest does not have counts as {@link STABLE}.
 */
export function versionOf(
  app: Channelled,
  { tenants, rollOut }: ChannelPlacements,
  tenantId: string,
): AppVersion {
  const placed = tenants.get(tenantId) ?? rolledOut(app, rollOut, tenantId);
  const channel = placed !== undefined && hasChannel(app, placed) ? placed : STABLE;
  const { version, url } = app.channels?.[channel] ?? app;
  return { channel, version, url };
}

/** What pages and gateways see of a manifest: its own `url` and `version`. */
export function withoutChannels<App extends Pick<Channelled, "channels">>({
  channels: _,
  ...app
}: App): Omit<App, "channels"> {
  return app;
}

function rolledOut(
  { id }: Channelled,
  rollOut: RollOut | undefined,
  tenantId: string,
): string | undefined {
  return rollOut && shareOf(id, tenantId) < rollOut.percent ? rollOut.channel : undefined;
}

/**
 * Where a tenant stands among all tenants of an app, 0 ≤ x < 100. It never changes, so a tenant stays on its side of a
 * rollout that grows. Other apps have other orders. It is public and protects nothing.
 */
export function shareOf(appId: string, tenantId: string): number {
  // FNV-1a over UTF-16 units, then the finaliser of MurmurHash3: similar ids must not be neighbours.
  let hash = 0x811c9dc5;
  const text = `${appId}\n${tenantId}`;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32) * 100;
}

/**
 * The path of a page in another version of its app: a path under the folder of one version's `url` is under that of the
 * other's. Other paths stay as they are.
 */
export function pathOn(fromUrl: string, toUrl: string, path: string): string {
  const [from, to] = [folderOf(fromUrl), folderOf(toUrl)];
  const isThere = to.startsWith(from) && path.startsWith(to);
  return path.startsWith(from) && !isThere ? `${to}${path.slice(from.length)}` : path;
}

/** The path of a URL up to its last slash. */
export function folderOf(url: string): string {
  return new URL(".", url).pathname;
}
