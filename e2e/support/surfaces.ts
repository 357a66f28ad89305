/** What the specs of the surfaces share: a guest in a host that has them, and a person who clicks. */
import type { Frame, Page } from "@playwright/test";
import type { BridgeFixture } from "./bridge.ts";

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

/** A person clicks in the frame: without that, no dialog. */
export async function click({ page, frame }: Opened): Promise<void> {
  const box = await (await frame.frameElement()).boundingBox();
  if (box) await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
}

/** Calls a method of the host, and leaves what comes of it in `window.answer`. */
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

/** A click in the frame, and then the call that needs one. */
export async function ask(
  opened: Opened,
  method: string,
  ...args: readonly unknown[]
): Promise<void> {
  await click(opened);
  await start(opened.frame, method, ...args);
}

/** The guest in the first frame that fits, once it is connected. */
export async function guestIn(page: Page, selector: string): Promise<Frame> {
  const element = await page.locator(selector).elementHandle();
  const frame = await element?.contentFrame();
  if (!frame) throw new Error(`${selector} is no frame`);
  await frame.waitForFunction(() => "breezeway" in window);
  await frame.evaluate(() => window.bridge);
  return frame;
}

export const modalFrame = (page: Page): Promise<Frame> => guestIn(page, "dialog iframe");
