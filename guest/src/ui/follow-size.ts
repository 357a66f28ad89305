/**
 * Reports the height of an element whenever it changes.
 *
 * [FS-1] It reports at most once per animation frame, and has only one request in flight.
 * [FS-2] It never loops. A height that depends on the frame's own (`100vh`, a scrollbar that appears
 *        and disappears) changes again with each answer. A height that exceeds the frame by as much as
 *        before is not reported, and after two other such changes in a row only a change from another
 *        cause is. The document has another cause when it changes in a task of its own, even while the frame
 *        changes, too.
 * [FS-3] It stops when the host refuses.
 * [FS-4] While the host is away, nothing is reported; the next change is.
 */
import { BridgeError } from "@breezeway/shared";
import type { Unsubscribe } from "@breezeway/shared/channel";

const MAX_ECHOES = 2;

/** Each may change the style of an element that is positioned absolutely, without a change of the document. */
const OCCASIONS = "change focusin focusout load mouseout mouseover transitionend animationend";

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
  let isAnswering = false;
  let hasOtherCause = false;
  let changes: MutationObserver | undefined;
  const following = new AbortController();

  const stop = (): void => {
    following.abort();
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
    // Measuring changes the body's style for a moment.
    changes?.takeRecords();
    const isEcho = window.innerHeight !== viewport && !hasOtherCause;
    hasOtherCause = false;
    viewport = window.innerHeight;
    if (heightPx === measured) return void (echoes = 0);
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

  changes = watchCauses(element, following.signal, {
    onDocument() {
      hasOtherCause ||= !isAnswering;
      schedule(measure);
    },
    // What the page does about its new height, it does in the task of the event.
    onFrame() {
      isAnswering = true;
      setTimeout(() => (isAnswering = false));
      // The frame's answer may come after the host's. Unseen, it would count as the cause of the next change.
      schedule(measure);
    },
    onOther: () => schedule(measure),
  });
  return stop;
}

interface Causes {
  readonly onDocument: () => void;
  readonly onFrame: () => void;
  readonly onOther: () => void;
}

/** Watches for all that may change the height of the element. */
function watchCauses(element: HTMLElement, signal: AbortSignal, causes: Causes): MutationObserver {
  const { onDocument, onFrame, onOther } = causes;
  const sizes = new ResizeObserver(onOther);
  sizes.observe(element);
  // An element that is positioned absolutely changes the size of no other.
  const changes = new MutationObserver(onDocument);
  changes.observe(element, {
    subtree: true,
    childList: true,
    attributes: true,
    characterData: true,
  });
  addEventListener("resize", onFrame, { signal, capture: true });
  for (const occasion of OCCASIONS.split(" ")) {
    addEventListener(occasion, onOther, { signal, capture: true });
  }
  signal.addEventListener("abort", () => {
    sizes.disconnect();
    changes.disconnect();
  });
  return changes;
}

function heightOf(element: HTMLElement): number {
  return Math.ceil(element === document.body ? pageHeight() : boxHeight(element));
}

/**
 * The height that the page needs: with collapsed margins, floats, absolutely positioned elements, and
 * content that overflows its box. Elements that are fixed to the frame do not count.
 */
function pageHeight(): number {
  const { body, documentElement: root } = document;
  const restore = [root, body].map(releaseHeight);
  const height = neededHeight(root, body);
  for (const undo of restore) undo();
  return height;
}

/**
 * Releases a height that is the frame's own, such as `100%` or `100vh`. In quirks mode, that is also what
 * `auto` means for these two elements.
 */
function releaseHeight({ style, offsetHeight }: HTMLElement): () => void {
  if (offsetHeight !== window.innerHeight) return () => undefined;
  const { height, minHeight } = style;
  style.height = "max-content";
  style.minHeight = "0";
  return () => Object.assign(style, { height, minHeight });
}

function neededHeight(root: HTMLElement, body: HTMLElement): number {
  const isQuirky = document.scrollingElement === body;
  const [scroller, content] = isQuirky ? [body, root] : [root, body];
  // The browser counts the content that does not fit in the frame.
  if (scroller.scrollHeight > scroller.clientHeight) return scroller.scrollHeight;
  // Content that fits does not show there: the scroller is never lower than the frame.
  const overflow = content.getBoundingClientRect().top + content.clientTop + content.scrollHeight;
  return Math.max(boxHeight(root), overflow, lowestEdge(body)) + window.scrollY;
}

interface Clip {
  /** Whether an element around clips what is in its flow. */
  readonly flow: boolean;
  /** Whether it also clips what is positioned absolutely. */
  readonly absolute: boolean;
}

/** The lowest edge of the absolutely positioned elements that no element around them clips. */
function lowestEdge(parent: ParentNode, clip: Clip = { flow: false, absolute: false }): number {
  let lowest = 0;
  for (const child of parent.children) {
    const { position, overflowY, transform } = getComputedStyle(child);
    const isAbsolute = position === "absolute";
    if (isAbsolute && !clip.absolute) {
      lowest = Math.max(lowest, child.getBoundingClientRect().bottom);
    }
    const flow = overflowY !== "visible" || (isAbsolute ? clip.absolute : clip.flow);
    const holdsAbsolute = position !== "static" || transform !== "none";
    const inner = { flow, absolute: holdsAbsolute ? flow : clip.absolute };
    if (position === "fixed" || (inner.flow && inner.absolute)) continue;
    lowest = Math.max(lowest, lowestEdge(child, inner));
    if (child.shadowRoot) lowest = Math.max(lowest, lowestEdge(child.shadowRoot, inner));
  }
  return lowest;
}

/** The height with margins: a frame without room for them would scroll. */
function boxHeight(element: HTMLElement): number {
  const { marginTop, marginBottom } = getComputedStyle(element);
  const { height } = element.getBoundingClientRect();
  return height + Number.parseFloat(marginTop) + Number.parseFloat(marginBottom);
}
