import { describe, expect, it, vi } from "vitest";
import { createHost, type HostUi, type MountSettings, type ToastRequest } from "../index.ts";
import { createTestGuest, createTestIssuer } from "../testing.ts";
import { coded, setUp } from "../../test-support/set-up.ts";

describe("reportPath", () => {
  it("passes the mount a path that opens the app at the same page", async () => {
    const paths: string[] = [];
    const { guest, host } = await setUp({
      capabilities: [],
      mount: { onPathChange: (path) => paths.push(path) },
    });
    await guest.call("reportPath", "/o/../o-7?tab=1#n");
    expect(paths).toEqual(["/o-7?tab=1#n"]);
    const again = createTestGuest();
    host.mount("orders", { place: again.place, path: paths[0] ?? "" });
    expect(again.url).toBe("https://orders.test/o-7?tab=1#n");
  });

  it("does nothing for a mount without onPathChange", async () => {
    const { guest } = await setUp();
    await expect(guest.call("reportPath", "/x")).resolves.toBeUndefined();
  });

  it.each(["https://evil.test/", "//evil.test", "javascript:alert(1)", 7])(
    "refuses %s [SF-2]",
    async (path) => {
      const onPathChange = vi.fn<(path: string) => void>();
      const { guest } = await setUp({ mount: { onPathChange } });
      await expect(guest.call("reportPath", path)).rejects.toThrow(
        coded("CALL_ARGUMENTS_INVALID", "path: "),
      );
      expect(onPathChange).not.toHaveBeenCalled();
    },
  );

  it("passes only a burst of a flood of paths, and the last one [SF-3]", async () => {
    const paths: string[] = [];
    const { guest, issuer } = await setUp({ mount: { onPathChange: (path) => paths.push(path) } });
    for (let count = 1; count <= 50; count += 1) await guest.call("reportPath", `/${count}`);
    expect(paths).toHaveLength(10);
    await issuer.clock.advance(500);
    expect(paths).toHaveLength(11);
    expect(paths.at(-1)).toBe("/50");
  });

  it("has one token bucket for all frames of the app, and a new frame does not refill it [SF-3]", async () => {
    const paths: string[] = [];
    const mount = { onPathChange: (path: string) => void paths.push(path) };
    const { guest, host, issuer } = await setUp({ mount });
    for (let count = 1; count <= 11; count += 1) await guest.call("reportPath", `/${count}`);
    // A waiting path is discarded with its frame.
    host.mounts[0]?.close();
    const next = createTestGuest({ clock: issuer.clock });
    host.mount("orders", { place: next.place, ...mount });
    await next.connect();
    await next.call("reportPath", "/next");
    expect(paths).not.toContain("/next");
    await issuer.clock.advance(500);
    expect(paths.slice(9)).toEqual(["/10", "/next"]);
  });
});

describe("resize", () => {
  const sizing = async (limits: MountSettings) => {
    const sizes: unknown[] = [];
    const { guest } = await setUp({
      capabilities: [],
      mount: { ...limits, onResize: (size) => sizes.push(size) },
    });
    return { guest, sizes };
  };

  it.each([
    [300, 300, 300],
    [1e9, 800, 400],
    [0, 100, 50],
  ])("gives %d px within the mount's limits, as %d px by %d px", async (px, heightPx, widthPx) => {
    const limits = { minHeightPx: 100, maxHeightPx: 800, minWidthPx: 50, maxWidthPx: 400 };
    const { guest, sizes } = await sizing(limits);
    const given = { heightPx, widthPx };
    await expect(guest.call("resize", { heightPx: px, widthPx: px })).resolves.toEqual(given);
    expect(sizes).toEqual([given]);
  });

  it("refuses a side without a maximum [SF-1]", async () => {
    const { guest, sizes } = await sizing({ maxHeightPx: 800 });
    await expect(guest.call("resize", { heightPx: 1, widthPx: 1 })).rejects.toThrow(
      coded("SURFACE_REFUSED", "width"),
    );
    const closed = await sizing({ maxWidthPx: 800 });
    await expect(closed.guest.call("resize", { heightPx: 1 })).rejects.toThrow(
      coded("SURFACE_REFUSED", "height"),
    );
    await closed.guest.call("resize", { widthPx: 1 });
    expect([...sizes, ...closed.sizes]).toEqual([{ widthPx: 1 }]);
  });

  it.each([Number.NaN, Infinity, -1, "100"])("refuses %s [SF-2]", async (heightPx) => {
    const { guest, sizes } = await sizing({ maxHeightPx: 800 });
    await expect(guest.call("resize", { heightPx })).rejects.toThrow(
      coded("CALL_ARGUMENTS_INVALID", "heightPx: "),
    );
    expect(sizes).toEqual([]);
  });

  it("limits the changes in a flood, and ends with the last value of each side [SF-3]", async () => {
    const sizes: unknown[] = [];
    const { guest, issuer } = await setUp({
      mount: { maxHeightPx: 800, maxWidthPx: 800, onResize: (size) => sizes.push(size) },
    });
    for (let px = 1; px <= 200; px += 1) await guest.call("resize", { heightPx: px });
    await expect(guest.call("resize", { widthPx: 7 })).resolves.toEqual({ widthPx: 7 });
    expect(sizes).toHaveLength(60);
    await issuer.clock.advance(1_000);
    expect(sizes).toHaveLength(61);
    expect(sizes.at(-1)).toEqual({ heightPx: 200, widthPx: 7 });
    await issuer.clock.advance(1_000);
    await guest.call("resize", { widthPx: 8 });
    expect(sizes.at(-1)).toEqual({ widthPx: 8 });
  });

  it("does nothing after the frame is gone", async () => {
    const sizes: unknown[] = [];
    const { guest, host, issuer } = await setUp({
      mount: { maxHeightPx: 800, onResize: (size) => sizes.push(size) },
    });
    for (let px = 1; px <= 70; px += 1) await guest.call("resize", { heightPx: px });
    host.mounts[0]?.close();
    await issuer.clock.advance(1_000);
    expect(sizes).toHaveLength(60);
  });

  it("is refused without an iframe and without onResize", async () => {
    const { guest } = await setUp({ mount: { maxHeightPx: 800 } });
    await expect(guest.call("resize", { heightPx: 1 })).rejects.toThrow(coded("SURFACE_REFUSED"));
  });

  it.each([
    ["minHeightPx", { minHeightPx: -1 }],
    ["minHeightPx", { minHeightPx: Number.NaN }],
    ["maxHeightPx", { maxHeightPx: Number.NaN }],
    ["maxWidthPx", { minWidthPx: 5, maxWidthPx: 4 }],
  ])("refuses a limit out of range: %s", async (name, limits) => {
    const { host } = await setUp();
    const { place } = createTestGuest();
    expect(() => host.mount("orders", { place, ...limits })).toThrow(
      coded("CONFIG_INVALID", `mount: ${name}: must be a number`),
    );
  });
});

describe("showToast", () => {
  const toaster = () => {
    const toasts: ToastRequest[] = [];
    const ui: HostUi = { showToast: (toast) => void toasts.push(toast) };
    return { toasts, ui };
  };

  it("shows a text in the app's name", async () => {
    const { toasts, ui } = toaster();
    const { guest, host } = await setUp({ ui });
    await guest.call("showToast", "Saved", { tone: "success" });
    expect(toasts).toEqual([{ app: host.apps.get("orders"), text: "Saved", tone: "success" }]);
  });

  it("is refused without the capability, and by a host without showToast [SF-1]", async () => {
    const { toasts, ui } = toaster();
    const { guest } = await setUp({ ui, capabilities: ["dialogs:show"] });
    await expect(guest.call("showToast", "Saved")).rejects.toThrow(
      coded("CAPABILITY_MISSING", '"toasts:show"'),
    );
    const bare = await setUp();
    await expect(bare.guest.call("showToast", "Saved")).rejects.toThrow(coded("SURFACE_REFUSED"));
    expect(toasts).toEqual([]);
  });

  it("shows a burst of a flood, and more once the token bucket has refilled [SF-3]", async () => {
    const { toasts, ui } = toaster();
    const { guest, issuer } = await setUp({ ui });
    // A refused call takes no token from the bucket.
    for (let count = 0; count < 3; count += 1) {
      await expect(guest.call("showToast", "")).rejects.toThrow(coded("CALL_ARGUMENTS_INVALID"));
    }
    const flood = await Promise.allSettled(
      Array.from({ length: 100 }, (_, index) => guest.call("showToast", `Toast ${index}`)),
    );
    expect(toasts).toHaveLength(3);
    expect(flood.at(-1)).toMatchObject({ reason: coded("CALL_LIMIT_EXCEEDED") });
    await issuer.clock.advance(2_000);
    await guest.call("showToast", "Later");
    expect(toasts).toHaveLength(4);
  });
});

it("refuses a host method with the name of a surface method", () => {
  const { hostOptions } = createTestIssuer();
  expect(() => createHost({ ...hostOptions, apps: [], methods: { confirm: () => true } })).toThrow(
    coded("CONFIG_INVALID", "methods.confirm"),
  );
});
