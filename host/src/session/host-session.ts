/** The session as the host's page knows it. The issuer decides; the host follows. */
import { decodeSessionToken, type GuestSession } from "@breezeway/shared";
import type { SessionSummary } from "@breezeway/shared/schemas";
import { createStore, type Readable } from "@breezeway/shared/channel";
import type { TabMessage } from "../tabs/tabs.ts";
import type { IssuerClient } from "./issuer-client.ts";
import { createSessionDevices, type SessionDevices } from "./session-devices.ts";
import type { SignOuts } from "./sign-outs.ts";

export interface HostSession extends Readable<SessionSummary | null>, SessionDevices {
  /** Settles when the issuer has answered for the first time, or could not be reached. Never rejects. */
  readonly ready: Promise<void>;
  /**
   * The issuer's last answer. `undefined` until the first one; `current` is `null` then, although the
   * issuer may know of a session. While the issuer cannot be reached, the host retries: after
   * 2 seconds at first, then with a backoff of up to 30 seconds.
   */
  readonly answer: Readable<SessionSummary | null | undefined>;
  /**
   * Asks the issuer again. Call it after a sign-in.
   *
   * @throws {BridgeError} OFFLINE; the session stays as it was.
   */
  reload(): Promise<SessionSummary | null>;
  /**
   * Ends the session at the issuer, in every guest and in every tab. Guests are signed out at once,
   * even when the issuer cannot be reached. Then the host retries, after 2 seconds at first and with a
   * backoff of up to 30 seconds, and does not show the session again, also after a reload of the page.
   *
   * @throws {BridgeError} OFFLINE: the issuer could not end the session, and the host retries; DENIED
   */
  signOut(): Promise<void>;
  /**
   * Switches the session to another tenant. `current` has that tenant once the promise has settled.
   *
   * @throws {BridgeError} DENIED, when the tenant is not one of the user's; SIGNED_OUT, OFFLINE
   */
  switchTenant(tenantId: string): Promise<void>;
}

export interface HostSessionControl extends HostSession {
  /**
   * Ends the session of this handle, as the issuer has reported. A session with another handle stays,
   * including one that the issuer is about to answer with.
   */
  ended(handle: string): void;
  /** Asks the issuer without notifying other tabs, which know of the change already. */
  refetch(): Promise<SessionSummary | null>;
}

export interface HostSessionDeps {
  readonly client: IssuerClient;
  readonly signOuts: Pick<SignOuts, "isEnded" | "end" | "forgetUnknown">;
  /** Notifies the other tabs that this one has ended or changed the session. */
  readonly tell: (message: TabMessage) => void;
  /** Receives the reason when the first question got no answer. */
  readonly onFirstFailed: (error: unknown) => void;
}

export function createHostSession(deps: HostSessionDeps): HostSessionControl {
  const { client, signOuts, tell } = deps;
  const asking = createSessionQuestions(deps);
  const { answer, refetch } = asking;

  const reload = async (): Promise<SessionSummary | null> => {
    signOuts.forgetUnknown();
    const before = identityOf(answer.current ?? null);
    const summary = await refetch();
    if (identityOf(summary) !== before) tell({ type: "changed" });
    return summary;
  };

  const ready = refetch().then(() => undefined, deps.onFirstFailed);

  return {
    get current() {
      return answer.current ?? null;
    },
    subscribe(listener) {
      let last: SessionSummary | null | undefined;
      // The first answer may be that nobody is signed in, which does not change anything for listeners here.
      return answer.subscribe((summary = null) => {
        if (summary !== last) listener((last = summary));
      });
    },
    answer,
    ready,
    reload,
    refetch,
    ended: (handle) => asking.ended(handle),
    async signOut() {
      const handle = answer.current?.handle;
      asking.overrule(null);
      try {
        await signOuts.end(handle);
      } finally {
        tell(handle === undefined ? { type: "changed" } : { type: "ended", handle });
      }
    },
    async switchTenant(tenantId) {
      await client.switchTenant(tenantId);
      await reload();
    },
    ...createSessionDevices(client),
  };
}

interface SessionQuestions {
  readonly answer: Readable<SessionSummary | null | undefined>;
  readonly refetch: () => Promise<SessionSummary | null>;
  ended(handle: string): void;
  /** Sets the answer. Answers to earlier questions are discarded. */
  overrule(summary: SessionSummary | null): void;
}

/** Asks who is signed in, and keeps the order: a late answer never undoes a later change. */
function createSessionQuestions({
  client,
  signOuts,
}: Pick<HostSessionDeps, "client" | "signOuts">): SessionQuestions {
  const answer = createStore<SessionSummary | null | undefined>(undefined);
  const state = {
    /** Counts questions and sign-outs. */
    generation: 0,
    /**
     * Counts ended sessions. An answer to an earlier question may describe the ended session or its
     * successor; only the next answer is certain.
     */
    endings: 0,
    /** The latest question, unless a sign-out has overtaken it. */
    latest: undefined as Promise<SessionSummary | null> | undefined,
  };

  const ask = async (generation: number): Promise<SessionSummary | null> => {
    // A caller of an overtaken question wants what the later one answers.
    const overtaken = (): Promise<SessionSummary | null> | SessionSummary | null =>
      state.latest ?? answer.current ?? null;
    let summary: SessionSummary | null;
    let endings: number;
    try {
      do {
        endings = state.endings;
        const told = await client.session();
        // The issuer may not know that the user has signed out.
        summary = told && signOuts.isEnded(told.handle) ? null : told;
      } while (endings !== state.endings && generation === state.generation);
    } catch (error) {
      if (generation === state.generation) throw error;
      return overtaken();
    }
    if (generation !== state.generation) return overtaken();
    answer.set(summary);
    return answer.current ?? null;
  };

  return {
    answer,
    refetch() {
      state.generation += 1;
      state.latest = ask(state.generation);
      return state.latest;
    },
    ended(handle) {
      state.endings += 1;
      if (answer.current?.handle === handle) answer.set(null);
    },
    overrule(summary) {
      state.generation += 1;
      state.latest = undefined;
      answer.set(summary);
    },
  };
}

/** Names a session in one tenant. Tokens and retained events belong to exactly one identity. */
export function identityOf(summary: SessionSummary | null): string {
  return summary ? `${summary.handle} ${summary.tenantId}` : "";
}

/** The part of a session that guests may know. Their tokens contain the same values. */
export function guestSession(summary: SessionSummary | null): GuestSession | null {
  return summary && { userId: summary.userId, tenantId: summary.tenantId, handle: summary.handle };
}

/** Whether a token was minted for this session and tenant. */
export function isOfSession(token: string, { handle, tenantId }: SessionSummary): boolean {
  const { claims } = decodeSessionToken(token);
  return claims["sid"] === handle && claims["tenantId"] === tenantId;
}
