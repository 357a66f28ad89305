/** Finds the frames of apps, and waits for what their scripts set up. */
import type { Frame, Locator, Page } from "@playwright/test";

/** Milliseconds. Chromium runs no animation frames in a frame below the visible part of its page. */
const polling = 20;

/** The frame of an element, or the last frame of the page. */
export async function frameOf(where: Page | Locator): Promise<Frame> {
  const element = "goto" in where ? where.locator("iframe").last() : where;
  const frame = await (await element.elementHandle())?.contentFrame();
  if (!frame) throw new Error("Expected the element to contain a frame.");
  return frame;
}

export async function waitInFrame(frame: Frame, isReady: () => boolean): Promise<void> {
  await frame.waitForFunction(isReady, undefined, { polling });
}

/** As {@link frameOf}, when the script of the page in the frame has run. */
export async function readyFrameOf(where: Page | Locator): Promise<Frame> {
  const frame = await frameOf(where);
  await waitInFrame(frame, () => "breezeway" in window);
  return frame;
}
