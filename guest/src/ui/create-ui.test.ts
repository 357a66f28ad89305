import { BridgeError, defineContract } from "@breezeway/shared";
import { afterEach, describe, expect, it } from "vitest";
import { callOptions, type AppBridge } from "../index.ts";
import { createTestHost, type TestHost, type TestHostOptions } from "../testing.ts";
import { createUi, type AppUi } from "../ui.ts";

const contract = defineContract({ methods: {} });

const open: TestHost<typeof contract>[] = [];

const setUp = async (
  options: TestHostOptions<typeof contract> = {},
): Promise<{ host: TestHost<typeof contract>; bridge: AppBridge<typeof contract>; ui: AppUi }> => {
  const host = createTestHost({ contract, ...options });
  open.push(host);
  const bridge = await host.connect();
  return { host, bridge, ui: createUi(bridge) };
};

const coded = (code: string, text = ""): unknown =>
  expect.objectContaining({ code, message: expect.stringContaining(text) as string });

afterEach(() => {
  for (const host of open.splice(0)) host.close();
});

describe("createUi on a bridge with a contract", () => {
  it("calls the host for each of its surfaces", async () => {
    const { host, ui } = await setUp({
      ui: { confirm: ({ tone }) => tone !== "danger", openModal: ({ data }) => ({ got: data }) },
    });
    await ui.showToast("Saved", { tone: "success" });
    expect(await ui.confirm("Sure?")).toBe(true);
    expect(await ui.confirm({ title: "Delete?", tone: "danger" })).toBe(false);
    expect(await ui.openModal("edit", { data: 7 })).toEqual({ got: 7 });
    await ui.navigate("/customers/7", { replace: true });
    await ui.navigate({ path: "/o-7" });
    await ui.reportPath("/o-7?x#y");
    expect(host.ui).toEqual({
      toasts: [{ text: "Saved", tone: "success" }],
      questions: [
        { title: "Sure?", tone: "normal" },
        { title: "Delete?", tone: "danger" },
      ],
      modals: [{ name: "edit", data: 7 }],
      closings: [],
      navigations: [
        { to: "host", path: "/customers/7", replace: true },
        { to: "app", app: undefined, path: "/o-7", replace: false },
      ],
      paths: ["/o-7?x#y"],
      sizes: [],
      scopeRequests: [],
    });
  });

  it("waits for the user without a timeout, and rejects on abort", async () => {
    const { host, ui } = await setUp({ ui: { confirm: () => new Promise(() => undefined) } });
    const caller = new AbortController();
    const asking = ui.confirm("Sure?", { signal: caller.signal });
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    asking.then(settle, settle);
    await host.advance(3_600_000);
    expect(settled).toBe(false);
    caller.abort();
    await expect(asking).rejects.toThrow(coded("CALL_ABORTED"));
  });

  it("rejects when the manifest lacks a capability, and for malformed arguments", async () => {
    const { host, ui } = await setUp({ capabilities: ["dialogs:show", "navigation:write"] });
    await expect(ui.showToast("Saved")).rejects.toThrow(coded("CAPABILITY_MISSING", "toasts:show"));
    await expect(ui.navigate({ app: "stock" })).rejects.toThrow(
      coded("CAPABILITY_MISSING", "navigation:apps"),
    );
    const bare = await setUp({ capabilities: [] });
    for (const attempt of [
      () => bare.ui.confirm("Sure?"),
      () => bare.ui.openModal("edit"),
      () => bare.ui.navigate("/x"),
    ]) {
      await expect(attempt()).rejects.toThrow(coded("CAPABILITY_MISSING"));
    }
    await expect(ui.navigate("//evil.example")).rejects.toThrow(coded("CALL_ARGUMENTS_INVALID"));
    await expect(ui.confirm("")).rejects.toThrow(coded("CALL_ARGUMENTS_INVALID", "title: "));
    await expect(ui.closeModal()).rejects.toThrow(coded("SURFACE_REFUSED"));
    expect(host.ui).toMatchObject({ toasts: [], navigations: [], questions: [] });
  });

  it("navigates to its own app by id without the capability for other apps", async () => {
    const { host, ui } = await setUp({ appId: "orders", capabilities: ["navigation:write"] });
    await ui.navigate({ app: "orders", path: "/o-7" });
    await ui.navigate({ path: "/o-8" });
    expect(host.ui.navigations).toMatchObject([
      { app: "orders", path: "/o-7" },
      { app: undefined, path: "/o-8" },
    ]);
  });

  it("rejects a second dialog while one is open", async () => {
    const { host, ui } = await setUp({ ui: { confirm: () => new Promise(() => undefined) } });
    const caller = new AbortController();
    const asking = ui.confirm("First?", { signal: caller.signal });
    await expect(ui.openModal("edit")).rejects.toThrow(coded("CALL_LIMIT_EXCEEDED"));
    caller.abort();
    await expect(asking).rejects.toThrow(coded("CALL_ABORTED"));
    await ui.openModal("edit");
    expect(host.ui).toMatchObject({ questions: [{ title: "First?" }], modals: [{ name: "edit" }] });
  });

  it("rejects dialog data that cannot be cloned", async () => {
    const { host, bridge } = await setUp();
    const { port1, port2 } = new MessageChannel();
    const given = [{ data: port1 }, callOptions({ transfer: [port1] })] as const;
    await expect(bridge.method.call("openModal", "edit", ...given)).rejects.toThrow(
      coded("VALUE_NOT_CLONEABLE"),
    );
    expect(host.ui.modals).toEqual([]);
    port2.close();
  });

  it("rejects with the error of the test's handler", async () => {
    const { ui } = await setUp({
      ui: {
        navigate: () => {
          throw new BridgeError("ACTIVATION_MISSING", "Nobody has clicked.");
        },
      },
    });
    await expect(ui.navigate("/x")).rejects.toThrow(coded("ACTIVATION_MISSING"));
  });

  it("has the name and data of its dialog, and closes it", async () => {
    const { host, ui } = await setUp({ context: { modal: { name: "edit", data: { id: 7 } } } });
    expect(ui.modal).toEqual({ name: "edit", data: { id: 7 } });
    await ui.closeModal({ saved: true });
    expect(host.ui.closings).toEqual([{ saved: true }]);
  });

  it.each([
    [{ page: "home" }, undefined],
    [undefined, undefined],
    [{ modal: "edit" }, undefined],
    [{ modal: {} }, undefined],
  ])("is outside a dialog with the context %j", async (context, modal) => {
    const { ui } = await setUp({ context });
    expect(ui.modal).toBe(modal);
  });

  it("rejects closeModal outside a dialog", async () => {
    const { ui } = await setUp({ context: { page: "home" } });
    await expect(ui.closeModal()).rejects.toThrow(coded("SURFACE_REFUSED"));
  });
});
