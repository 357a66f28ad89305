/**
 * The other tabs of the same host. They share the session cookie, so they share the work: one tab
 * mints for all, one holds the event stream, and a sign-out in one is a sign-out in all.
 *
 * Everything here is same-origin: a page that can read these messages can mint by itself.
 */
import type { Unsubscribe } from "@breezeway/shared/channel";

export type TabMessage =
  /** A token was minted; `identity` says for which session. */
  | {
      readonly type: "grant";
      readonly appId: string;
      readonly identity: string;
      readonly token: string;
      readonly expiresAt: number;
    }
  /** The session of this handle is over; by now there may be another. */
  | { readonly type: "ended"; readonly handle: string }
  /** Tenant or claims are not what they were: ask the issuer. */
  | { readonly type: "changed" }
  /** Apps of the tenant were installed or uninstalled. */
  | { readonly type: "installations" };

export interface Tabs {
  post(message: TabMessage): void;
  subscribe(listener: (message: TabMessage) => void): Unsubscribe;
  /** Waits until no tab does work of this name, but not for ever, then does it. */
  exclusively<T>(name: string, work: () => Promise<T>): Promise<T>;
  /**
   * Calls `start` when this tab is the one that does this duty, and what `start` has returned when
   * it is so no more.
   */
  lead(duty: string, start: () => Unsubscribe): Unsubscribe;
  close(): void;
}

/** For a runtime without other tabs. */
export function soloTabs(): Tabs {
  return {
    post: () => undefined,
    subscribe: () => () => undefined,
    exclusively: (_name, work) => work(),
    lead: (_duty, start) => start(),
    close: () => undefined,
  };
}
