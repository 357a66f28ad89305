/** Starts the example app `bonus-points` and its backend, each in a process of its own. */
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

export interface BonusPointsOptions {
  readonly hostOrigins: readonly string[];
  readonly issuer: string;
  readonly audience: string;
  /** What the backend verifies tokens by. */
  readonly keys: "all" | "first";
  /** `vite build` and `vite preview`, or `vite` with React's development build and StrictMode. */
  readonly from: "build" | "sources";
}

export interface BonusPoints {
  readonly origin: string;
  stop(): Promise<void>;
}

const BACKEND = "../../examples/bonus-points/backend/main.ts";
const SITE = "../fixtures/examples/bonus-points-site.ts";

export async function startBonusPoints(options: BonusPointsOptions): Promise<BonusPoints> {
  const { issuer, audience, keys, from, hostOrigins } = options;
  const backend = await startProgram(BACKEND, {
    PORT: "0",
    ISSUER: issuer,
    AUDIENCE: audience,
    KEYS: keys,
  });
  const site = await startProgram(SITE, {
    FROM: from,
    HOST_ORIGINS: hostOrigins.join(" "),
    BACKEND_URL: backend.origin,
  });
  return {
    origin: site.origin,
    async stop() {
      await site.stop();
      await backend.stop();
    },
  };
}

/** Resolves when the program prints its address. */
async function startProgram(file: string, env: NodeJS.ProcessEnv): Promise<BonusPoints> {
  const child = spawn(process.execPath, [fileURLToPath(new URL(file, import.meta.url))], {
    env: { ...process.env, NODE_ENV: undefined, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let output = "";
  const origin = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const found = /(http:\/\/127\.0\.0\.1:\d+)\/\n/u.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    void exited.then(() => reject(new Error(`${file} exited: ${output}`)));
  });
  return {
    origin,
    async stop() {
      child.kill();
      await exited;
    },
  };
}
