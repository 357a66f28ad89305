/** Runs `breezeway serve` as a separate process and reads its output. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { addressesIn, type LogLine } from "./serve-place.ts";

const BIN = fileURLToPath(new URL("../src/bin.ts", import.meta.url));

export interface ServeProcess extends AsyncDisposable {
  /** Addresses by part. */
  readonly url: Readonly<Record<string, string>>;
  /** Everything that it wrote to standard output. */
  transcript(): string;
  /** Waits for the next line of this event that no earlier call returned. */
  nextLine(event: string): Promise<LogLine>;
  kill(signal: "SIGHUP" | "SIGINT" | "SIGTERM"): void;
  /** Its exit code and signal. */
  readonly exited: Promise<readonly unknown[]>;
}

/** Resolves once the process listens. @param parts - The number of addresses that it logs. */
export async function startServeProcess(
  file: string,
  { env = {}, parts = 3 }: { readonly env?: NodeJS.ProcessEnv; readonly parts?: number } = {},
): Promise<ServeProcess> {
  const args = ["--conditions=@breezeway/source", BIN, "serve", file];
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  const exited = once(child, "exit");
  const lines: LogLine[] = [];
  let transcript = "";
  createInterface(child.stdout).on("line", (line) => {
    transcript += line;
    lines.push(JSON.parse(line) as LogLine);
  });

  async function nextLine(event: string): Promise<LogLine> {
    for (;;) {
      const index = lines.findIndex((line) => line.event === event);
      const [line] = index < 0 ? [] : lines.splice(index, 1);
      if (line !== undefined) return line;
      const more = new Promise((resolve) =>
        child.stdout.once("data", () => setImmediate(resolve, "more")),
      );
      if ((await Promise.race([more, exited])) !== "more")
        throw new Error(`breezeway serve ended: ${transcript}`);
    }
  }

  const listening: LogLine[] = [];
  while (listening.length < parts) listening.push(await nextLine("listening"));
  return {
    url: addressesIn(listening),
    transcript: () => transcript,
    nextLine,
    kill: (signal) => void child.kill(signal),
    exited,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
