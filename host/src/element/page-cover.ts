/**
 * After a dialog the page stays covered for a moment. Neither the second click of a double click, nor one
 * that was meant for a dialog that its app has just ended, nor a key that is still held down, may reach
 * what was below. All `<breezeway-ui>` of a page share the cover.
 *
 * The dialog itself keeps the pointer and the focus away from the page: it stays modal, and unseen. What
 * is here is how long, and the keys, which have no element to go to meanwhile.
 */

/** Longer than a double click takes and than a held key waits before it repeats: mostly half a second. */
const COVER_MS = 600;

let uncovered: Promise<void> = Promise.resolve();

/** Resolves at once unless a dialog has just ended. */
export function pageUncovered(): Promise<void> {
  return uncovered;
}

/** @returns resolves when the person may use the page again */
export function coverPage(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = (): void => {
    removeEventListener("keydown", onKey, true);
    resolve();
  };
  const onKey = (event: KeyboardEvent): void => {
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!event.repeat) return;
    clearTimeout(timer);
    timer = setTimeout(end, COVER_MS);
  };
  let timer = setTimeout(end, COVER_MS);
  addEventListener("keydown", onKey, true);
  uncovered = promise;
  return promise;
}
