import type { TokenResponse } from "@breezeway/shared/schemas";
import { createSkew, type Clock } from "@breezeway/shared/channel";
import { createAppTokens, type AppTokens } from "./app-tokens.ts";

/** One token per app, whatever the number of its frames. */
export interface HostTokens {
  of(appId: string): AppTokens;
  /** The session has changed or ended: all tokens are forgotten. */
  reset(isSignedIn: boolean): void;
  close(): void;
}

export interface HostTokensOptions {
  readonly mint: (appId: string) => Promise<TokenResponse>;
  readonly clock: Clock;
  readonly random: () => number;
}

export function createHostTokens({ mint, clock, random }: HostTokensOptions): HostTokens {
  const skew = createSkew(clock);
  const byApp = new Map<string, AppTokens>();
  return {
    of(appId) {
      let tokens = byApp.get(appId);
      if (tokens === undefined) {
        tokens = createAppTokens({ mint: () => mint(appId), clock, skew, random });
        byApp.set(appId, tokens);
      }
      return tokens;
    },
    reset(isSignedIn) {
      for (const tokens of byApp.values()) tokens.reset(isSignedIn);
    },
    close() {
      for (const tokens of byApp.values()) tokens.close();
      byApp.clear();
    },
  };
}
