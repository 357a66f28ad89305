/** The session as the host's page knows it. The issuer decides; this follows. */
import { BridgeError } from "@breezeway/shared";
import type { SessionSummary } from "@breezeway/shared/schemas";
import { createStore, type Readable } from "@breezeway/shared/channel";
import type { IssuerClient } from "./issuer-client.ts";

export interface HostSession extends Readable<SessionSummary | null> {
  /** Settles when the issuer has answered for the first time, or could not be reached. Never rejects. */
  readonly ready: Promise<void>;
  /**
   * Asks the issuer again; call it after a sign-in.
   *
   * @throws {BridgeError} OFFLINE; the session stays as it was.
   */
  reload(): Promise<SessionSummary | null>;
  /**
   * Ends the session at the issuer, in every guest and in every tab. The guests are signed out at
   * once, also when the issuer cannot be reached.
   *
   * @throws {BridgeError} OFFLINE, DENIED
   */
  signOut(): Promise<void>;
  /** @throws {BridgeError} DENIED (not a tenant of this user), SIGNED_OUT, OFFLINE */
  switchTenant(tenantId: string): Promise<void>;
}

export interface HostSessionControl extends HostSession {
  /** The issuer has answered, so `current` says something. */
  readonly isKnown: boolean;
  /** The issuer has said that the session is over. */
  ended(): void;
  /** Asks the issuer without telling other tabs, which have heard of it already. */
  refetch(): Promise<SessionSummary | null>;
}

/**
 * @param tell called when this tab has ended or changed the session, for the other tabs
 * @param onFirstFailed told why the first question was not answered
 */
export function createHostSession(
  client: IssuerClient,
  tell: (what: "ended" | "changed") => void,
  onFirstFailed: (error: unknown) => void,
): HostSessionControl {
  const store = createStore<SessionSummary | null>(null);
  let isKnown = false;
  // An answer that was asked for before a later change must not undo it.
  let generation = 0;

  const ended = (): void => {
    generation += 1;
    isKnown = true;
    store.set(null);
  };

  const refetch = async (): Promise<SessionSummary | null> => {
    generation += 1;
    const mine = generation;
    const summary = await client.session();
    if (mine === generation) {
      isKnown = true;
      store.set(summary);
    }
    return store.current;
  };

  const reload = async (): Promise<SessionSummary | null> => {
    const before = identityOf(store.current);
    const summary = await refetch();
    if (identityOf(summary) !== before) tell("changed");
    return summary;
  };

  const ready = refetch().then(() => undefined, onFirstFailed);

  return {
    get current() {
      return store.current;
    },
    get isKnown() {
      return isKnown;
    },
    subscribe: store.subscribe,
    ready,
    reload,
    refetch,
    ended,
    async signOut() {
      ended();
      try {
        await client.signOut();
      } catch (error) {
        // Signed out is what was wanted.
        if (!(BridgeError.is(error) && error.code === "SIGNED_OUT")) throw error;
      } finally {
        tell("ended");
      }
    },
    async switchTenant(tenantId) {
      await client.switchTenant(tenantId);
      await reload();
    },
  };
}

/** Names a session in one tenant: tokens and kept events belong to it and to no other. */
export function identityOf(summary: SessionSummary | null): string {
  return summary ? `${summary.handle} ${summary.tenantId}` : "";
}
