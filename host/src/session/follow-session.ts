/**
 * What a change of the session sets off, wherever it comes from: this page, the issuer's event
 * stream, or another tab.
 *
 * [SE-1] Tokens and kept events of one session and tenant never reach a guest of another.
 * [SE-2] Guests hear of the new session before its first token; of an ended one, both at once.
 * [SE-3] One tab holds the event stream and rotates the secret; the others hear of it from that tab.
 */
import type { StateKey } from "@breezeway/shared";
import type { SessionSummary } from "@breezeway/shared/schemas";
import type { Clock, Unsubscribe } from "@breezeway/shared/channel";
import type { Tabs } from "../tabs/tabs.ts";
import type { TokenRegistry } from "../tokens/token-registry.ts";
import { askUntilAnswered } from "./ask-until-answered.ts";
import { guestSession, identityOf, type HostSessionControl } from "./host-session.ts";
import type { IssuerClient } from "./issuer-client.ts";
import { startRotationTimer } from "./rotation-timer.ts";
import { followSessionEvents, type SessionEventStream } from "./session-events.ts";

export interface FollowSessionOptions {
  readonly session: HostSessionControl;
  readonly tokens: TokenRegistry;
  readonly client: IssuerClient;
  readonly tabs: Tabs;
  readonly clock: Clock;
  readonly openStream: (url: string) => SessionEventStream;
  readonly forgetEvents: () => void;
  /** Apps of the tenant were installed or uninstalled, or it is another tenant. */
  readonly onInstallations: () => void;
  readonly push: (key: StateKey, value: unknown) => void;
}

/** @returns a function that ends it */
export function followSession(options: FollowSessionOptions): Unsubscribe {
  const { session, tokens, client, tabs, clock, push } = options;
  let known: string | undefined;
  let stopLeading: Unsubscribe | undefined;

  const asking = askUntilAnswered(session, clock);

  /** Same session, other content: what a token says is out of date. */
  const refresh = async (): Promise<void> => {
    const before = known;
    await asking.ask();
    if (known === before && session.current !== null) tokens.reset(true);
  };

  /** Nobody says what happened while there was no stream, to this tab or to the others. */
  const catchUp = async (ask: () => Promise<unknown>): Promise<void> => {
    const before = session.current;
    await ask();
    const after = session.current;
    if (tokenContentOf(after) === tokenContentOf(before)) return;
    tabs.post({ type: "changed" });
    // Another identity has reset them by now.
    if (after !== null && identityOf(after) === identityOf(before)) tokens.reset(true);
  };

  const lead = (handle: string): Unsubscribe =>
    tabs.lead("session", () => {
      const stopStream = followSessionEvents({
        url: client.eventsUrl,
        open: options.openStream,
        clock,
        onEnded() {
          session.ended(handle);
          tabs.post({ type: "ended", handle });
        },
        onTenant(tenantId) {
          // This tab may have switched it.
          if (tenantId !== undefined && tenantId === session.current?.tenantId) return;
          void refresh();
          tabs.post({ type: "changed" });
        },
        onClaims() {
          void refresh();
          tabs.post({ type: "changed" });
        },
        onInstallations() {
          options.onInstallations();
          tabs.post({ type: "installations" });
        },
        onOpen() {
          options.onInstallations();
          tabs.post({ type: "installations" });
          void catchUp(() => asking.ask());
        },
        async recheck() {
          // Without an answer the stream is tried again, and asks as it opens.
          await catchUp(() => session.refetch().catch(() => undefined));
          return session.current !== null;
        },
      });
      const stopRotation = startRotationTimer(() => client.refresh(), clock);
      return () => {
        stopStream();
        stopRotation();
      };
    });

  const subscriptions: readonly Unsubscribe[] = [
    () => asking.stop(),
    session.answer.subscribe((summary) => {
      if (summary === undefined) return;
      const identity = identityOf(summary);
      if (identity === known) return;
      const isFirst = known === undefined;
      known = identity;
      stopLeading?.();
      stopLeading = undefined;
      if (!isFirst) options.forgetEvents();
      options.onInstallations();
      push("session", guestSession(summary));
      if (summary === null) push("token", null);
      // What was minted before the first answer belongs to the session that the answer names.
      if (!isFirst || summary === null) tokens.reset(summary !== null);
      if (summary !== null) stopLeading = lead(summary.handle);
    }),
    tabs.subscribe((message) => {
      if (message.type === "ended") session.ended(message.handle);
      else if (message.type === "changed") void refresh();
      else if (message.type === "installations") options.onInstallations();
    }),
  ];

  return () => {
    for (const unsubscribe of subscriptions) unsubscribe();
    stopLeading?.();
  };
}

/** What makes tokens of a session differ, as far as its summary tells. */
function tokenContentOf(summary: SessionSummary | null): string {
  return JSON.stringify(summary && [identityOf(summary), summary.scopes, summary.claims]);
}
