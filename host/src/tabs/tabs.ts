/**
 * The other tabs of the same host. They share the session cookie, so they share the work: one tab mints
 * for all, one tab holds the event stream, and a sign-out in one tab signs out all.
 *
 * The messages contain tokens. They stay on the host's origin, where any page can mint tokens itself.
 */
import type { Unsubscribe } from "@breezeway/shared/channel";

export type TabMessage =
  /** A tab has minted a token for the session and tenant that `identity` names. */
  | {
      readonly type: "grant";
      readonly appId: string;
      readonly identity: string;
      readonly token: string;
      readonly expiresAt: number;
    }
  /** The session of this handle has ended. There may be another one by now. */
  | { readonly type: "ended"; readonly handle: string }
  /** Tenant or claims have changed: ask the issuer. */
  | { readonly type: "changed" }
  /** Apps of the tenant were installed or uninstalled. */
  | { readonly type: "installations" }
  /** The issuer's apps may have changed. */
  | { readonly type: "apps" };

export interface Tabs {
  post(message: TabMessage): void;
  subscribe(listener: (message: TabMessage) => void): Unsubscribe;
  /** Runs the work when no tab runs work of the same name, or after a bounded wait. */
  exclusively<T>(name: string, work: () => Promise<T>): Promise<T>;
  /**
   * Calls `start` when this tab becomes the leader of this duty, and the function that `start` has
   * returned when this tab stops being the leader.
   */
  lead(duty: string, start: () => Unsubscribe): Unsubscribe;
  close(): void;
}

/** {@link Tabs} of a runtime without other tabs. */
export function soloTabs(): Tabs {
  return {
    post: () => undefined,
    subscribe: () => () => undefined,
    exclusively: (_name, work) => work(),
    lead: (_duty, start) => start(),
    close: () => undefined,
  };
}
