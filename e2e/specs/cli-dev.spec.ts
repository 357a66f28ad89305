/** `breezeway dev` with a guest on its own site and its own backend, as a developer runs them. */
import { AxeBuilder } from "@axe-core/playwright";
import type { FrameLocator, Page } from "@playwright/test";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundlePage } from "../support/bundle-page.ts";
import { expect, test as base } from "../support/demo.ts";
import { startDevCommand, type DevCommand } from "../support/dev-command.ts";
import { freeBasePort } from "../support/free-ports.ts";

interface Dev {
  readonly page: Page;
  readonly guest: FrameLocator;
  readonly command: DevCommand;
  /** Runs one expression in the guest and returns the text that the guest shows. */
  ask(id: "call" | "unknown" | "throw" | "fetch"): Promise<string>;
}

interface DevOptions {
  /** Path of the guest's page. */
  readonly devPath: string;
}

const METHODS = `export default {
  getCurrentCustomerId: () => "c-1042",
  explode() { throw new Error("no such customer"); },
};`;

const guestHtml = (hostOrigin: string): string => `<!doctype html>
  <html lang="en"><meta charset="utf-8" /><title>Orders</title>
  <script src="/breezeway.js" data-host-origins="${hostOrigin}"></script>
  <main><h1>Orders</h1><p id="user"></p><p id="theme"></p><p id="locale"></p><p id="context"></p><output></output></main>
  <script type="module">
    const show = (id, text) => { document.getElementById(id).textContent = text; };
    const bridge = await Breezeway.createAppBridge();
    bridge.session.subscribe((session) => show("user", session ? session.userId + "@" + session.tenantId : "nobody"));
    bridge.theme.subscribe(({ scheme }) => show("theme", scheme));
    bridge.locale.subscribe((locale) => show("locale", locale));
    bridge.context.subscribe((context) => show("context", JSON.stringify(context)));
    window.asks = {
      call: () => bridge.method.call("getCurrentCustomerId"),
      unknown: () => bridge.method.call("openCustomer", "7"),
      throw: () => bridge.method.call("explode"),
      fetch: async () => (await bridge.fetch("/orders")).text(),
    };
  </script></html>`;

const test = base.extend<DevOptions & { dev: Dev }>({
  devPath: ["/", { option: true }],
  dev: async ({ page, devPath }, use) => {
    const folder = await mkdtemp(join(tmpdir(), "breezeway-cli-dev-"));
    const methods = join(folder, "methods.mjs");
    await writeFile(methods, METHODS);
    const port = await freeBasePort();
    const hostOrigin = `http://localhost:${port}`;
    const guest = await serve(await guestSite(hostOrigin));
    const backend = await serve(backendOf(hostOrigin));
    const command = await startDevCommand(
      ...[`${guest.origin}${devPath}`, "--port", String(port), "--methods", methods],
      ...["--upstream", backend.origin, "--scope", "orders:read"],
    );
    await page.goto(command.url);
    const frame = page.frameLocator("iframe");
    await use({
      page,
      guest: frame,
      command,
      ask: (id) =>
        frame
          .locator("output")
          .evaluate(
            async (_output, name) =>
              (window as unknown as { asks: Record<string, () => Promise<string>> }).asks[
                name
              ]?.().catch((error: { code: string }) => error.code) ?? "",
            id,
          ),
    });
    expect(await command.interrupt()).toBe(0);
    for (const { server } of [guest, backend]) {
      server.close();
      server.closeAllConnections();
    }
    await rm(folder, { recursive: true });
  },
});

async function guestSite(hostOrigin: string): Promise<RequestListener> {
  const script = await bundlePage("../guest/src/script-tag.ts");
  return (request, response) => {
    if (request.url === "/breezeway.js") {
      response.setHeader("content-type", "text/javascript");
      response.end(script);
      return;
    }
    if (request.url === "/framed-by-nobody") response.setHeader("x-frame-options", "DENY");
    response.setHeader("content-type", "text/html");
    response.end(guestHtml(request.url === "/stranger" ? "https://shell.example" : hostOrigin));
  };
}

/** Trusts the token alone, as a backend without a gateway does. */
function backendOf(hostOrigin: string): RequestListener {
  const issuer = `${hostOrigin}/auth`;
  const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`));
  return (request, response) => {
    const token = request.headers.authorization?.replace("Bearer ", "") ?? "";
    jwtVerify(token, keys, { issuer }).then(
      ({ payload }) =>
        response.end(`${request.url} for ${payload.sub}, ${String(payload["scope"])}`),
      () => response.writeHead(401).end("not verified"),
    );
  };
}

async function serve(answer: RequestListener): Promise<{ server: Server; origin: string }> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const notices = (page: Page) => page.locator(".notices");
const row = (page: Page, name: string) => page.getByRole("row").filter({ hasText: name });

test("the page lists the connection, calls and backend requests of a guest", async ({ dev }) => {
  const { page, guest } = dev;
  await expect(guest.locator("#user")).toHaveText("alice@acme");
  await expect(page.getByRole("status").filter({ hasText: "Connected" })).toBeVisible();

  expect(await dev.ask("call")).toBe("c-1042");
  await expect(row(page, "getCurrentCustomerId")).toContainText("done");
  expect(await dev.ask("unknown")).toBe("CALL_METHOD_UNKNOWN");
  await expect(row(page, "openCustomer")).toContainText("openCustomer: () =>");
  expect(await dev.ask("throw")).toBe("CALL_FAILED");
  await expect(notices(page)).toContainText("no such customer");
  expect(await dev.ask("fetch")).toBe("/orders for alice, orders:read");
});

test("the guest receives each change that the developer makes in the bar", async ({ dev }) => {
  const { page, guest } = dev;
  const user = guest.locator("#user");
  await expect(user).toHaveText("alice@acme");
  await page.getByLabel("Tenant").selectOption("globex");
  await expect(user).toHaveText("alice@globex");
  await page.getByLabel("User").selectOption("bob");
  await expect(user).toHaveText("bob@globex");

  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(user).toHaveText("nobody");
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  await expect(page.getByRole("alert")).toHaveText("");
  await page.reload();
  await expect(user).toHaveText("nobody");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(user).toHaveText("alice@acme");
  await page.getByRole("button", { name: "Revoke session" }).click();
  await expect(user).toHaveText("nobody");

  await page.getByRole("button", { name: "Dark theme" }).click();
  await expect(guest.locator("#theme")).toHaveText("dark");
  await page.getByLabel("Locale").fill("pt-BR");
  await page.getByLabel("Locale").press("Enter");
  await expect(guest.locator("#locale")).toHaveText("pt-BR");
  await page.getByRole("button", { name: "Context" }).click();
  const context = page.getByRole("textbox", { name: "Context" });
  await context.fill("{");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByRole("dialog").getByRole("alert")).toContainText("JSON");
  await context.fill('{"customerId":"c-7"}');
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(guest.locator("#context")).toHaveText('{"customerId":"c-7"}');
  await page.getByRole("button", { name: "Reload app" }).click();
  await expect(page.getByRole("status").filter({ hasText: "Connected" })).toBeVisible();
  await expect(guest.locator("#context")).toHaveText('{"customerId":"c-7"}');
});

test("page and guest follow the system's colour scheme until the developer chooses a theme", async ({
  dev,
}) => {
  const { page, guest } = dev;
  const theme = guest.locator("#theme");
  const shows = async (scheme: string): Promise<void> => {
    await expect(theme).toHaveText(scheme);
    await expect(page.locator("html")).toHaveCSS("color-scheme", scheme);
  };
  await shows("light");
  await page.emulateMedia({ colorScheme: "dark" });
  await shows("dark");
  await page.emulateMedia({ colorScheme: "light" });
  await shows("light");
  await page.getByRole("button", { name: "Dark theme" }).click();
  await shows("dark");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.emulateMedia({ colorScheme: "light" });
  await shows("dark");
});

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(`in ${colorScheme}`, () => {
    test.use({ colorScheme, reducedMotion: "reduce" });

    test("the page has no accessibility violations with failed messages and an open dialog", async ({
      dev,
    }) => {
      const { page, guest } = dev;
      await expect(guest.locator("#user")).toHaveText("alice@acme");
      await dev.ask("call");
      await dev.ask("throw");
      await expect(notices(page)).toContainText("no such customer");
      const violations = async () =>
        (
          await new AxeBuilder({ page }).options({ resultTypes: ["violations"] }).analyze()
        ).violations.map(
          ({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(" | ")}`,
        );
      expect(await violations()).toEqual([]);
      await page.getByRole("button", { name: "Context" }).click();
      expect(await violations()).toEqual([]);
    });
  });
}

test.describe("with a page that forbids frames", () => {
  test.use({
    devPath: "/framed-by-nobody",
    expectedMessages: [/Refused to display .* because it set 'X-Frame-Options'/],
  });

  test("page and terminal name the blocking header and its replacement", async ({ dev }) => {
    const header = `Content-Security-Policy: frame-ancestors ${dev.command.url}`;
    await expect(notices(dev.page)).toContainText("X-Frame-Options: DENY");
    await expect(notices(dev.page)).toContainText(header);
    await expect.poll(() => dev.command.output).toContain(header);
  });
});

test.describe("with a page that names another host", () => {
  test.use({
    devPath: "/stranger",
    expectedMessages: [/No host answered within/],
    page: async ({ page }, use) => {
      await page.clock.install();
      await use(page);
    },
  });

  test("the page shows the line that the guest needs", async ({ dev }) => {
    await expect(dev.page.getByRole("status").filter({ hasText: "Connecting" })).toBeVisible();
    await dev.page.clock.runFor(11_000);
    await expect(notices(dev.page)).toContainText(
      `<meta name="breezeway-host-origins" content="${dev.command.url}" />`,
    );
  });
});
