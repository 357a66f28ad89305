/** Whether anybody can see the page. Hidden pages do nothing ahead of time. */
import type { Unsubscribe } from "@breezeway/shared/channel";

export interface Visibility {
  readonly isVisible: boolean;
  /** The page has come into view, or out of the back/forward cache. */
  onVisible(listener: () => void): Unsubscribe;
}

export function pageVisibility(): Visibility {
  return {
    get isVisible() {
      return document.visibilityState === "visible";
    },
    onVisible(listener) {
      const life = new AbortController();
      const { signal } = life;
      const tell = (): void => {
        if (document.visibilityState === "visible") listener();
      };
      document.addEventListener("visibilitychange", tell, { signal });
      addEventListener("pageshow", (event) => void (event.persisted && tell()), { signal });
      addEventListener("online", tell, { signal });
      return () => life.abort();
    },
  };
}
