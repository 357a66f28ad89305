/** `breezeway apps`: manages the apps in an issuer's store. The issuer may be running. */
import { readFileSync } from "node:fs";
import {
  createAppManager,
  type AppChange,
  type AppInfo,
  type AppManager,
  type ManifestChange,
  type PutResult,
} from "@breezeway/issuer";
import { BridgeError } from "@breezeway/shared";
import { parseJsonWith, type ManifestInput } from "@breezeway/shared/schemas";
import type { Command } from "commander";
import * as z from "zod/mini";
import { columns, timeOf } from "../columns.ts";
import type { CliIo } from "../io.ts";
import { printable, printableJson } from "../printable.ts";
import { channelsText, registerChannels } from "./app-channels.ts";
import { STORE_HELP, storeOf, withStore, type StoreFlags } from "../store-flag.ts";

const HELP = `
Environment:
  ${STORE_HELP}

Apps of files are not in the store: they are not listed here, and can only be suspended, resumed and given channels.`;

interface JsonFlag {
  readonly json?: boolean;
}

interface ActorFlag {
  readonly actor?: string;
}

interface PutFlags extends StoreFlags, ActorFlag, JsonFlag {
  readonly expectRevision?: string;
  readonly shareOrigin?: boolean;
  readonly dryRun?: boolean;
}

interface TenantFlag {
  readonly tenant?: string;
}

type Run<Flags> = (manager: AppManager, flags: Flags) => Promise<void>;

/** Opens the store for one command, and reports manifests that this version cannot read. */
function onStore<Flags extends StoreFlags>(
  io: CliIo,
  flags: Flags,
  run: Run<Flags>,
): Promise<void> {
  return (async () => {
    await using manager = await createAppManager({
      store: await storeOf(flags, io),
      onError: (error) => io.err(printable(error instanceof Error ? error.message : String(error))),
    });
    await run(manager, flags);
  })();
}

export function registerApps(program: Command, io: CliIo): void {
  const apps = program
    .command("apps")
    .description("List, add, suspend and remove the apps of an issuer, and choose their versions")
    .addHelpText("after", HELP);
  registerReads(apps, io);
  registerPut(apps, io);
  registerSuspensions(apps, io);
  registerChannels({
    io,
    change: (name) => withActor(withStore(apps.command(name))),
    onStore: (flags, run) => onStore(io, flags, run),
    actorOf: (flags) => actorOf(flags, io),
  });

  withActor(withStore(apps.command("remove").argument("<id>", "id of the app")))
    .description("Remove an app and revoke its tokens")
    .option("--expect-revision <n>", "refuse when the app has another revision")
    .action((id: string, flags: StoreFlags & ActorFlag & Pick<PutFlags, "expectRevision">) =>
      onStore(io, flags, async (manager) => {
        const wasThere = await manager.remove(id, { ...actorOf(flags, io), ...revisionOf(flags) });
        if (!wasThere) throw unknownApp(id);
        io.out(`${id} is removed.`);
      }),
    );
}

function registerReads(apps: Command, io: CliIo): void {
  withStore(apps.command("list"))
    .description("List all apps of the store")
    .option("--json", "print JSON")
    .action((flags: StoreFlags & JsonFlag) =>
      onStore(io, flags, async (manager) => {
        const all = await allPages((cursor) => manager.list({ limit: 1_000, ...cursor }));
        if (flags.json) io.out(printableJson(all));
        else if (all.length === 0) io.out("The store has no apps.");
        else for (const line of columns(all.map(rowOf))) io.out(printable(line));
      }),
    );

  withStore(apps.command("show").argument("<id>", "id of the app"))
    .description("Print an app with its manifest and suspensions as JSON")
    .action((id: string, flags: StoreFlags) =>
      onStore(io, flags, async (manager) => {
        const info = await manager.get(id);
        if (!info) throw unknownApp(id);
        io.out(printableJson(info));
      }),
    );

  withStore(apps.command("history").argument("<id>", "id of the app"))
    .description("List the changes of an app, newest first")
    .option("--json", "print JSON")
    .action((id: string, flags: StoreFlags & JsonFlag) =>
      onStore(io, flags, async (manager) => {
        const all = await allPages((cursor) => manager.history(id, { limit: 1_000, ...cursor }));
        if (all.length === 0) throw unknownApp(id);
        if (flags.json) io.out(printableJson(all));
        else for (const change of all) for (const line of linesOf(change)) io.out(printable(line));
      }),
    );
}

function registerPut(apps: Command, io: CliIo): void {
  const put = (name: string): Command =>
    withStore(apps.command(name).argument("<file>", "the manifest, or - for standard input"))
      .option("--expect-revision <n>", "refuse when the app has another revision; 0: a new app")
      .option("--share-origin", "allow an origin that another app has")
      .option("--json", "print JSON");
  const run = (file: string, flags: PutFlags, dryRun: boolean): Promise<void> =>
    onStore(io, flags, async (manager) => {
      const result = await manager.put(await readManifest(file, io), {
        ...actorOf(flags, io),
        ...revisionOf(flags),
        sharesOrigin: flags.shareOrigin ?? false,
        dryRun,
      });
      if (flags.json) io.out(printableJson(result));
      else for (const line of resultLines(result, dryRun)) io.out(printable(line));
    });

  withActor(put("put"))
    .description("Add or replace an app")
    .option("--dry-run", "check everything and write nothing")
    .action((file: string, flags: PutFlags) => run(file, flags, flags.dryRun ?? false));
  put("diff")
    .description("Show what `breezeway apps put` would change")
    .action((file: string, flags: PutFlags) => run(file, flags, true));
}

function registerSuspensions(apps: Command, io: CliIo): void {
  const command = (name: string): Command =>
    withActor(withStore(apps.command(name).argument("<id>", "id of the app"))).option(
      "--tenant <id>",
      "in this tenant only (default: everywhere)",
    );

  command("suspend")
    .description("End the tokens and streams of an app and mint no more, until it is resumed")
    .requiredOption("--reason <text>", "shown to the people who miss the app")
    .action(
      (id: string, flags: StoreFlags & ActorFlag & TenantFlag & { readonly reason: string }) =>
        onStore(io, flags, async (manager) => {
          const { reason } = flags;
          await manager.suspend(id, { reason, ...actorOf(flags, io), ...tenantOf(flags) });
          io.out(printable(`${id} is suspended ${place(flags)}.`));
        }),
    );
  command("resume")
    .description("End a suspension")
    .action((id: string, flags: StoreFlags & ActorFlag & TenantFlag) =>
      onStore(io, flags, async (manager) => {
        const wasSuspended = await manager.resume(id, {
          ...actorOf(flags, io),
          ...tenantOf(flags),
        });
        const what = wasSuspended ? "is resumed" : "was not suspended";
        io.out(printable(`${id} ${what} ${place(flags)}.`));
      }),
    );
}

function withActor(command: Command): Command {
  return command.option("--actor <name>", "who makes the change (default: USER)");
}

function actorOf({ actor }: ActorFlag, { env }: CliIo): { readonly actor?: string } {
  const name = actor ?? env["USER"];
  return name === undefined || name === "" ? {} : { actor: name };
}

function tenantOf({ tenant }: TenantFlag): { readonly tenantId?: string } {
  return tenant === undefined ? {} : { tenantId: tenant };
}

function place({ tenant }: TenantFlag): string {
  return tenant === undefined ? "everywhere" : `in ${tenant}`;
}

function revisionOf({ expectRevision }: Pick<PutFlags, "expectRevision">): {
  readonly expectedRevision?: number;
} {
  if (expectRevision === undefined) return {};
  if (/^\d{1,9}$/.test(expectRevision)) return { expectedRevision: Number(expectRevision) };
  throw new BridgeError("CONFIG_INVALID", "--expect-revision: must be a whole number, 0 or more.");
}

async function readManifest(file: string, io: CliIo): Promise<ManifestInput> {
  const text = file === "-" ? await io.stdin() : readText(file);
  const source = file === "-" ? "standard input" : file;
  // The store parses the manifest; here it only must be JSON.
  const json = parseJsonWith(z.record(z.string(), z.unknown()), text, {
    code: "MANIFEST_INVALID",
    source,
  });
  return json as unknown as ManifestInput;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new BridgeError(
      "CONFIG_INVALID",
      `${file}: cannot be read. Check the path and its permissions.`,
      {
        cause,
      },
    );
  }
}

interface PageOf<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string;
}

async function allPages<T>(
  read: (page: { readonly cursor?: string }) => Promise<PageOf<T>>,
): Promise<T[]> {
  const all: T[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await read(cursor === undefined ? {} : { cursor });
    all.push(...page.items);
    if (page.nextCursor === undefined) return all;
    cursor = page.nextCursor;
  }
}

function rowOf({ app, revision, suspensions, channels }: AppInfo): string[] {
  const state = stateOf(suspensions);
  return [app.id, app.version, `revision ${revision}`, state, channelsText(channels), app.url];
}

function stateOf(suspensions: AppInfo["suspensions"]): string {
  if (suspensions.length === 0) return "active";
  const isEverywhere = suspensions.some(({ tenantId }) => tenantId === undefined);
  return isEverywhere ? "suspended" : `suspended in ${suspensions.length}`;
}

function* linesOf(change: AppChange): Generator<string> {
  const { number, action, revision, tenantId, reason, actor, atSeconds, diff } = change;
  const { channel, percent } = change;
  const what = channel === undefined ? "" : ` ${channel}`;
  const share = percent === undefined ? "" : ` ${percent} %`;
  const where = tenantId === undefined ? "" : ` in ${tenantId}`;
  const why = reason === undefined ? "" : `: ${reason}`;
  const who = actor === undefined ? "" : ` by ${actor}`;
  yield `${number}  ${timeOf(atSeconds)}  ${action}${what}${share}${where}${who}, revision ${revision}${why}`;
  for (const line of diffLines(diff)) yield `   ${line}`;
}

function* resultLines(
  { app, revision, diff, revokesTokens, missingChannels }: PutResult,
  dryRun: boolean,
): Generator<string> {
  const would = dryRun ? "would have" : "has";
  yield diff.length === 0
    ? `${app.id} ${dryRun ? "would stay" : "stays"} at revision ${revision}: nothing differs.`
    : `${app.id} ${would} revision ${revision}.`;
  for (const line of diffLines(diff)) yield `  ${line}`;
  for (const channel of missingChannels) {
    yield `Tenants on ${channel} ${dryRun ? "would be" : "are"} on stable: the manifest has no such channel.`;
  }
  if (revokesTokens) yield `Its older tokens ${dryRun ? "would be" : "are"} revoked.`;
}

function* diffLines(diff: readonly ManifestChange[]): Generator<string> {
  for (const change of diff) {
    if ("added" in change) {
      const signs = [
        ...change.removed.map((text) => `-${text}`),
        ...change.added.map((text) => `+${text}`),
      ];
      yield `${change.field}: ${signs.join(" ")}`;
    } else {
      const [before, after] = [change.before, change.after].map((value) => JSON.stringify(value));
      yield `${change.field}: ${before ?? "(none)"} → ${after ?? "(none)"}`;
    }
  }
}

function unknownApp(id: string): BridgeError {
  return new BridgeError("APP_UNKNOWN", `The store has no app ${id}. See \`breezeway apps list\`.`);
}
