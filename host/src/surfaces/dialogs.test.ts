import { afterEach, describe, expect, it } from "vitest";
import { type ConfirmRequest, type Host, type HostOptions } from "../index.ts";
import type { HostUi, ModalRequest } from "../index.ts";
import {
  createHostForTesting,
  createTestGuest,
  createTestIssuer,
  type TestGuest,
} from "../testing.ts";

const app = (id: string, placements: readonly object[] = []) => ({
  id,
  name: id,
  version: "1.0.0",
  url: `https://${id}.test/`,
  capabilities: ["dialogs:show", "toasts:show"],
  placements: placements as [],
});

const MODAL = {
  type: "modal",
  name: "edit",
  label: { de: "Bearbeiten", en: "Edit" },
  path: "/edit?x=1",
};

interface Shown<Request> {
  readonly request: Request;
  readonly answer: (value: boolean) => void;
}

/** A dialog UI that the test answers instead of a user. */
function createManualUi() {
  const confirms: Shown<ConfirmRequest>[] = [];
  const modals: Shown<ModalRequest>[] = [];
  const ui: HostUi = {
    confirm: (request) =>
      new Promise((resolve) => void confirms.push({ request, answer: resolve })),
    openModal: (request) =>
      new Promise((resolve) => void modals.push({ request, answer: () => resolve() })),
  };
  return { ui, confirms, modals };
}

const open: Host[] = [];

const setUp = async (more: Partial<HostOptions> = {}) => {
  const issuer = createTestIssuer();
  const manual = createManualUi();
  const host = createHostForTesting(
    {
      ...issuer.hostOptions,
      apps: [app("orders", [MODAL]), app("stock")],
      ui: manual.ui,
      isUserActive: () => true,
      locale: "de-AT",
      context: { page: "home" },
      onError: (error) => {
        throw error;
      },
      ...more,
    },
    issuer.hooks,
  );
  open.push(host);
  const connect = async (appId: string): Promise<TestGuest> => {
    const guest = createTestGuest({ clock: issuer.clock });
    host.mount(appId, { place: guest.place });
    await guest.connect();
    return guest;
  };
  return { ...manual, issuer, host, connect, guest: await connect("orders") };
};

type Parts = Awaited<ReturnType<typeof setUp>>;

const shown = async <T>(list: readonly T[], { guest }: Parts, count = 1): Promise<T> => {
  while (list.length < count) await guest.settled();
  return list[count - 1] as T;
};

/** The app's page in the dialog. */
const showPage = async ({ request }: Shown<ModalRequest>): Promise<TestGuest> => {
  const page = createTestGuest();
  request.mount({ place: page.place });
  await page.connect();
  return page;
};

/** Ignores the rejection: the frame closes with the call. */
const closeFrom = (page: TestGuest, result: unknown): void => {
  page.call("closeModal", result).catch(() => undefined);
};

const coded = (code: string, text = ""): unknown =>
  expect.objectContaining({ code, message: expect.stringContaining(text) as string });

afterEach(() => {
  for (const host of open.splice(0)) host.close();
});

describe("confirm", () => {
  it.each([true, false])("resolves to the user's answer, %s", async (answer) => {
    const parts = await setUp();
    const asking = parts.guest.call("confirm", { title: "Sure?", tone: "danger" });
    const dialog = await shown(parts.confirms, parts);
    expect(dialog.request).toMatchObject({ app: { id: "orders" }, title: "Sure?", tone: "danger" });
    dialog.answer(answer);
    await expect(asking).resolves.toBe(answer);
    expect(dialog.request.signal.aborted).toBe(true);
  });

  it("resolves to false for any answer other than true", async () => {
    const { guest } = await setUp({ ui: { confirm: () => "yes" as unknown as boolean } });
    await expect(guest.call("confirm", { title: "Sure?" })).resolves.toBe(false);
  });

  it("is refused without the capability, and by a host without dialogs", async () => {
    const { guest } = await setUp({ apps: [{ ...app("orders"), capabilities: ["toasts:show"] }] });
    await expect(guest.call("confirm", { title: "Sure?" })).rejects.toThrow(
      coded("CAPABILITY_MISSING", '"dialogs:show"'),
    );
    await expect(guest.call("openModal", "edit")).rejects.toThrow(
      coded("CAPABILITY_MISSING", '"openModal" needs'),
    );
    const bare = await setUp({ ui: {} });
    await expect(bare.guest.call("confirm", { title: "Sure?" })).rejects.toThrow(
      coded("SURFACE_REFUSED"),
    );
    await expect(bare.guest.call("openModal", "edit")).rejects.toThrow(coded("SURFACE_REFUSED"));
  });

  it("is refused without user activation [DG-2]", async () => {
    let isActive = false;
    const parts = await setUp({ isUserActive: () => isActive });
    const { guest, confirms, modals } = parts;
    for (const [method, argument] of [
      ["confirm", { title: "Sure?" }] as const,
      ["openModal", "edit"] as const,
    ]) {
      for (let count = 0; count < 3; count += 1) {
        await expect(guest.call(method, argument)).rejects.toThrow(coded("ACTIVATION_MISSING"));
      }
    }
    expect([...confirms, ...modals]).toEqual([]);
    // The refused calls have taken no token from the bucket.
    isActive = true;
    const asking = guest.call("confirm", { title: "Sure?" });
    (await shown(confirms, parts)).answer(true);
    await expect(asking).resolves.toBe(true);
  });

  it("requires the page's user activation by default [DG-2]", async () => {
    const parts = await setUp();
    const { hostOptions, hooks } = parts.issuer;
    const host = createHostForTesting(
      { ...hostOptions, apps: [app("orders")], ui: parts.ui },
      hooks,
    );
    open.push(host);
    const guest = createTestGuest({ clock: parts.issuer.clock });
    host.mount("orders", { place: guest.place });
    await guest.connect();
    await expect(guest.call("confirm", { title: "Sure?" })).rejects.toThrow(
      coded("ACTIVATION_MISSING"),
    );
  });

  it("is the only dialog of the page, for all apps [DG-1]", async () => {
    const parts = await setUp();
    const stock = await parts.connect("stock");
    const asking = parts.guest.call("confirm", { title: "First" });
    const dialog = await shown(parts.confirms, parts);
    for (const guest of [parts.guest, stock]) {
      await expect(guest.call("confirm", { title: "Second" })).rejects.toThrow(
        coded("CALL_LIMIT_EXCEEDED", "already open"),
      );
    }
    dialog.answer(true);
    await asking;
    const next = stock.call("confirm", { title: "Second" });
    (await shown(parts.confirms, parts, 2)).answer(true);
    await expect(next).resolves.toBe(true);
  });

  it("is the only dialog of a page with two hosts [DG-1]", async () => {
    const first = await setUp();
    const second = await setUp();
    const asking = first.guest.call("confirm", { title: "First" });
    const dialog = await shown(first.confirms, first);
    await expect(second.guest.call("openModal", "edit")).rejects.toThrow(
      coded("CALL_LIMIT_EXCEEDED", "already open"),
    );
    dialog.answer(true);
    await asking;
    const next = second.guest.call("confirm", { title: "Second" });
    (await shown(second.confirms, second)).answer(true);
    await expect(next).resolves.toBe(true);
  });

  it("is refused to an app that calls it too often, and to no other app [DG-3]", async () => {
    const parts = await setUp();
    const stock = await parts.connect("stock");
    const ask = async (guest: TestGuest): Promise<unknown> => {
      const asking = guest.call("confirm", { title: "Again?" });
      const before = parts.confirms.length;
      (await shown(parts.confirms, parts, before + 1)).answer(false);
      return asking;
    };
    for (let count = 0; count < 5; count += 1) await ask(parts.guest);
    await expect(parts.guest.call("confirm", { title: "Again?" })).rejects.toThrow(
      coded("CALL_LIMIT_EXCEEDED", "Too many"),
    );
    await ask(stock);
    await parts.issuer.clock.advance(3_100);
    await ask(parts.guest);
    expect(parts.confirms).toHaveLength(7);
  });

  it.each<[string, (parts: Parts) => void]>([
    ["its frame loads another document", ({ guest }) => guest.faults.navigate()],
    ["its mount is closed", ({ host }) => host.mounts[0]?.close()],
    ["the host is closed", ({ host }) => host.close()],
    ["it says goodbye", ({ guest }) => guest.close()],
  ])("closes when %s, and the next one may open [DG-4]", async (_what, leave) => {
    const parts = await setUp();
    parts.guest.call("confirm", { title: "Sure?" }).catch(() => undefined);
    const { request } = await shown(parts.confirms, parts);
    expect(request.signal.aborted).toBe(false);
    leave(parts);
    while (!request.signal.aborted) await parts.guest.settled();
    if (_what === "the host is closed") return;
    const stock = await parts.connect("stock");
    const next = stock.call("confirm", { title: "Next" });
    (await shown(parts.confirms, parts, 2)).answer(true);
    await expect(next).resolves.toBe(true);
  });

  it("closes when the caller aborts the call [DG-4]", async () => {
    const parts = await setUp();
    const caller = new AbortController();
    const asking = parts.guest.callWith("confirm", [{ title: "Sure?" }], { signal: caller.signal });
    const { request } = await shown(parts.confirms, parts);
    caller.abort();
    await expect(asking).rejects.toThrow(coded("CALL_ABORTED"));
    while (!request.signal.aborted) await parts.guest.settled();
  });
});

describe("openModal", () => {
  it("shows the app's placement in the host's language, with the data in its context [DG-5]", async () => {
    const parts = await setUp();
    const opening = parts.guest.call("openModal", "edit", { data: { id: 7 } });
    const dialog = await shown(parts.modals, parts);
    expect(dialog.request).toMatchObject({ title: "Bearbeiten", size: "medium" });
    const page = createTestGuest();
    const mount = dialog.request.mount({
      place: page.place,
      path: "/elsewhere",
      placement: "menu",
      context: { modal: "no" },
    });
    await page.connect();
    expect(mount.app.id).toBe("orders");
    expect(page.url).toBe("https://orders.test/edit?x=1");
    expect(page.state.context).toEqual({
      page: "home",
      placement: "modal",
      modal: { name: "edit", data: { id: 7 } },
    });
    closeFrom(page, { saved: true });
    await expect(opening).resolves.toEqual({ saved: true });
    expect(dialog.request.signal.aborted).toBe(true);
    expect(mount.state).toBe("closed");
  });

  it("resolves to undefined when the user closes it, and closes its frame [DG-4]", async () => {
    const parts = await setUp();
    const opening = parts.guest.call("openModal", "edit");
    const dialog = await shown(parts.modals, parts);
    await showPage(dialog);
    dialog.answer(false);
    await expect(opening).resolves.toBeUndefined();
    expect(parts.host.mounts).toHaveLength(1);
  });

  it("closes with its opener, and its frame closes with it [DG-4]", async () => {
    const parts = await setUp();
    parts.guest.call("openModal", "edit").catch(() => undefined);
    const dialog = await shown(parts.modals, parts);
    await showPage(dialog);
    parts.guest.faults.navigate();
    while (!dialog.request.signal.aborted) await parts.guest.settled();
    expect(parts.host.mounts).toHaveLength(1);
    expect(() => dialog.request.mount({ place: createTestGuest().place })).toThrow(
      coded("CHANNEL_CLOSED"),
    );
  });

  it.each(["create", "constructor", ""])(
    "refuses %j, which the manifest does not list",
    async (name) => {
      const { guest, modals } = await setUp();
      await expect(guest.call("openModal", name)).rejects.toThrow(coded("SURFACE_REFUSED"));
      expect(modals).toEqual([]);
    },
  );

  it("is refused when its data was transferred to the host but cannot be cloned to the dialog", async () => {
    const { guest, modals } = await setUp();
    const { port1, port2 } = new MessageChannel();
    const data = { port: port1 };
    await expect(
      guest.callWith("openModal", ["edit", { data }], { transfer: [port1] }),
    ).rejects.toThrow(coded("VALUE_NOT_CLONEABLE", "options.data"));
    expect(modals).toEqual([]);
    port2.close();
  });

  it("refuses another app's modal [DG-5]", async () => {
    const parts = await setUp();
    const stock = await parts.connect("stock");
    await expect(stock.call("openModal", "edit")).rejects.toThrow(
      coded("SURFACE_REFUSED", "stock"),
    );
  });

  it("is closed by its own frame only [DG-5]", async () => {
    const parts = await setUp();
    const stock = await parts.connect("stock");
    const opening = parts.guest.call("openModal", "edit");
    const page = await showPage(await shown(parts.modals, parts));
    for (const other of [parts.guest, stock]) {
      await expect(other.call("closeModal", "mine")).rejects.toThrow(coded("SURFACE_REFUSED"));
    }
    closeFrom(page, "its");
    await expect(opening).resolves.toBe("its");
  });

  it("keeps one frame when its page is mounted again", async () => {
    const parts = await setUp();
    const opening = parts.guest.call("openModal", "edit");
    const dialog = await shown(parts.modals, parts);
    const first = await showPage(dialog);
    const second = await showPage(dialog);
    expect(first.isConnected).toBe(false);
    expect(parts.host.mounts).toHaveLength(2);
    closeFrom(second, 2);
    await expect(opening).resolves.toBe(2);
  });

  it("reports a failing UI to the host, and to the guest without details", async () => {
    const errors: unknown[] = [];
    const broken = new Error("secret of the UI");
    const parts = await setUp({
      ui: { openModal: () => Promise.reject(broken) },
      onError: (error) => errors.push(error),
    });
    await expect(parts.guest.call("openModal", "edit")).rejects.toThrow(coded("CALL_FAILED"));
    await expect(parts.guest.call("openModal", "edit")).rejects.not.toThrow("secret");
    expect(errors).toEqual([broken, broken]);
  });
});
