/** Whether the page is visible. Hidden pages renew nothing ahead of time. */
import type { Unsubscribe } from "@breezeway/shared/channel";

export interface Visibility {
  readonly isVisible: boolean;
  /**
   * Calls the listener when the page becomes visible, comes out of the back/forward cache or is online
   * again.
   */
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
      const notify = (): void => {
        if (document.visibilityState === "visible") listener();
      };
      document.addEventListener("visibilitychange", notify, { signal });
      addEventListener("pageshow", (event) => void (event.persisted && notify()), { signal });
      addEventListener("online", notify, { signal });
      return () => life.abort();
    },
  };
}
