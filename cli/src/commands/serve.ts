/** `breezeway serve`: issuer and gateway in one process, from one file. */
import type { Command } from "commander";
import type { CliIo } from "../io.ts";

const HELP = `
Signals:
  SIGHUP           reads the file again: apps, routes, cors and hostOrigins; the rest needs a restart
  SIGTERM, SIGINT  drains and exits with 0; the same once more ends it at once

Guide: https://github.com/breezeway-bridge/breezeway/blob/main/docs/guides/serve.md`;

export function registerServe(program: Command, io: CliIo): void {
  program
    .command("serve")
    .argument("[config]", "JSON file of issuer, gateway and apps", "breezeway.json")
    .description("Run issuer and gateway in one process, with sessions in SQLite or Postgres")
    .option("--check", "check the file, its manifests, secrets and hooks; start nothing")
    .addHelpText("after", HELP)
    .action(async (file: string, { check }: { readonly check?: boolean }) => {
      using _hangups = ignoreHangups();
      // Only who uses it loads issuer and gateway.
      if (check) {
        const { readServePlan } = await import("../serve/serve-plan.ts");
        await readServePlan(file, io);
        io.out(`${file}: valid`);
        return;
      }
      const { startServe } = await import("../serve/start-serve.ts");
      const { createServeLog } = await import("../serve/serve-log.ts");
      const log = createServeLog(io.out);
      const running = await startServe(file, { io, log });
      await io.untilStopped();
      log.say("stopping");
      await running.stop();
      log.say("stopped");
    });
}

/** A reload is nothing to end a server for that reads its file just now, or drains. */
function ignoreHangups(): Disposable {
  const ignore = (): void => {};
  process.on("SIGHUP", ignore);
  return { [Symbol.dispose]: () => void process.off("SIGHUP", ignore) };
}
