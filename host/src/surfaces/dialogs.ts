/**
 * Dialogs that apps ask for.
 *
 * [DG-1] One on the page at a time, whoever asks, and whichever host they ask.
 * [DG-2] Only shortly after a person did something in the page: no app can open one by itself.
 * [DG-3] Of one app only so many in a row.
 * [DG-4] A dialog ends with whoever waits for it: the call was aborted, the frame or its mount is gone.
 * [DG-5] A modal shows a page of the app that asks, in a frame of its own; only that frame closes it.
 */
import { BridgeError, type GuestModal } from "@breezeway/shared";
import {
  labelText,
  type AskedConfirm,
  type AskedModal,
  type Placement,
  type RegisteredApp,
} from "@breezeway/shared/schemas";
import type { IncomingCall } from "@breezeway/shared/channel";
import type { GuestMount } from "../guests/guest-mount.ts";
import type { MountOptions } from "../host-types.ts";
import { takeDialogPlace } from "./dialog-place.ts";
import type { HostUi } from "./host-ui.ts";

export interface DialogsOptions {
  readonly ui: HostUi;
  readonly locale: () => string;
  readonly mount: (appId: string, options: MountOptions) => GuestMount;
  /** @throws {BridgeError} when the app may open none now */
  readonly assertAllowed: (app: RegisteredApp, call: IncomingCall) => void;
}

export interface Dialogs {
  confirm(app: RegisteredApp, asked: AskedConfirm, call: IncomingCall): Promise<boolean>;
  /** What the app's frame in the dialog has closed it with; `undefined` when the person did. */
  openModal(app: RegisteredApp, asked: AskedModal, call: IncomingCall): Promise<unknown>;
  closeModal(mount: GuestMount, result: unknown): void;
}

type ModalPlacement = Extract<Placement, { type: "modal" }>;

export function createDialogs({ ui, locale, mount, assertAllowed }: DialogsOptions): Dialogs {
  /** The frame in the dialog that is open, and how it closes it. */
  let shown: { readonly mount: GuestMount; close(result: unknown): void } | undefined;

  /** Runs until the dialog has ended, or nobody waits for it any more. */
  const exclusively = async <T>(
    app: RegisteredApp,
    call: IncomingCall,
    run: (closing: AbortController) => T | PromiseLike<T>,
  ): Promise<T | undefined> => {
    const leave = takeDialogPlace();
    if (!leave) throw new BridgeError("CALL_LIMIT_EXCEEDED", "A dialog is open already.");
    const closing = new AbortController();
    const close = (): void => closing.abort();
    const closed = new Promise<undefined>((resolve) => {
      closing.signal.addEventListener("abort", () => resolve(undefined));
    });
    call.signal.addEventListener("abort", close);
    try {
      assertAllowed(app, call);
      return await Promise.race([run(closing), closed]);
    } finally {
      leave();
      close();
    }
  };

  return {
    async confirm(app, asked, call) {
      if (!ui.confirm) throw notOffered("dialogs");
      const answer = await exclusively(app, call, (closing) =>
        ui.confirm?.({ app, ...asked, signal: closing.signal }),
      );
      return answer === true;
    },
    async openModal(app, { name, data }, call) {
      if (!ui.openModal) throw notOffered("dialogs");
      const placement = modalOf(app, name);
      let result: unknown;
      await exclusively(app, call, async (closing) => {
        const context: { readonly modal: GuestModal } = { modal: { name, data } };
        const show = (options: MountOptions): GuestMount => {
          if (closing.signal.aborted)
            throw new BridgeError("CHANNEL_CLOSED", "The dialog is gone.");
          shown?.mount.close();
          const opened = mount(app.id, {
            ...options,
            path: placement.path,
            placement: "modal",
            context,
          });
          shown = {
            mount: opened,
            close(value) {
              result = value;
              closing.abort();
            },
          };
          return opened;
        };
        closing.signal.addEventListener("abort", () => {
          shown?.mount.close();
          shown = undefined;
        });
        await ui.openModal?.({
          app,
          title: labelText(placement.label, locale()),
          size: placement.size ?? "medium",
          signal: closing.signal,
          mount: show,
        });
      });
      return result;
    },
    closeModal(caller, result) {
      if (shown?.mount !== caller) throw new BridgeError("SURFACE_REFUSED", "This is no dialog.");
      const dialog = shown;
      // After the answer to this very call, which goes out together with the end of its channel.
      queueMicrotask(() => dialog.close(result));
    },
  };
}

export function notOffered(what: string): BridgeError {
  return new BridgeError("SURFACE_REFUSED", `This host has no ${what} for apps.`);
}

function modalOf({ id, placements }: RegisteredApp, name: string): ModalPlacement {
  const found = placements.find(
    (placement): placement is ModalPlacement =>
      placement.type === "modal" && placement.name === name,
  );
  if (found) return found;
  throw new BridgeError("SURFACE_REFUSED", `The manifest of ${id} has no modal of this name.`);
}
