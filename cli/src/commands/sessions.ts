/** `breezeway sessions`: lists and ends the sessions in an issuer's store. The issuer may be running. */
import {
  createSessionManager,
  type SessionInfo,
  type SessionManager,
  type SessionSelection,
} from "@breezeway/issuer";
import { BridgeError } from "@breezeway/shared";
import type { Command } from "commander";
import { columns, timeOf } from "../columns.ts";
import type { CliIo } from "../io.ts";
import { printable, printableJson } from "../printable.ts";
import { STORE_HELP, storeOf, withStore, type StoreFlags } from "../store-flag.ts";

const HELP = `
Environment:
  ${STORE_HELP}`;

interface JsonFlag {
  readonly json?: boolean;
}

interface WhoFlags {
  readonly user?: string;
  readonly tenant?: string;
}

interface RevokeFlags extends StoreFlags, WhoFlags {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export function registerSessions(program: Command, io: CliIo): void {
  const sessions = program
    .command("sessions")
    .description("List and end the sessions of an issuer")
    .addHelpText("after", HELP);

  withStore(sessions.command("list"))
    .description("List the sessions of a user, newest first")
    .requiredOption("--user <id>", "id of the user")
    .option("--tenant <id>", "only sessions that are active in this tenant")
    .option("--json", "print JSON")
    .action(async (flags: StoreFlags & JsonFlag & WhoFlags) => {
      await using manager = await openManager(flags, io);
      const all = await allOf(manager, flags);
      if (flags.json) io.out(printableJson(all));
      else if (all.length === 0) io.out("The user has no sessions.");
      else for (const line of columns(all.map(rowOf))) io.out(printable(line));
    });

  withStore(sessions.command("show").argument("<handle>", "handle of the session"))
    .description("Print a session as JSON")
    .action(async (handle: string, flags: StoreFlags) => {
      await using manager = await openManager(flags, io);
      const found = await manager.get(handle);
      if (!found) throw unknownSession();
      io.out(printableJson(found));
    });

  registerRevoke(sessions, io);
}

function registerRevoke(sessions: Command, io: CliIo): void {
  withStore(sessions.command("revoke").argument("[handle]", "handle of one session"))
    .description("End one session, all of a user, or all of a tenant, with their tokens")
    .option("--user <id>", "all sessions of this user")
    .option(
      "--tenant <id>",
      "all sessions that are active in this tenant; with --user, only theirs",
    )
    .option("--dry-run", "say how many, and end none")
    .option("--yes", "end all sessions of a tenant")
    .action(async (handle: string | undefined, flags: RevokeFlags) => {
      const selection = selectionOf(handle, flags);
      await using manager = await openManager(flags, io);
      if (selection === undefined) {
        await revokeOne(manager, handle ?? "", { flags, io });
        return;
      }
      if (flags.dryRun) {
        io.out(`${plural(await manager.count(selection))} would end.`);
        return;
      }
      if (selection.userId === undefined && !flags.yes) {
        const count = plural(await manager.count(selection));
        throw new BridgeError(
          "CONFIG_INVALID",
          `--yes: is required to end all ${count} of a tenant. Try --dry-run first.`,
        );
      }
      io.out(`${plural(await manager.revokeAll(selection))} ended.`);
    });
}

async function revokeOne(
  manager: SessionManager,
  handle: string,
  { flags, io }: { readonly flags: RevokeFlags; readonly io: CliIo },
): Promise<void> {
  if (flags.dryRun) {
    if (!(await manager.get(handle))) throw unknownSession();
    io.out("1 session would end.");
    return;
  }
  if (!(await manager.revoke(handle))) throw unknownSession();
  io.out("1 session ended.");
}

/** @returns `undefined` for one session */
function selectionOf(
  handle: string | undefined,
  { user, tenant }: WhoFlags,
): SessionSelection | undefined {
  const isOne = handle !== undefined;
  if (isOne === (user !== undefined || tenant !== undefined)) {
    throw new BridgeError(
      "CONFIG_INVALID",
      "Name either the handle of one session, or --user, --tenant or both.",
    );
  }
  if (user !== undefined)
    return { userId: user, ...(tenant === undefined ? {} : { tenantId: tenant }) };
  return tenant === undefined ? undefined : { tenantId: tenant };
}

async function openManager(flags: StoreFlags, io: CliIo): Promise<SessionManager> {
  return createSessionManager({ store: await storeOf(flags, io) });
}

const PAGE = 1_000;

async function allOf(
  manager: SessionManager,
  { user = "", tenant }: WhoFlags,
): Promise<SessionInfo[]> {
  const all: SessionInfo[] = [];
  for (;;) {
    const cursor = all.at(-1)?.handle;
    const page = await manager.listForUser(user, {
      limit: PAGE,
      ...(tenant === undefined ? {} : { tenantId: tenant }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}

function rowOf({
  handle,
  tenantId,
  createdAtSeconds,
  lastActiveAtSeconds,
  device = "unknown device",
  network = "unknown network",
}: SessionInfo): string[] {
  const [since, last] = [timeOf(createdAtSeconds), timeOf(lastActiveAtSeconds)];
  return [handle, tenantId, `since ${since}`, `last used ${last}`, device, network];
}

function plural(count: number): string {
  return count === 1 ? "1 session" : `${count} sessions`;
}

function unknownSession(): BridgeError {
  return new BridgeError("SESSION_UNKNOWN", "The store has no session with this handle.");
}
