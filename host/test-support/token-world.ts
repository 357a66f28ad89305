/** A host with an issuer in memory whose answers to requests for tokens a test holds back. */
import { afterEach } from "vitest";
import type { Host, HostOptions, MountSettings } from "../src/index.ts";
import {
  createHostForTesting,
  createTestGuest,
  createTestIssuer,
  type HostTestHooks,
  type TestGuest,
  type TestGuestOptions,
  type TestIssuer,
} from "../src/testing.ts";

export const orders = {
  id: "orders",
  name: "Orders",
  version: "1.0.0",
  url: "https://orders.test/app",
};
const open: Host[] = [];
afterEach(() => {
  for (const host of open.splice(0)) host.close();
});

export interface TokenWorld {
  readonly issuer: TestIssuer;
  readonly host: Host;
  /** The app id of each request for a token, in order, answered or not. */
  readonly asked: string[];
  /** The largest number of requests for tokens under way at a time. */
  readonly mostAtOnce: number;
  /** Requests for tokens that wait for their answer. */
  readonly waiting: (() => void)[];
  /** Holds the answers that the issuer gives from now on, until `answer`. */
  hold(): void;
  answer(): Promise<void>;
  setVisible(): void;
}

export interface TokenWorldOptions {
  readonly options?: Partial<HostOptions>;
  readonly hooks?: HostTestHooks;
  readonly isVisible?: boolean;
  /** Whether the host has asked who is signed in. Default: true. */
  readonly isSessionKnown?: boolean;
}

export async function createTokenWorld(given: TokenWorldOptions = {}): Promise<TokenWorld> {
  const issuer = createTestIssuer();
  const { fetch: answerOf } = issuer.hostOptions;
  const asked: string[] = [];
  const waiting: (() => void)[] = [];
  const page = { isHolding: false, isVisible: given.isVisible ?? true, minting: 0, most: 0 };
  const listeners = new Set<() => void>();
  const host = createHostForTesting(
    {
      ...issuer.hostOptions,
      apps: [orders],
      methods: { echo: (value: unknown) => value },
      async fetch(input, init) {
        const request = new Request(input, { ...init, redirect: "follow" });
        if (!request.url.endsWith("/session/token")) return answerOf(request);
        asked.push(((await request.clone().json()) as { appId: string }).appId);
        page.minting += 1;
        page.most = Math.max(page.most, page.minting);
        // The answer is that of the session at the time of asking, whenever it arrives.
        const answer = await answerOf(request);
        if (page.isHolding) await new Promise<void>((arrive) => waiting.push(arrive));
        page.minting -= 1;
        return answer;
      },
      ...given.options,
    },
    {
      ...issuer.hooks,
      visibility: {
        get isVisible() {
          return page.isVisible;
        },
        onVisible(listener) {
          listeners.add(listener);
          return () => void listeners.delete(listener);
        },
      },
      ...given.hooks,
    },
  );
  open.push(host);
  if (given.isSessionKnown ?? true) await host.session.ready;
  return {
    issuer,
    host,
    asked,
    waiting,
    get mostAtOnce() {
      return page.most;
    },
    hold() {
      page.isHolding = true;
    },
    async answer() {
      page.isHolding = false;
      for (const arrive of waiting.splice(0)) arrive();
      await issuer.advance(0);
    },
    setVisible() {
      page.isVisible = true;
      for (const listener of listeners) listener();
    },
  };
}

export function mountGuest(
  { host, issuer }: TokenWorld,
  options: TestGuestOptions = {},
  settings: MountSettings & { readonly appId?: string } = {},
): TestGuest {
  const { appId = "orders", ...rest } = settings;
  const guest = createTestGuest({ clock: issuer.clock, ...options });
  host.mount(appId, { place: guest.place, ...rest });
  return guest;
}
