import type { Command } from "commander";

/** The parts of the process that a command may use. */
export interface CliIo {
  /** Writes a line to standard output: only the result of the command. */
  readonly out: (line: string) => void;
  /** Writes a line to standard error. */
  readonly err: (line: string) => void;
  /** Reads all of standard input. */
  readonly stdin: () => Promise<string>;
  /** Resolves when the process is asked to end, such as by Ctrl-C. */
  readonly untilStopped: () => Promise<void>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Adds one subcommand to the program. */
export type RegisterCommand = (program: Command, io: CliIo) => void;
