import type { Command } from "commander";

/** What a command may touch of the process it runs in. */
export interface CliIo {
  /** A line for standard output: what was asked for, and nothing else. */
  readonly out: (line: string) => void;
  /** A line for standard error. */
  readonly err: (line: string) => void;
  /** All of standard input, to its end. */
  readonly stdin: () => Promise<string>;
  /** Resolves when the process is asked to end, by Ctrl-C for one. */
  readonly untilStopped: () => Promise<void>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Adds one subcommand to the program. */
export type RegisterCommand = (program: Command, io: CliIo) => void;
