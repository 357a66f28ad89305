/**
 * Tells the height of an element whenever it changes.
 *
 * [FS-1] At most once per frame, and only one request at a time.
 * [FS-2] It never loops. A height that follows the frame's own (`100vh`, a scrollbar that comes and
 *        goes) changes again with each answer; after two such in a row only another change counts.
 * [FS-3] Where the host refuses, it is left alone.
 * [FS-4] When the host is away for a moment, the next change tells it.
 */
import { BridgeError } from "@breezeway/shared";
import type { Unsubscribe } from "@breezeway/shared/channel";

const MAX_ECHOES = 2;

/** @param tell rejects when the host keeps the height as it is */
export function followSize(
  element: HTMLElement,
  tell: (heightPx: number) => Promise<unknown>,
): Unsubscribe {
  let frame = 0;
  let isTelling = false;
  let measured: number | undefined;
  let viewport = window.innerHeight;
  let echoes = 0;

  const measure = (): void => {
    frame = 0;
    if (isTelling) return;
    const heightPx = heightOf(element);
    const isEcho = window.innerHeight !== viewport;
    viewport = window.innerHeight;
    if (heightPx === measured) return;
    measured = heightPx;
    echoes = isEcho ? echoes + 1 : 0;
    if (echoes > MAX_ECHOES) return;
    isTelling = true;
    tell(heightPx).then(() => {
      isTelling = false;
      schedule();
    }, failed);
  };

  const failed = (error: unknown): void => {
    if (!BridgeError.is(error) || !error.retryable) return stop();
    isTelling = false;
    measured = undefined;
  };

  const schedule = (): void => {
    if (frame === 0) frame = requestAnimationFrame(measure);
  };

  const stop = (): void => {
    observer.disconnect();
    cancelAnimationFrame(frame);
    isTelling = true;
  };

  const observer = new ResizeObserver(schedule);
  observer.observe(element);
  return stop;
}

/** With its margins: a frame that is too short by them would scroll. */
function heightOf(element: HTMLElement): number {
  const { marginTop, marginBottom } = getComputedStyle(element);
  const { height } = element.getBoundingClientRect();
  return Math.ceil(height + Number.parseFloat(marginTop) + Number.parseFloat(marginBottom));
}
