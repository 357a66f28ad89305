/** Starts `breezeway dev` from the command line and ends it with Ctrl-C. */
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

export interface DevCommand {
  readonly url: string;
  /** Its output so far. */
  readonly output: string;
  /** @returns its exit code */
  interrupt(): Promise<number | null>;
}

const COMMAND = fileURLToPath(new URL("../../cli/src/bin.ts", import.meta.url));

export async function startDevCommand(...args: readonly string[]): Promise<DevCommand> {
  const child = spawn(process.execPath, [COMMAND, "dev", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  const exited = new Promise<number | null>((done) => child.once("exit", done));
  const read = (chunk: Buffer): void => {
    output += stripVTControlCharacters(chunk.toString());
    if (output.includes("Ctrl-C")) resolve();
  };
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  void exited.then((code) =>
    reject(new Error(`breezeway dev exited with code ${code}: ${output}`)),
  );
  await ready;
  return {
    url: /http:\/\/\S+$/m.exec(output)?.[0] ?? "",
    get output() {
      return output;
    },
    interrupt() {
      child.kill("SIGINT");
      return exited;
    },
  };
}
