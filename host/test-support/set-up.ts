/** Connects a guest to a host, for tests of the surfaces that the guest may use. */
import { afterEach, expect } from "vitest";
import type { Host, HostOptions, MountSettings } from "../src/index.ts";
import {
  createTestGuest,
  createHostForTesting,
  createTestIssuer,
  type TestGuest,
  type TestIssuer,
} from "../src/testing.ts";

const RIGHTS = ["navigation:write", "toasts:show", "dialogs:show"];

export const orders = {
  id: "orders",
  name: "Orders",
  version: "1.0.0",
  url: "https://orders.test/app?start",
  capabilities: RIGHTS,
  placements: [
    { type: "menu", label: "Orders", path: "/list" },
    { type: "modal", name: "edit", label: { de: "Bearbeiten", en: "Edit" }, path: "/edit?x=1" },
  ],
} as const;
const stock = { id: "stock", name: "Stock", version: "1.0.0", url: "https://stock.test/" };

export interface Setup {
  readonly issuer: TestIssuer;
  readonly host: Host;
  readonly guest: TestGuest;
}

const open: Host[] = [];

export interface SetupOptions extends Partial<HostOptions> {
  readonly capabilities?: readonly string[];
  readonly mount?: MountSettings;
}

/** The hosts are closed after each test. */
export async function setUp({ capabilities, mount, ...more }: SetupOptions = {}): Promise<Setup> {
  const issuer = createTestIssuer();
  const host = createHostForTesting(
    {
      ...issuer.hostOptions,
      apps: [{ ...orders, ...(capabilities ? { capabilities } : {}) }, stock],
      isUserActive: () => true,
      onError: (error) => {
        throw error;
      },
      ...more,
    },
    issuer.hooks,
  );
  open.push(host);
  const guest = createTestGuest({ clock: issuer.clock });
  host.mount("orders", { place: guest.place, ...mount });
  await guest.connect();
  return { issuer, host, guest };
}

export const coded = (code: string, text = ""): unknown =>
  expect.objectContaining({ code, message: expect.stringContaining(text) as string });

afterEach(() => {
  for (const host of open.splice(0)) host.close();
});
