/**
 * Applies each change of the session, whether it comes from this page, the issuer's event stream or
 * another tab.
 *
 * [SE-1] Tokens and retained events of one session and tenant never reach a guest of another.
 * [SE-2] Guests learn of the new session before its first token; of an ended one, both at once.
 * [SE-3] One tab holds the event stream and rotates the secret. It notifies the other tabs.
 */
import type { StateKey } from "@breezeway/shared";
import type { SessionSummary } from "@breezeway/shared/schemas";
import type { Clock, Unsubscribe } from "@breezeway/shared/channel";
import type { Tabs } from "../tabs/tabs.ts";
import type { TokenRegistry } from "../tokens/token-registry.ts";
import { askUntilAnswered, type SessionQuestion } from "./ask-until-answered.ts";
import { guestSession, identityOf, isOfSession, type HostSessionControl } from "./host-session.ts";
import type { IssuerClient } from "./issuer-client.ts";
import { startRotationTimer } from "@breezeway/shared/session";
import { followSessionEvents, type SessionEventStream } from "./session-events.ts";

export interface FollowSessionDeps {
  readonly session: HostSessionControl;
  readonly tokens: TokenRegistry;
  readonly client: IssuerClient;
  readonly tabs: Tabs;
  readonly clock: Clock;
  readonly openStream: (url: string) => SessionEventStream;
  readonly forgetEvents: () => void;
  /** Called when apps of the tenant were installed or uninstalled, or when the tenant is another one. */
  readonly onInstallations: () => void;
  /**
   * Called when the issuer's apps may be others: `soon` after a change that all pages learn of. `undefined`
   * for a host with apps of its own.
   */
  readonly onApps: ((when: "now" | "soon") => void) | undefined;
  readonly push: (key: StateKey, value: unknown) => void;
}

/** @returns A function that stops following. */
export function followSession(deps: FollowSessionDeps): Unsubscribe {
  const { session, tokens, tabs, clock, push } = deps;
  /** The identity of the last answer; `undefined` before the first one. */
  let identity: string | undefined;
  let stopLeading: Unsubscribe | undefined;
  const question = askUntilAnswered(session, clock);

  /** Asks for the session again. If it is still the same one, its claims may differ: tokens are stale. */
  const refresh = async (): Promise<void> => {
    const before = identity;
    await question.ask();
    if (identity === before && session.current !== null) tokens.reset(true);
  };

  const apply = (summary: SessionSummary | null | undefined): void => {
    if (summary === undefined || identityOf(summary) === identity) return;
    const isFirst = identity === undefined;
    identity = identityOf(summary);
    stopLeading?.();
    stopLeading = undefined;
    if (!isFirst) deps.forgetEvents();
    deps.onInstallations();
    // The host asks for its first apps beside its session.
    if (!isFirst) deps.onApps?.("now");
    push("session", guestSession(summary));
    if (summary === null) push("token", null);
    // A token that was minted before the first answer is usually of the session that the answer names. Another
    // tab may have replaced the session meanwhile.
    if (isFirst && summary !== null) tokens.discardUnless((token) => isOfSession(token, summary));
    else tokens.reset(summary !== null);
    if (summary !== null) stopLeading = lead(deps, { question, refresh, handle: summary.handle });
  };

  const subscriptions: readonly Unsubscribe[] = [
    () => question.stop(),
    session.answer.subscribe(apply),
    tabs.subscribe((message) => {
      if (message.type === "ended") session.ended(message.handle);
      else if (message.type === "changed") void refresh();
      else if (message.type === "installations") deps.onInstallations();
      else if (message.type === "apps") deps.onApps?.("soon");
    }),
  ];

  return () => {
    for (const unsubscribe of subscriptions) unsubscribe();
    stopLeading?.();
  };
}

interface Leadership {
  readonly question: SessionQuestion;
  readonly refresh: () => Promise<void>;
  readonly handle: string;
}

/** Holds the event stream and rotates the secret while this tab leads. */
function lead(deps: FollowSessionDeps, { question, refresh, handle }: Leadership): Unsubscribe {
  const { session, client, tabs, clock } = deps;

  const changed = (): void => {
    void refresh();
    tabs.post({ type: "changed" });
  };

  const installationsChanged = (): void => {
    deps.onInstallations();
    tabs.post({ type: "installations" });
  };

  const appsChanged = (when: "now" | "soon"): void => {
    if (!deps.onApps) return;
    deps.onApps(when);
    tabs.post({ type: "apps" });
  };

  return tabs.lead("session", () => {
    const stopStream = followSessionEvents({
      url: client.eventsUrl,
      open: deps.openStream,
      clock,
      onEnded() {
        session.ended(handle);
        tabs.post({ type: "ended", handle });
      },
      onTenant(tenantId) {
        // This tab may have switched the tenant itself.
        if (tenantId === undefined || tenantId !== session.current?.tenantId) changed();
      },
      onClaims: changed,
      onInstallations: installationsChanged,
      onApps: () => appsChanged("soon"),
      onOpen() {
        installationsChanged();
        appsChanged("now");
        void catchUp(deps, () => question.ask());
      },
      async recheck() {
        // Without an answer the stream is opened again, and catches up then.
        await catchUp(deps, () => session.refetch().catch(() => undefined));
        return session.current !== null;
      },
    });
    const stopRotation = startRotationTimer(() => client.refresh(), clock);
    return () => {
      stopStream();
      stopRotation();
    };
  });
}

/** Asks for what changed while there was no stream, for this tab and the others. */
async function catchUp(
  { session, tabs, tokens }: FollowSessionDeps,
  ask: () => Promise<unknown>,
): Promise<void> {
  const before = session.current;
  await ask();
  const after = session.current;
  if (tokenContentOf(after) === tokenContentOf(before)) return;
  tabs.post({ type: "changed" });
  // Another identity has reset the tokens already.
  if (after !== null && identityOf(after) === identityOf(before)) tokens.reset(true);
}

/** The parts of a summary that appear in tokens. */
function tokenContentOf(summary: SessionSummary | null): string {
  return JSON.stringify(summary && [identityOf(summary), summary.scopes, summary.claims]);
}
