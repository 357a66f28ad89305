import { BridgeError } from "@breezeway/shared";
import { expect, it } from "vitest";
import type { TokenResponse } from "@breezeway/shared/schemas";
import { createTestClock, fakeToken } from "@breezeway/shared/testing";
import { soloTabs, type TabMessage, type Tabs } from "../tabs/tabs.ts";
import { createTokenRegistry } from "./token-registry.ts";

const NOW_SECONDS = 1_700_000_000;
const ANSWER: TokenResponse = {
  token: fakeToken({ iat: NOW_SECONDS, exp: NOW_SECONDS + 60 }),
  expiresAt: NOW_SECONDS + 60,
};

/** The messages that a tab sends to other tabs when its session changes during a mint. */
async function toldWhen(change: () => string | undefined): Promise<TabMessage[]> {
  const told: TabMessage[] = [];
  const tabs: Tabs = { ...soloTabs(), post: (message) => void told.push(message) };
  let identity: string | undefined = "session-1 acme";
  const minting = Promise.withResolvers<TokenResponse>();
  const tokens = createTokenRegistry({
    mint: () => minting.promise,
    identity: () => identity,
    clock: createTestClock({ nowMs: NOW_SECONDS * 1_000 }),
    random: () => 0,
    tabs,
    visibility: { isVisible: true, onVisible: () => () => undefined },
  });
  const token = tokens.hold("orders").tokens.get();
  identity = change();
  minting.resolve(ANSWER);
  await token;
  tokens.close();
  return told;
}

it("shares a token with other tabs, and names its session", async () => {
  const told = await toldWhen(() => "session-1 acme");
  expect(told).toEqual([{ type: "grant", appId: "orders", identity: "session-1 acme", ...ANSWER }]);
});

it.each(["session-1 globex", "session-2 acme", undefined])(
  "does not share a token when the session became %s while it was minted",
  async (identity) => {
    expect(await toldWhen(() => identity)).toEqual([]);
  },
);

it("retries key-bound tokens too after an installation", async () => {
  let isInstalled = false;
  const tokens = createTokenRegistry({
    mint: () =>
      isInstalled
        ? Promise.resolve(ANSWER)
        : Promise.reject(new BridgeError("DENIED", "The app is not installed.")),
    identity: () => "session-1 acme",
    clock: createTestClock({ nowMs: NOW_SECONDS * 1_000 }),
    random: () => 0,
    tabs: soloTabs(),
    visibility: { isVisible: true, onVisible: () => () => undefined },
  });
  const both = [tokens.hold("orders").tokens, tokens.bound("orders", "key")];
  for (const each of both) await expect(each.get()).rejects.toMatchObject({ code: "DENIED" });
  isInstalled = true;
  tokens.reconsider();
  for (const each of both) expect(await each.get()).toMatchObject({ token: ANSWER.token });
  tokens.close();
});
