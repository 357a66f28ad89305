/** Runs one command line of `breezeway` in this process. */
import { main } from "../src/main.ts";

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Default: empty. */
  readonly stdin?: string;
}

export async function runCommand(
  args: readonly string[],
  { env = {}, stdin = "" }: RunOptions = {},
): Promise<Outcome> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await main(args, {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    env,
    stdin: () => Promise.resolve(stdin),
    untilStopped: () => Promise.resolve(),
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}
