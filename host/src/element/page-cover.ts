/**
 * Covers the page for a moment after a dialog. The second click of a double click, a click that was meant
 * for a dialog that its app has just ended, and a key that is still held down must not reach the page
 * below. All `<breezeway-ui>` of a page share the cover.
 *
 * The ended dialog stays modal and invisible, which keeps pointer and focus away from the page. This file
 * decides how long, and stops the keys, which have no target meanwhile.
 */

/** Longer than a double click, and than the delay before a held key repeats: both mostly 500 ms. */
const COVER_MS = 600;

let uncovered: Promise<void> = Promise.resolve();

/** Resolves at once unless a dialog has just ended. */
export function pageUncovered(): Promise<void> {
  return uncovered;
}

/** @returns A promise that resolves when the user may use the page again. */
export function coverPage(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const listening = new AbortController();
  const end = (): void => {
    listening.abort();
    resolve();
  };
  let timer = setTimeout(end, COVER_MS);
  const onKey = (event: KeyboardEvent): void => {
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!event.repeat) return;
    clearTimeout(timer);
    timer = setTimeout(end, COVER_MS);
  };
  addEventListener("keydown", onKey, { capture: true, signal: listening.signal });
  uncovered = promise;
  return promise;
}
