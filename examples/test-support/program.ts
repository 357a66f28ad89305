import type { RunningProgram } from "@breezeway/test-support/processes";

/** An example program, with its needs and its start. */
export interface Program {
  readonly name: string;
  readonly language: "Go" | "Python";
  /** The guarded routes, each of which must answer the table of requests. */
  readonly routes: readonly string[];
  /** Why it cannot run on this machine. */
  readonly missing: string | undefined;
  /** Compiles what must be compiled. Called once, before `start`. */
  prepare(): Promise<void>;
  start(jwksUrl: string, port: number): Promise<RunningProgram>;
  /** The language's own tests of the code that fetches keys. @throws {Error} with their output */
  runUnitTests(): Promise<void>;
}
