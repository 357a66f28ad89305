/**
 * The `breezeway` command. Owns the program and its exit codes; each subcommand is a module of
 * `commands/` that registers itself.
 *
 * Exit codes: 0 done; 1 refused or failed, with one line that says why; 2 wrong usage.
 */
import { BridgeError } from "@breezeway/shared";
import { Command, CommanderError } from "commander";
import { registerDev } from "./commands/dev.ts";
import { registerKeys } from "./commands/keys.ts";
import { registerServe } from "./commands/serve.ts";
import { registerToken } from "./commands/token.ts";
import type { CliIo, RegisterCommand } from "./io.ts";
import { printable } from "./printable.ts";
import { VERSION } from "./version.ts";

export type { CliIo, RegisterCommand };

const COMMANDS: readonly RegisterCommand[] = [
  registerDev,
  registerServe,
  registerKeys,
  registerToken,
];

/** Runs one command line (without the program's own name) and gives the exit code. Never throws. */
export async function main(args: readonly string[], io: CliIo): Promise<number> {
  const program = new Command("breezeway")
    .description("Breezeway on the command line")
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.replace(/\n$/, "")),
      writeErr: (text) => io.err(printable(text.replace(/\n$/, ""))),
    })
    .showHelpAfterError("(add --help for what is possible)");
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

// A stack says nothing to whoever typed the command; a message of ours says what to do.
function describe(error: unknown): string {
  if (BridgeError.is(error)) return `${error.reason}: ${error.message}`;
  return error instanceof Error ? `error: ${error.message}` : "error: unknown failure";
}
