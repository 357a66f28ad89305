/** The session as the host's page knows it. The issuer decides; this follows. */
import type { SessionSummary } from "@breezeway/shared/schemas";
import { createStore, type Readable } from "@breezeway/shared/channel";
import { BridgeError } from "@breezeway/shared";
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
   * Ends the session at the issuer and in every guest. The guests are signed out at once, also when
   * the issuer cannot be reached.
   *
   * @throws {BridgeError} OFFLINE, DENIED
   */
  signOut(): Promise<void>;
  /** @throws {BridgeError} DENIED (not a tenant of this user), SIGNED_OUT, OFFLINE */
  switchTenant(tenantId: string): Promise<void>;
}

export interface HostSessionControl extends HostSession {
  /** The issuer has said that the session is over. */
  ended(): void;
}

export function createHostSession(client: IssuerClient): HostSessionControl {
  const store = createStore<SessionSummary | null>(null);
  // An answer that was asked for before a later change must not undo it.
  let generation = 0;

  const ended = (): void => {
    generation += 1;
    store.set(null);
  };

  const reload = async (): Promise<SessionSummary | null> => {
    generation += 1;
    const mine = generation;
    const summary = await client.session();
    if (mine === generation) store.set(summary);
    return store.current;
  };

  const ready = reload().then(
    () => undefined,
    () => undefined,
  );

  return {
    get current() {
      return store.current;
    },
    subscribe: store.subscribe,
    ready,
    reload,
    ended,
    async signOut() {
      ended();
      try {
        await client.signOut();
      } catch (error) {
        // Signed out is what was wanted.
        if (!(BridgeError.is(error) && error.code === "SIGNED_OUT")) throw error;
      }
    },
    async switchTenant(tenantId) {
      await client.switchTenant(tenantId);
      await reload();
    },
  };
}
