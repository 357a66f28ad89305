import type { TokenResponse } from "@breezeway/shared/schemas";
import { createSkew, type Clock, type Unsubscribe } from "@breezeway/shared/channel";
import type { Visibility } from "../session/visibility.ts";
import type { Tabs } from "../tabs/tabs.ts";
import { createTokenSource, type TokenSource } from "./token-source.ts";

/** One token per app, whatever the number of its frames and of the host's tabs. */
export interface TokenRegistry {
  of(appId: string): TokenSource;
  /**
   * Tokens bound to the key of one document: for its frame alone, so told to no other tab. Close them
   * when the document is gone.
   */
  bound(appId: string, proofKeyThumbprint: string): TokenSource;
  /** The session has changed or ended: all tokens are forgotten. */
  reset(isSignedIn: boolean): void;
  /** Apps of the tenant were installed or uninstalled: what was denied may not be any more. */
  reconsider(): void;
  close(): void;
}

export interface TokenRegistryOptions {
  readonly mint: (appId: string, proofKeyThumbprint?: string) => Promise<TokenResponse>;
  /** Names the session and tenant that tokens are minted for; `undefined` while that is not known. */
  readonly identity: () => string | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly tabs: Tabs;
  readonly visibility: Visibility;
}

export function createTokenRegistry(options: TokenRegistryOptions): TokenRegistry {
  const { clock, random, tabs, visibility, identity } = options;
  const skew = createSkew(clock);
  const byApp = new Map<string, TokenSource>();
  const bound = new Set<TokenSource>();
  /** The last token of each app that came from another tab. */
  const received = new Map<string, { readonly answer: TokenResponse; readonly at: number }>();

  const mint = (appId: string): Promise<TokenResponse> => {
    const askedAt = clock.monotonic();
    return tabs.exclusively(`mint ${appId}`, async () => {
      const other = received.get(appId);
      // Another tab was faster while this one waited for its turn.
      if (other && other.at >= askedAt) return other.answer;
      const before = identity();
      const answer = await options.mint(appId);
      const whose = identity();
      // The session may have become another one meanwhile: nobody can say whose token this is then.
      if (whose !== undefined && (before ?? whose) === whose) {
        tabs.post({ type: "grant", appId, identity: whose, ...answer });
      }
      return answer;
    });
  };

  const subscriptions: readonly Unsubscribe[] = [
    tabs.subscribe((message) => {
      if (message.type !== "grant" || message.identity !== identity()) return;
      const { token, expiresAt, appId } = message;
      received.set(appId, { answer: { token, expiresAt }, at: clock.monotonic() });
      byApp.get(appId)?.offer({ token, expiresAt });
    }),
    visibility.onVisible(() => {
      for (const tokens of all()) tokens.wake();
    }),
  ];

  const all = (): TokenSource[] => [...byApp.values(), ...bound];

  const create = (mintOne: () => Promise<TokenResponse>): TokenSource =>
    createTokenSource({
      mint: mintOne,
      clock,
      skew,
      random,
      isVisible: () => visibility.isVisible,
    });

  return {
    of(appId) {
      let tokens = byApp.get(appId);
      if (tokens === undefined) {
        tokens = create(() => mint(appId));
        byApp.set(appId, tokens);
      }
      return tokens;
    },
    bound(appId, proofKeyThumbprint) {
      const tokens = create(() => options.mint(appId, proofKeyThumbprint));
      const own: TokenSource = {
        ...tokens,
        close() {
          bound.delete(tokens);
          tokens.close();
        },
      };
      bound.add(tokens);
      return own;
    },
    reset(isSignedIn) {
      received.clear();
      for (const tokens of all()) tokens.reset(isSignedIn);
    },
    reconsider() {
      for (const tokens of all()) tokens.reconsider();
    },
    close() {
      for (const unsubscribe of subscriptions) unsubscribe();
      for (const tokens of all()) tokens.close();
      byApp.clear();
    },
  };
}
