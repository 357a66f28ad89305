/** Events in the life of the guest's page that the bridge must know of. */

export interface PageLifeListener {
  /** The page came back from the back/forward cache, with all its state but maybe without a host. */
  readonly onRestored: () => void;
  /** The page goes for good: the last moment to tell the host. */
  readonly onLeaving: () => void;
}

/** @returns a function that stops watching */
export function watchPage({ onRestored, onLeaving }: PageLifeListener): () => void {
  const listeners = new AbortController();
  const { signal } = listeners;
  addEventListener("pageshow", (event) => void (event.persisted && onRestored()), { signal });
  addEventListener("pagehide", (event) => void (event.persisted || onLeaving()), { signal });
  return () => listeners.abort();
}
