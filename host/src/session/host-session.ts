/** The session as the host's page knows it. The issuer decides; this follows. */
import { BridgeError } from "@breezeway/shared";
import type { SessionSummary } from "@breezeway/shared/schemas";
import { createStore, type Readable } from "@breezeway/shared/channel";
import type { TabMessage } from "../tabs/tabs.ts";
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
  /**
   * Once it has settled, `current` is of that tenant.
   *
   * @throws {BridgeError} DENIED (not a tenant of this user), SIGNED_OUT, OFFLINE
   */
  switchTenant(tenantId: string): Promise<void>;
}

export interface HostSessionControl extends HostSession {
  /** The issuer has answered, so `current` says something. */
  readonly isKnown: boolean;
  /**
   * The issuer has said that the session of this handle is over. Another that has taken its place
   * stays, and so does one that the issuer is about to tell of.
   */
  ended(handle: string): void;
  /** Asks the issuer without telling other tabs, which have heard of it already. */
  refetch(): Promise<SessionSummary | null>;
}

/**
 * @param tell the other tabs, when this one has ended or changed the session
 * @param onFirstFailed told why the first question was not answered
 */
export function createHostSession(
  client: IssuerClient,
  tell: (message: TabMessage) => void,
  onFirstFailed: (error: unknown) => void,
): HostSessionControl {
  const store = createStore<SessionSummary | null>(null);
  let isKnown = false;
  // An answer that was asked for before a later change must not undo it.
  let generation = 0;
  // Sessions that ended. An answer that was asked for before may be of the one that ended, or of its
  // successor: only the next answer tells.
  let endings = 0;
  // The question that was asked last, unless a sign-out has overtaken it.
  let latest: Promise<SessionSummary | null> | undefined;

  const refetch = (): Promise<SessionSummary | null> => {
    generation += 1;
    latest = ask(generation);
    return latest;
  };

  const ask = async (mine: number): Promise<SessionSummary | null> => {
    let summary: SessionSummary | null;
    let heardOf: number;
    do {
      heardOf = endings;
      summary = await client.session();
    } while (heardOf !== endings && mine === generation);
    // Whoever waits for this answer wants what the later one says.
    if (mine !== generation) return latest ?? store.current;
    isKnown = true;
    store.set(summary);
    return store.current;
  };

  const reload = async (): Promise<SessionSummary | null> => {
    const before = identityOf(store.current);
    const summary = await refetch();
    if (identityOf(summary) !== before) tell({ type: "changed" });
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
    ended(handle) {
      endings += 1;
      if (store.current?.handle === handle) store.set(null);
    },
    async signOut() {
      const handle = store.current?.handle;
      generation += 1;
      latest = undefined;
      isKnown = true;
      store.set(null);
      try {
        await client.signOut();
      } catch (error) {
        // Signed out is what was wanted.
        if (!(BridgeError.is(error) && error.code === "SIGNED_OUT")) throw error;
      } finally {
        tell(handle === undefined ? { type: "changed" } : { type: "ended", handle });
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
