import { describe, expect, it, vi } from "vitest";
import { BridgeError, type HostOptions, type NavigationTarget } from "../index.ts";
import { coded, orders, setUp } from "../../test-support/set-up.ts";

describe("navigate", () => {
  const navigator = () => {
    const targets: NavigationTarget[] = [];
    return {
      targets,
      onNavigate: (target: NavigationTarget) => void targets.push(target),
    };
  };

  it("passes the target to the host, with the sender from the registry", async () => {
    const onNavigate = vi.fn<NonNullable<HostOptions["onNavigate"]>>();
    const { guest, host } = await setUp({ onNavigate });
    await guest.call("navigate", "/customers/../customers/c-1?tab=2#x", { replace: true });
    expect(onNavigate).toHaveBeenCalledExactlyOnceWith(
      { to: "host", path: "/customers/c-1?tab=2#x", replace: true },
      { app: host.apps.get("orders"), mount: host.mounts[0] },
    );
  });

  it.each([
    [{}, "/list"],
    [{ app: "orders" }, "/list"],
    [{ path: "/o-7" }, "/o-7"],
  ])("opens the app's own page for %j", async (asked, path) => {
    const { targets, onNavigate } = navigator();
    const { guest } = await setUp({ onNavigate });
    await guest.call("navigate", asked);
    expect(targets).toMatchObject([{ to: "app", app: { id: "orders" }, path }]);
  });

  it.each([
    [{ url: "https://orders.test/app?start" }, "/app?start"],
    [{ url: "https://orders.test/.//evil.test" }, "/"],
  ])(
    "opens no page of the manifest whose path a browser would read as a host",
    async (more, path) => {
      const { targets, onNavigate } = navigator();
      const placements = [{ type: "menu", label: "Orders", path: "/.//evil.test" }] as const;
      const { guest } = await setUp({ onNavigate, apps: [{ ...orders, placements, ...more }] });
      await guest.call("navigate", {});
      expect(targets).toMatchObject([{ to: "app", app: { id: "orders" }, path }]);
    },
  );

  it("opens another app's page only with the capability for it [SF-1]", async () => {
    const { targets, onNavigate } = navigator();
    const { guest } = await setUp({ onNavigate });
    for (const app of ["stock", "nothing"]) {
      await expect(guest.call("navigate", { app })).rejects.toThrow(
        coded("CAPABILITY_MISSING", '"navigation:apps"'),
      );
    }
    const more = await setUp({
      onNavigate,
      capabilities: ["navigation:write", "navigation:apps"],
    });
    await more.guest.call("navigate", { app: "stock" });
    expect(targets).toMatchObject([{ to: "app", app: { id: "stock" }, path: "/" }]);
    await expect(more.guest.call("navigate", { app: "nothing" })).rejects.toThrow(
      coded("APP_UNKNOWN", '"nothing"'),
    );
    await expect(more.guest.call("navigate", { app: "x".repeat(1e6) })).rejects.toThrow(
      coded("APP_UNKNOWN", `"${"x".repeat(64)}…" is`),
    );
  });

  it("is refused without the capability, even with a handler [SF-1]", async () => {
    const { targets, onNavigate } = navigator();
    const { guest } = await setUp({ onNavigate, capabilities: ["navigation:apps"] });
    await expect(guest.call("navigate", "/x")).rejects.toThrow(
      coded("CAPABILITY_MISSING", '"navigation:write"'),
    );
    expect(targets).toEqual([]);
  });

  it("is refused by a host without a handler [SF-1]", async () => {
    const { guest } = await setUp();
    await expect(guest.call("navigate", "/x")).rejects.toThrow(coded("SURFACE_REFUSED"));
  });

  it("rejects with the error that the handler throws", async () => {
    const { guest } = await setUp({
      onNavigate: () => Promise.reject(new BridgeError("SURFACE_REFUSED", "Not from here.")),
    });
    await expect(guest.call("navigate", "/x")).rejects.toThrow(
      coded("SURFACE_REFUSED", "Not from here."),
    );
  });

  it.each(["javascript:alert(1)", "//evil.test", "/.//evil.test", "https://evil.test/", "/\\x"])(
    "does not reach the handler with %s [SF-2]",
    async (path) => {
      const { targets, onNavigate } = navigator();
      const { guest } = await setUp({ onNavigate });
      for (const asked of [path, { path }]) {
        await expect(guest.call("navigate", asked)).rejects.toThrow(
          coded("CALL_ARGUMENTS_INVALID", "target"),
        );
      }
      expect(targets).toEqual([]);
    },
  );

  it("requires user activation, and takes no token from the bucket without it", async () => {
    const { targets, onNavigate } = navigator();
    let isActive = false;
    const { guest } = await setUp({ onNavigate, isUserActive: () => isActive });
    for (let count = 0; count < 6; count += 1) {
      await expect(guest.call("navigate", "/x")).rejects.toThrow(coded("ACTIVATION_MISSING"));
    }
    expect(targets).toEqual([]);
    isActive = true;
    await guest.call("navigate", "/x");
    expect(targets).toHaveLength(1);
  });

  it("is limited per app, and a reload does not refill the token bucket [SF-3]", async () => {
    const { targets, onNavigate } = navigator();
    const { guest, issuer } = await setUp({ onNavigate });
    for (let count = 0; count < 5; count += 1) await guest.call("navigate", "/x");
    await expect(guest.call("navigate", "/x")).rejects.toThrow(coded("CALL_LIMIT_EXCEEDED"));
    await guest.faults.reload();
    await expect(guest.call("navigate", "/x")).rejects.toThrow(coded("CALL_LIMIT_EXCEEDED"));
    await issuer.clock.advance(1_000);
    await guest.call("navigate", "/x");
    expect(targets).toHaveLength(6);
  });
});
