/**
 * Playwright's `test` with a fixture that embeds an app in a host.
 *
 * @example
 * test("shows the customer", async ({ embed }) => {
 *   const app = await embed("http://127.0.0.1:5173/");
 *   await expect(app.frame.getByRole("heading")).toHaveText("Orders");
 * });
 */
import {
  test as base,
  type PlaywrightTestArgs,
  type PlaywrightTestOptions,
  type PlaywrightWorkerArgs,
  type PlaywrightWorkerOptions,
  type TestType,
} from "@playwright/test";
import { openEmbed } from "./embed.ts";
import type { Embed } from "./types.ts";

export interface BreezewayFixtures {
  /**
   * Opens a host page with the app in it. The first one opens in `page`, each further one in a new
   * page. All are closed at the end of the test.
   */
  readonly embed: Embed;
}

export interface BreezewayOptions {
  /**
   * Port of the host. An app with its own server must list the host's origin, `http://localhost:<port>`,
   * in its `hostOrigins`. Default 0: any free port.
   */
  readonly hostPort: number;
}

export const test: TestType<
  PlaywrightTestArgs & PlaywrightTestOptions & BreezewayFixtures & BreezewayOptions,
  PlaywrightWorkerArgs & PlaywrightWorkerOptions
> = base.extend<BreezewayFixtures & BreezewayOptions>({
  hostPort: [0, { option: true }],
  embed: async ({ page, context, hostPort }, use) => {
    const open: { close(): Promise<void> }[] = [];
    const embed: Embed = async (guest, options = {}) => {
      const target = open.length === 0 ? page : await context.newPage();
      const opened = await openEmbed(guest, options, { page: target, hostPort });
      open.push(opened);
      return opened.app;
    };
    await use(embed);
    for (const opened of open) await opened.close();
  },
});

export { expect } from "@playwright/test";
export type {
  Embed,
  EmbeddedApp,
  EmbedMethods,
  EmbedOptions,
  HtmlGuest,
  SignedInUser,
} from "./types.ts";
