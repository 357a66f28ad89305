import { expect, it } from "vitest";
import { createHostForTesting, createTestGuest, createTestIssuer } from "./testing.ts";

const APPS = [{ id: "orders", name: "Orders", version: "1.0.0", url: "https://orders.test/" }];

it("closes a host, its mounts and all timers at the end of a `using` block", async () => {
  const issuer = createTestIssuer();
  const seen: string[] = [];
  {
    using host = createHostForTesting({ ...issuer.hostOptions, apps: APPS }, issuer.hooks);
    {
      const guest = createTestGuest({ clock: issuer.clock });
      using mount = host.mount("orders", { place: guest.place });
      mount.subscribeState((state) => seen.push(state));
      await guest.connect();
    }
    expect(host.mounts).toEqual([]);
    expect(seen).toEqual(["connecting", "connected", "closed"]);
    const other = createTestGuest({ clock: issuer.clock });
    host.mount("orders", { place: other.place });
    await other.connect();
  }
  await issuer.advance(0);
  expect(issuer.clock.timers).toBe(0);
});
