/** `breezeway serve`: runs issuer and gateway in one process, from one file. */
import type { Command } from "commander";
import type { CliIo } from "../io.ts";

const HELP = `
Signals:
  SIGHUP           reloads apps, routes, cors, hostOrigins and removeHeaders from the file;
                   changes of other fields need a restart
  SIGTERM, SIGINT  serves for another 5 s (shutdown.drainDelayMs), finishes open requests and
                   exits with 0; a second signal exits at once

Guide: https://github.com/breezeway-bridge/breezeway/blob/main/docs/guides/serve.md`;

export function registerServe(program: Command, io: CliIo): void {
  program
    .command("serve")
    .argument("[config]", "JSON file that configures issuer, gateway and apps", "breezeway.json")
    .description("Run issuer and gateway in one process, with SQLite or Postgres as store")
    .option("--check", "check the file, its manifests, secrets and hooks, and exit")
    .addHelpText("after", HELP)
    .action(async (file: string, { check }: { readonly check?: boolean }) => {
      using _hangups = ignoreHangups();
      // Other commands need not load issuer and gateway.
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
      const stopped = io.untilStopped();
      running.logAddresses();
      await stopped;
      log.event("stopping", running.shutdown);
      await running.stop();
      log.event("stopped");
    });
}

/** Without a handler SIGHUP would end a server that is still starting or already draining. */
function ignoreHangups(): Disposable {
  const ignore = (): void => {};
  process.on("SIGHUP", ignore);
  return { [Symbol.dispose]: () => void process.off("SIGHUP", ignore) };
}
