/** Starts one of the example guests with the command from its documentation. */
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

export interface ExampleGuest {
  readonly url: string;
  stop(): Promise<void>;
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export async function startExampleGuest(name: string, hostOrigin: string): Promise<ExampleGuest> {
  const child = spawn(process.execPath, ["serve-guest.ts", name], {
    cwd: `${ROOT}/examples`,
    env: { ...process.env, PORT: "0", BREEZEWAY_HOST_ORIGINS: hostOrigin },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let output = "";
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(output)?.[0];
      if (found !== undefined) resolve(found);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    void exited.then(() => reject(new Error(`The example ${name} exited: ${output}`)));
  });
  return {
    url,
    async stop() {
      child.kill();
      await exited;
    },
  };
}
