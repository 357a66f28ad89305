/** `npm start` runs the demo platform on this machine. It prints one URL, or one line that says what to change. */
import { BridgeError } from "@breezeway/shared";
import { join, resolve } from "node:path";
import { DEFAULT_BASE_PORT } from "./platform/addresses.ts";
import { startPlatform, type Platform } from "./platform/start-platform.ts";

try {
  const platform = await startPlatform({
    basePort: basePortFrom(process.env["BREEZEWAY_PORT"]),
    dataDir: resolve(process.env["BREEZEWAY_DATA"] || join(import.meta.dirname, ".data")),
    appsDir: resolve(process.env["BREEZEWAY_APPS"] || join(import.meta.dirname, "apps")),
  });
  closeOnSignal(platform);
  console.log(`\n  Breezeway demo is ready:  ${platform.url}\n\n  Ctrl+C stops it.\n`);
} catch (error) {
  console.error(`\n  Breezeway demo could not start.\n  ${lineOf(error)}\n`);
  process.exitCode = 1;
}

function basePortFrom(text: string | undefined): number {
  if (text === undefined || text === "") return DEFAULT_BASE_PORT;
  return /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
}

function lineOf(error: unknown): string {
  if (BridgeError.is(error)) return error.message;
  return error instanceof Error
    ? `${error.name}: ${error.message.split("\n")[0]}`
    : "Unknown error";
}

function closeOnSignal(platform: Platform): void {
  let isClosing = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      // A second signal ends the process without waiting for the shutdown.
      if (isClosing) process.exit(130);
      isClosing = true;
      void platform.close().then(() => process.exit(0));
    });
  }
}
