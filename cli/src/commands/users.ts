/** `breezeway users`: exports and erases what an issuer's store has about a user. The issuer may be running. */
import { createUserManager, type ErasureReport, type UserManager } from "@breezeway/issuer";
import { BridgeError } from "@breezeway/shared";
import type { Command } from "commander";
import { timeOf } from "../columns.ts";
import type { CliIo } from "../io.ts";
import { printable, printableJson } from "../printable.ts";
import { STORE_HELP, storeOf, withStore, type StoreFlags } from "../store-flag.ts";

const HELP = `
Environment:
  ${STORE_HELP}`;

interface EraseFlags extends StoreFlags {
  readonly tenant?: readonly string[];
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function registerUsers(program: Command, io: CliIo): void {
  const users = program
    .command("users")
    .description("Export and erase what an issuer knows about a user")
    .addHelpText("after", HELP);

  withStore(users.command("export").argument("<user>", "id of the user"))
    .description("Print everything that the store has about a user, as JSON")
    .action(async (user: string, flags: StoreFlags) => {
      await using manager = await openManager(flags, io);
      io.out(printableJson(await manager.export(user)));
    });

  withStore(users.command("erase").argument("<user>", "id of the user"))
    .description("End and delete a user's sessions, clear histories, and tell the installed apps")
    .option("--tenant <ids...>", "tell the apps of these tenants, too")
    .option("--dry-run", "say what would be erased, and erase nothing")
    .option("--yes", "erase")
    .option("--json", "print JSON")
    .action(async (user: string, flags: EraseFlags) => {
      const { tenant = [], dryRun = false, yes = false, json = false } = flags;
      if (!dryRun && !yes) {
        throw new BridgeError(
          "CONFIG_INVALID",
          "--yes: is required, since an erasure cannot be undone. Try --dry-run first.",
        );
      }
      await using manager = await openManager(flags, io);
      const report = await manager.erase(user, { tenantIds: tenant, dryRun });
      if (json) io.out(printableJson(report));
      else for (const line of linesOf(report)) io.out(printable(line));
    });
}

async function openManager(flags: StoreFlags, io: CliIo): Promise<UserManager> {
  return createUserManager({ store: await storeOf(flags, io) });
}

function* linesOf(report: ErasureReport): Generator<string> {
  const { dryRun, sessions, histories, wishes, told, kept } = report;
  const was = dryRun ? "would be" : "were";
  yield `Sessions that ${was} ended and deleted: ${sessions}`;
  yield `Entries of histories that ${was} cleared of the user: ${histories}`;
  yield `Requests for scopes that ${was} deleted: ${wishes}`;
  for (const { appId, tenantId } of told) {
    yield `App that ${dryRun ? "would learn" : "learns"} of it, if it wants: ${appId} in ${tenantId}`;
  }
  for (const { what, count, why, untilSeconds } of kept) {
    const until = untilSeconds === undefined ? "" : ` Until ${timeOf(untilSeconds)}.`;
    yield `Kept: ${count} ${what}. ${why}${until}`;
  }
}
