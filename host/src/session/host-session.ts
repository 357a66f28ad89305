/** The session as the host's page knows it. The issuer decides; this follows. */
import { BridgeError, type GuestSession } from "@breezeway/shared";
import type { SessionSummary } from "@breezeway/shared/schemas";
import { createStore, type Readable } from "@breezeway/shared/channel";
import type { TabMessage } from "../tabs/tabs.ts";
import type { IssuerClient } from "./issuer-client.ts";

export interface HostSession extends Readable<SessionSummary | null> {
  /** Settles when the issuer has answered for the first time, or could not be reached. Never rejects. */
  readonly ready: Promise<void>;
  /**
   * What the issuer has said: `undefined` until it has answered, when `current` is `null` though nobody
   * knows. While it cannot be reached it is asked again, after 2 s at first and every 30 s at last.
   */
  readonly answer: Readable<SessionSummary | null | undefined>;
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
  /**
   * The issuer has said that the session of this handle is over. Another that has taken its place
   * stays, and so does one that the issuer is about to tell of.
   */
  ended(handle: string): void;
  /** Asks the issuer without telling other tabs, which have heard of it already. */
  refetch(): Promise<SessionSummary | null>;
}

export interface HostSessionDeps {
  readonly client: IssuerClient;
  /** Tells the other tabs that this one has ended or changed the session. */
  readonly tell: (message: TabMessage) => void;
  /** Receives the reason when the first question was not answered. */
  readonly onFirstFailed: (error: unknown) => void;
}

export function createHostSession(deps: HostSessionDeps): HostSessionControl {
  const { client, tell, onFirstFailed } = deps;
  const answer = createStore<SessionSummary | null | undefined>(undefined);
  // An answer that was asked for before a later change must not undo it.
  let generation = 0;
  // Sessions that ended. An answer that was asked for before may be of the one that ended, or of its
  // successor: only the next answer tells.
  let endings = 0;
  // The question that was asked last, unless a sign-out has overtaken it.
  let latest: Promise<SessionSummary | null> | undefined;

  const current = (): SessionSummary | null => answer.current ?? null;

  const refetch = (): Promise<SessionSummary | null> => {
    generation += 1;
    latest = ask(generation);
    return latest;
  };

  const ask = async (mine: number): Promise<SessionSummary | null> => {
    let summary: SessionSummary | null;
    let heardOf: number;
    try {
      do {
        heardOf = endings;
        summary = await client.session();
      } while (heardOf !== endings && mine === generation);
    } catch (error) {
      if (mine === generation) throw error;
      return latest ?? current();
    }
    // Whoever waits for this answer wants what the later one says.
    if (mine !== generation) return latest ?? current();
    answer.set(summary);
    return current();
  };

  const reload = async (): Promise<SessionSummary | null> => {
    const before = identityOf(current());
    const summary = await refetch();
    if (identityOf(summary) !== before) tell({ type: "changed" });
    return summary;
  };

  const ready = refetch().then(() => undefined, onFirstFailed);

  return {
    get current() {
      return current();
    },
    subscribe(listener) {
      let last: SessionSummary | null | undefined;
      // The issuer's first word may be that nobody is signed in: no change to who listens here.
      return answer.subscribe((said = null) => {
        if (said !== last) listener((last = said));
      });
    },
    answer,
    ready,
    reload,
    refetch,
    ended(handle) {
      endings += 1;
      if (answer.current?.handle === handle) answer.set(null);
    },
    async signOut() {
      const handle = answer.current?.handle;
      generation += 1;
      latest = undefined;
      answer.set(null);
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

/** What guests are told of a session. Their tokens contain nothing less. */
export function guestSession(summary: SessionSummary | null): GuestSession | null {
  return summary && { userId: summary.userId, tenantId: summary.tenantId, handle: summary.handle };
}
