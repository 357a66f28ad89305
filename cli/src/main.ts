/**
 * The `breezeway` command. This file owns the program and its exit codes. Each subcommand is a module of
 * `commands/` that registers itself.
 *
 * Exit codes: 0 for success; 1 for a failure, with one line that says why; 2 for wrong usage.
 */
import { BridgeError } from "@breezeway/shared";
import { Command, CommanderError } from "commander";
import { registerApps } from "./commands/apps.ts";
import { registerDev } from "./commands/dev.ts";
import { registerKeys } from "./commands/keys.ts";
import { registerServe } from "./commands/serve.ts";
import { registerSessions } from "./commands/sessions.ts";
import { registerToken } from "./commands/token.ts";
import { registerUsers } from "./commands/users.ts";
import type { CliIo, RegisterCommand } from "./io.ts";
import { printable } from "./printable.ts";
import { VERSION } from "./version.ts";

export type { CliIo, RegisterCommand };

const COMMANDS: readonly RegisterCommand[] = [
  registerDev,
  registerServe,
  registerApps,
  registerSessions,
  registerUsers,
  registerKeys,
  registerToken,
];

/** Runs one command line, without the program's name, and returns the exit code. Never throws. */
export async function main(args: readonly string[], io: CliIo): Promise<number> {
  const program = new Command("breezeway")
    .description(
      "Develop apps for Breezeway, run its servers, and manage apps, sessions, users, keys and tokens",
    )
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.replace(/\n$/, "")),
      writeErr: (text) => io.err(printable(text.replace(/\n$/, ""))),
    })
    .showHelpAfterError("Run the command with --help to see its arguments and options.");
  for (const register of COMMANDS) register(program, io);
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    io.err(printable(describe(error)));
    return 1;
  }
}

// Users of a command need the message, not the stack.
function describe(error: unknown): string {
  if (BridgeError.is(error)) return `${error.reason}: ${error.message}`;
  return error instanceof Error ? `error: ${error.message}` : "error: unknown failure";
}
