/** Helpers of the surface specs: they connect a guest to a host with surfaces and click for user activation. */
import type { Frame, Page } from "@playwright/test";
import type { BridgeFixture } from "./bridge.ts";
import { readyFrameOf } from "./frames.ts";

const RIGHTS = ["navigation:write", "toasts:show", "dialogs:show"];

export interface Opened {
  readonly page: Page;
  readonly frame: Frame;
}

export async function open(
  bridge: BridgeFixture,
  { capabilities = RIGHTS, app = "orders" } = {},
): Promise<Opened> {
  const page = await bridge.openHost({ hasSurfaces: true, capabilities });
  return { page, frame: await bridge.mount(page, { app }) };
}

/** Clicks in the frame, because dialogs require user activation. */
export async function click({ page, frame }: Opened): Promise<void> {
  const box = await (await frame.frameElement()).boundingBox();
  if (box) await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
}

/** Calls a method of the host and stores the outcome in `window.answer`. */
export async function start(
  frame: Frame,
  method: string,
  ...args: readonly unknown[]
): Promise<void> {
  await frame.evaluate(
    async ([name, given]) => {
      const { method: methods } = await window.bridge;
      Object.assign(window, {
        answer: methods.call(name, ...given).then(
          (value) => ({ value }),
          ({ code }) => ({ code }),
        ),
      });
    },
    [method, args] as const,
  );
}

export const answer = (frame: Frame): Promise<unknown> =>
  frame.evaluate(() => (window as { answer?: unknown }).answer);

export async function call(
  frame: Frame,
  method: string,
  ...args: readonly unknown[]
): Promise<unknown> {
  await start(frame, method, ...args);
  return answer(frame);
}

/** Clicks in the frame, then makes a call that requires user activation. */
export async function ask(
  opened: Opened,
  method: string,
  ...args: readonly unknown[]
): Promise<void> {
  await click(opened);
  await start(opened.frame, method, ...args);
}

/** The frame of the first match, when its guest is connected. */
export async function guestIn(page: Page, selector: string): Promise<Frame> {
  const frame = await readyFrameOf(page.locator(selector));
  await frame.evaluate(() => window.bridge);
  return frame;
}

export const modalFrame = (page: Page): Promise<Frame> => guestIn(page, "dialog iframe");
