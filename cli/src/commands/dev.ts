/** `breezeway dev`: a host page for an app in development, with a real issuer and gateway. */
import { styleText } from "node:util";
import type { Command } from "commander";
import { readDevPlan, type DevFlags, type DevPlan } from "../dev/dev-plan.ts";
import { openBrowser } from "../dev/open-browser.ts";
import type { Finding } from "../dev/page-config.ts";
import type { DevHost } from "../dev/start-dev.ts";
import type { CliIo } from "../io.ts";
import { listed } from "../flags.ts";

const HELP = `
Everybody on this machine can sign in without a password. Use it only for development.

Guide: https://github.com/breezeway-bridge/breezeway/blob/main/docs/guides/first-guest-app.md`;

export function registerDev(program: Command, io: CliIo): void {
  program
    .command("dev")
    .argument("<guest-url>", "URL of the running app, such as http://127.0.0.1:5173")
    .description(
      "Show your app in a host page on this machine, with sessions, tokens and a message log",
    )
    .option("--manifest <file>", "manifest of the app; replaces --capability")
    .option("--port <port>", "port of the host page; the gateway uses the next one (default: 4600)")
    .option(
      "--user <ids>",
      "users who can sign in, separated by commas (default: alice,bob)",
      listed,
    )
    .option(
      "--tenant <ids>",
      "tenants of every user, separated by commas (default: acme,globex)",
      listed,
    )
    .option("--scope <scopes>", "scopes of every user, and of an app without a manifest", listed)
    .option("--capability <names>", "capabilities of an app without a manifest", listed)
    .option("--upstream <origin>", "your backend; starts a gateway that bridge.fetch uses")
    .option("--methods <file>", "JavaScript module whose default export holds the host's methods")
    .option("--open", "open the host page in the browser")
    .addHelpText("after", HELP)
    .action(async (guestUrl: string, flags: DevFlags & { readonly open?: boolean }) => {
      const plan = await readDevPlan(guestUrl, flags);
      // Other commands need not load issuer and gateway.
      const { startDev } = await import("../dev/start-dev.ts");
      await using host = await startDev(plan);
      // Before the summary: a program that waits for it may stop this one at once.
      const stopped = io.untilStopped();
      for (const line of summary(plan, host)) io.out(line);
      if (flags.open)
        openBrowser(host.origin, () =>
          io.err(`No browser was found. Open ${host.origin} yourself.`),
        );
      void warn(host, io);
      await stopped;
    });
}

async function warn(host: DevHost, io: CliIo): Promise<void> {
  for (const finding of await host.inspect()) for (const line of lines(finding)) io.err(line);
}

function* lines({ title, hint, code }: Finding): Generator<string> {
  yield styleText("yellow", `! ${title}`);
  yield `  ${hint}`;
  if (code !== undefined) yield `  ${code}`;
}

function* summary({ app, upstream }: DevPlan, host: DevHost): Generator<string> {
  const { origin, issuerUrl, gatewayUrl } = host;
  yield `Host page of ${app.name} (${app.origin}): ${styleText("bold", origin)}`;
  yield "";
  yield `  trust the host <meta name="breezeway-host-origins" content="${origin}" />`;
  yield `  tokens         issuer ${issuerUrl}, audience ${app.id}`;
  yield `  keys           ${issuerUrl}/.well-known/jwks.json`;
  yield gatewayUrl === undefined
    ? "  gateway        none; bridge.fetch needs --upstream http://127.0.0.1:3000"
    : `  gateway        ${gatewayUrl} for ${upstream}`;
  yield "";
  yield "Press Ctrl-C to stop.";
}
