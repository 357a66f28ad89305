/** `breezeway apps channel`, `roll-out` and `roll-back`: which tenants have which version of an app. */
import type { AppChannels, AppManager, ChannelChange } from "@breezeway/issuer";
import { BridgeError } from "@breezeway/shared";
import type { Command } from "commander";
import type { CliIo } from "../io.ts";
import { printable, printableJson } from "../printable.ts";
import type { StoreFlags } from "../store-flag.ts";

interface ChannelFlags extends StoreFlags {
  readonly actor?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

interface Writing {
  readonly actor?: string;
  readonly dryRun: boolean;
}

export interface ChannelCommandDeps {
  readonly io: CliIo;
  /** A command with the flags of every change. */
  readonly change: (name: string) => Command;
  readonly onStore: (
    flags: ChannelFlags,
    run: (manager: AppManager) => Promise<void>,
  ) => Promise<void>;
  readonly actorOf: (flags: ChannelFlags) => { readonly actor?: string };
}

export function registerChannels(deps: ChannelCommandDeps): void {
  const command = (name: string): Command =>
    deps
      .change(name)
      .argument("<app>", "id of the app")
      .option("--dry-run", "check everything and write nothing")
      .option("--json", "print JSON");

  command("channel")
    .argument("<tenant>", "id of the tenant")
    .argument("<channel>", "a channel of the manifest, or stable")
    .description("Put a tenant on a channel of an app; stable takes it off")
    .action((appId: string, tenantId: string, channel: string, flags: ChannelFlags) =>
      run(deps, flags, {
        change: (manager, how) => manager.setChannel({ appId, tenantId, channel, ...how }),
        say: ({ before, after }) => `${tenantId}: ${before} → ${after} of ${appId}`,
        same: `${tenantId} stays on ${channel} of ${appId}`,
      }),
    );

  command("roll-out")
    .argument("<channel>", "a channel of the manifest")
    .argument("<percent>", "share of the tenants that are on no channel of their own, 1 to 100")
    .description("Give a channel to a share of the tenants")
    .action((appId: string, channel: string, share: string, flags: ChannelFlags) =>
      run(deps, flags, {
        change: (manager, how) =>
          manager.rollOut({ appId, channel, percent: percentOf(share), ...how }),
        say: ({ before, after }) => `${appId}: ${rollOutText(before)} → ${rollOutText(after)}`,
        same: `${appId} stays at ${channel} ${share} %`,
      }),
    );

  command("roll-back")
    .description("End the rollout of an app: tenants without a channel of their own are on stable")
    .action((appId: string, flags: ChannelFlags) =>
      run(deps, flags, {
        change: (manager, how) => manager.rollBack({ appId, ...how }),
        say: ({ before, after }) => `${appId}: ${rollOutText(before)} → ${rollOutText(after)}`,
        same: `${appId} has no rollout`,
      }),
    );
}

interface Step<T> {
  readonly change: (manager: AppManager, how: Writing) => Promise<ChannelChange<T>>;
  readonly say: (change: ChannelChange<T>) => string;
  /** When nothing changes. */
  readonly same: string;
}

function run<T>(
  { io, onStore, actorOf }: ChannelCommandDeps,
  flags: ChannelFlags,
  { change, say, same }: Step<T>,
): Promise<void> {
  const { dryRun = false } = flags;
  return onStore(flags, async (manager) => {
    const result = await change(manager, { ...actorOf(flags), dryRun });
    if (flags.json) return io.out(printableJson(result));
    const text = result.isChanged ? say(result) : same;
    io.out(printable(dryRun && result.isChanged ? `Would write: ${text}.` : `${text}.`));
  });
}

/** The columns of `breezeway apps list`: empty when everybody is on stable. */
export function channelsText({ tenants, rollOut }: AppChannels): string {
  const parts = tenants.length === 0 ? [] : [`${tenants.length} on channels`];
  if (rollOut) parts.push(`${rollOutText(rollOut)}${rollOut.isMissing ? " (missing)" : ""}`);
  const missing = tenants.filter(({ isMissing }) => isMissing).length;
  if (missing > 0) parts.push(`${missing} on missing ones`);
  return parts.length === 0 ? "stable" : parts.join(", ");
}

function rollOutText(
  rollOut: { readonly channel: string; readonly percent: number } | null,
): string {
  return rollOut ? `${rollOut.channel} ${rollOut.percent} %` : "no rollout";
}

function percentOf(text: string): number {
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new BridgeError("CONFIG_INVALID", "<percent>: must be a whole number from 1 to 100.");
}
