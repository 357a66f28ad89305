/**
 * Reports the height of an element whenever it changes.
 *
 * [FS-1] It reports at most once per animation frame, and has only one request in flight.
 * [FS-2] It never loops. A height that depends on the frame's own (`100vh`, a scrollbar that appears
 *        and disappears) changes again with each answer. After two such changes in a row only a change
 *        from another cause is reported.
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
  let echoes = 0;
  let observer: ResizeObserver | undefined;

  const stop = (): void => {
    observer?.disconnect();
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
  return stop;
}

/** The height with margins: a frame without room for them would scroll. */
function heightOf(element: HTMLElement): number {
  const { marginTop, marginBottom } = getComputedStyle(element);
  const { height } = element.getBoundingClientRect();
  return Math.ceil(height + Number.parseFloat(marginTop) + Number.parseFloat(marginBottom));
}
