/** Lifecycle events of the guest's page that the bridge reacts to. */

export interface PageLifeListener {
  /** The page returned from the back/forward cache with all its state, but maybe without a host. */
  readonly onRestored: () => void;
  /** The page is being unloaded. This is the last moment to notify the host. */
  readonly onLeaving: () => void;
}

/** @returns A function that stops watching. */
export function watchPage(
  { onRestored, onLeaving }: PageLifeListener,
  onMessage: (event: MessageEvent<unknown>) => void,
): () => void {
  const listeners = new AbortController();
  const { signal } = listeners;
  addEventListener("pageshow", (event) => void (event.persisted && onRestored()), { signal });
  addEventListener("pagehide", (event) => void (event.persisted || onLeaving()), { signal });
  addEventListener("message", onMessage, { signal });
  return () => listeners.abort();
}
