/** The figures of a bench, for a program that runs it and makes one table of several runs. */
import { appendFileSync } from "node:fs";
import process from "node:process";
import type { Turns } from "@breezeway/test-support/turns";

export interface Figure extends Partial<Turns> {
  /** The operation, in words. */
  readonly work: string;
  /** Rows, streams, routes. */
  readonly size: string;
  readonly ms?: number;
  readonly cpuMs?: number;
  /** A figure that is neither a duration nor a processor time. */
  readonly value?: string;
}

const FILE = process.env["BREEZEWAY_BENCH_SCALE"];

/** Appends a line of JSON to the file of `BREEZEWAY_BENCH_SCALE`, where one is named. */
export function record(figure: Figure): void {
  if (FILE !== undefined) appendFileSync(FILE, `${JSON.stringify(figure)}\n`);
}

/** The code of a failure, which is a figure, too. */
export function failureOf(error: unknown): string {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return `fails: ${String(code ?? message ?? error)}`;
}
