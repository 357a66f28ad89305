/**
 * Reports the height of an element whenever it changes.
 *
 * [FS-1] It reports at most once per animation frame, and has only one request in flight.
 * [FS-2] It never loops. A height that depends on the frame's own (`100vh`, a scrollbar that appears
 *        and disappears) changes again with each answer. A height that exceeds the frame by as much as
 *        before is not reported, and after two other such changes in a row only a change from another
 *        cause is.
 * [FS-3] It stops when the host refuses.
 * [FS-4] While the host is away, nothing is reported; the next change is.
 */
import { BridgeError } from "@breezeway/shared";
import type { Unsubscribe } from "@breezeway/shared/channel";

const MAX_ECHOES = 2;

/** @param report Rejects when the host keeps the height as it is. */
export function followSize(
  element: HTMLElement,
  report: (heightPx: number) => Promise<unknown>,
): Unsubscribe {
  let frame = 0;
  let isReporting = false;
  let measured: number | undefined;
  let viewport = window.innerHeight;
  let excess: number | undefined;
  let echoes = 0;
  let observer: ResizeObserver | undefined;
  let changes: MutationObserver | undefined;

  const stop = (): void => {
    observer?.disconnect();
    changes?.disconnect();
    cancelAnimationFrame(frame);
    isReporting = true;
  };

  const failed = (error: unknown): void => {
    if (!BridgeError.is(error) || !error.retryable) return stop();
    isReporting = false;
    measured = undefined;
  };

  const schedule = (run: () => void): void => {
    if (frame === 0) frame = requestAnimationFrame(run);
  };

  const measure = (): void => {
    frame = 0;
    if (isReporting) return;
    const heightPx = heightOf(element);
    const isEcho = window.innerHeight !== viewport;
    viewport = window.innerHeight;
    if (heightPx === measured) return;
    measured = heightPx;
    const isCarried = isEcho && heightPx > viewport && heightPx - viewport === excess;
    excess = heightPx - viewport;
    if (isCarried) return;
    echoes = isEcho ? echoes + 1 : 0;
    if (echoes > MAX_ECHOES) return;
    isReporting = true;
    report(heightPx).then(() => {
      isReporting = false;
      schedule(measure);
    }, failed);
  };

  observer = new ResizeObserver(() => schedule(measure));
  observer.observe(element);
  // An element that is positioned absolutely changes the size of no other.
  changes = new MutationObserver(() => schedule(measure));
  changes.observe(element, {
    subtree: true,
    childList: true,
    attributes: true,
    characterData: true,
  });
  return stop;
}

function heightOf(element: HTMLElement): number {
  return Math.ceil(element === document.body ? pageHeight() : boxHeight(element));
}

/** The height that the page needs, with collapsed margins, floats and absolutely positioned elements. */
function pageHeight(): number {
  const { body, documentElement: root } = document;
  // The browser counts the content that does not fit in the frame.
  if (root.scrollHeight > root.clientHeight) return root.scrollHeight;
  return Math.max(contentHeight(root), lowestEdge(body) + window.scrollY);
}

/** The height of the root without a height that the page gives it, such as the frame's own (`100%`). */
function contentHeight(root: HTMLElement): number {
  const { style } = root;
  const { height, minHeight } = style;
  style.height = "auto";
  style.minHeight = "0";
  const content = root.getBoundingClientRect().height;
  style.height = height;
  style.minHeight = minHeight;
  return content;
}

/** The lowest edge of the absolutely positioned elements that no element around them clips. */
function lowestEdge(body: HTMLElement): number {
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_ELEMENT, ({ parentElement }) =>
    !parentElement ||
    parentElement === body ||
    getComputedStyle(parentElement).overflowY === "visible"
      ? NodeFilter.FILTER_ACCEPT
      : NodeFilter.FILTER_REJECT,
  );
  let lowest = 0;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node as Element;
    if (getComputedStyle(element).position !== "absolute") continue;
    lowest = Math.max(lowest, element.getBoundingClientRect().bottom);
  }
  return lowest;
}

/** The height with margins: a frame without room for them would scroll. */
function boxHeight(element: HTMLElement): number {
  const { marginTop, marginBottom } = getComputedStyle(element);
  const { height } = element.getBoundingClientRect();
  return height + Number.parseFloat(marginTop) + Number.parseFloat(marginBottom);
}
