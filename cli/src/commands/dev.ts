/** `breezeway dev`: a host for the app that is being written, with a real issuer and gateway. */
import { styleText } from "node:util";
import type { Command } from "commander";
import { readDevPlan, type DevFlags, type DevPlan } from "../dev/dev-plan.ts";
import { openBrowser } from "../dev/open-browser.ts";
import type { Finding } from "../dev/page-config.ts";
import type { DevHost } from "../dev/start-dev.ts";
import type { CliIo } from "../io.ts";
import { listed } from "../listed.ts";

export function registerDev(program: Command, io: CliIo): void {
  program
    .command("dev")
    .argument("<guest-url>", "where the app runs: http://127.0.0.1:5173")
    .description(
      "Show an app in a host on this machine: session, tokens, messages. For development",
    )
    .option("--manifest <file>", "the app's manifest; default: an app of the rights named here")
    .option("--port <port>", "of the host; the gateway takes the one after it; default: 4600")
    .option("--user <ids>", "who can sign in, with commas; default: alice,bob", listed)
    .option("--tenant <ids>", "tenants of each user, with commas; default: acme,globex", listed)
    .option("--scope <scopes>", "of the users, and of an app without a manifest", listed)
    .option("--capability <names>", "of an app without a manifest, with commas", listed)
    .option("--upstream <origin>", "your backend, reached by bridge.fetch through a gateway")
    .option("--methods <file>", "JavaScript module: methods of the host, as its default export")
    .option("--open", "open the host in the browser")
    .action(async (guestUrl: string, flags: DevFlags & { readonly open?: boolean }) => {
      const plan = await readDevPlan(guestUrl, flags);
      // Only who uses it loads issuer and gateway.
      const { startDev } = await import("../dev/start-dev.ts");
      await using host = await startDev(plan);
      for (const line of summary(plan, host)) io.out(line);
      if (flags.open) openBrowser(host.origin, () => io.err(`Open ${host.origin} yourself.`));
      void warn(host, io);
      await io.untilStopped();
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
  yield `${app.name} (${app.origin}) in a host: ${styleText("bold", origin)}`;
  yield "";
  yield `  in your page   <meta name="breezeway-host-origins" content="${origin}" />`;
  yield `  tokens         issuer ${issuerUrl}, audience ${app.id}`;
  yield `  keys           ${issuerUrl}/.well-known/jwks.json`;
  yield gatewayUrl === undefined
    ? "  gateway        none: bridge.fetch needs --upstream http://127.0.0.1:3000"
    : `  gateway        ${gatewayUrl} for ${upstream}`;
  yield "";
  yield "Ctrl-C ends it.";
}
