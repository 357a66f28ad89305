/**
 * Dialogs that apps ask for.
 *
 * [DG-1] One dialog on the page at a time, for all apps and all hosts of the page.
 * [DG-2] Opening a dialog requires user activation. No app can open one on its own.
 * [DG-3] Each app has a token bucket for dialogs.
 * [DG-4] A dialog ends with its caller: when the call is aborted, or the frame or its mount is gone.
 * [DG-5] A modal shows a page of the app that asks, in a frame of its own. Only that frame closes it.
 */
import {
  BridgeError,
  dialogOpen,
  notInModal,
  type GuestModal,
  type SurfaceMethod,
} from "@breezeway/shared";
import {
  labelText,
  type AskedConfirm,
  type AskedModal,
  type Placement,
  type RegisteredApp,
} from "@breezeway/shared/schemas";
import type { IncomingCall } from "@breezeway/shared/channel";
import type { GuestMount } from "../guests/guest-mount.ts";
import type { MountOptions } from "../mount-types.ts";
import { takeDialogPlace } from "./dialog-place.ts";
import type { HostUi } from "./host-ui.ts";

/**
 * @param wasActive Whether the user was active when the call came. Default: whether the user is now.
 * @throws {BridgeError} ACTIVATION_MISSING, CALL_LIMIT_EXCEEDED
 */
export type AssertAllowed = (
  method: SurfaceMethod,
  app: RegisteredApp,
  call: IncomingCall,
  wasActive?: boolean,
) => void;

export interface DialogsDeps {
  readonly ui: HostUi;
  readonly locale: () => string;
  readonly assertAllowed: AssertAllowed;
}

export interface ModalCaller {
  readonly app: RegisteredApp;
  /** Mounts another page of the same app. */
  readonly mountPage: (options: MountOptions) => GuestMount;
}

export interface Dialogs {
  confirm(app: RegisteredApp, asked: AskedConfirm, call: IncomingCall): Promise<boolean>;
  /** Resolves to what the frame in the modal passed to `closeModal`; `undefined` when the user closed it. */
  openModal(caller: ModalCaller, asked: AskedModal, call: IncomingCall): Promise<unknown>;
  closeModal(mount: GuestMount, result: unknown): void;
}

type ModalPlacement = Extract<Placement, { type: "modal" }>;

/** The frame in the open modal. */
interface OpenModal {
  readonly mount: GuestMount;
  close(result: unknown): void;
}

/** A modal that is about to open. */
interface ModalOpening {
  readonly caller: ModalCaller;
  readonly placement: ModalPlacement;
  readonly data: unknown;
  readonly closing: AbortController;
  readonly onResult: (result: unknown) => void;
}

export function createDialogs({ ui, locale, assertAllowed }: DialogsDeps): Dialogs {
  let shown: OpenModal | undefined;

  const mountInModal = (opening: ModalOpening, options: MountOptions): GuestMount => {
    const { caller, placement, data, closing, onResult } = opening;
    if (closing.signal.aborted) {
      throw new BridgeError("CHANNEL_CLOSED", "The dialog was closed.");
    }
    shown?.mount.close();
    const context: { readonly modal: GuestModal } = { modal: { name: placement.name, data } };
    const { path } = placement;
    const mount = caller.mountPage({ ...options, path, placement: "modal", context });
    shown = {
      mount,
      close(result) {
        onResult(result);
        closing.abort();
      },
    };
    return mount;
  };

  const showModal = async (opening: ModalOpening): Promise<void> => {
    const { caller, placement, closing } = opening;
    closing.signal.addEventListener("abort", () => {
      shown?.mount.close();
      shown = undefined;
    });
    await ui.openModal?.({
      app: caller.app,
      title: labelText(placement.label, locale()),
      size: placement.size ?? "medium",
      signal: closing.signal,
      mount: (options) => mountInModal(opening, options),
    });
  };

  return {
    async confirm(app, asked, call) {
      if (!ui.confirm) throw notOffered("dialogs");
      const answer = await exclusively(call, ({ signal }) => {
        assertAllowed("confirm", app, call);
        return ui.confirm?.({ app, ...asked, signal });
      });
      return answer === true;
    },
    async openModal(caller, { name, data }, call) {
      if (!ui.openModal) throw notOffered("dialogs");
      const placement = modalOf(caller.app, name);
      let result: unknown;
      const onResult = (value: unknown): void => {
        result = value;
      };
      await exclusively(call, (closing) => {
        assertAllowed("openModal", caller.app, call);
        return showModal({ caller, placement, data, closing, onResult });
      });
      return result;
    },
    closeModal(caller, result) {
      if (shown?.mount !== caller) throw notInModal();
      const modal = shown;
      // Later: the answer to this call must leave before its channel ends with the modal.
      queueMicrotask(() => modal.close(result));
    },
  };
}

/** Runs with the page's one dialog, until the dialog has ended or its caller no longer waits. */
export async function exclusively<T>(
  call: IncomingCall,
  run: (closing: AbortController) => T | PromiseLike<T>,
): Promise<T | undefined> {
  const leave = takeDialogPlace();
  if (!leave) throw dialogOpen();
  const closing = new AbortController();
  const close = (): void => closing.abort();
  const closed = new Promise<undefined>((resolve) => {
    closing.signal.addEventListener("abort", () => resolve(undefined));
  });
  call.signal.addEventListener("abort", close);
  try {
    return await Promise.race([run(closing), closed]);
  } finally {
    leave();
    close();
  }
}

export function notOffered(what: string): BridgeError {
  return new BridgeError("SURFACE_REFUSED", `This host offers no ${what} to apps.`);
}

/** @throws {BridgeError} SURFACE_REFUSED */
function modalOf({ id, placements }: RegisteredApp, name: string): ModalPlacement {
  const found = placements.find(
    (placement): placement is ModalPlacement =>
      placement.type === "modal" && placement.name === name,
  );
  if (found) return found;
  throw new BridgeError(
    "SURFACE_REFUSED",
    `${id}: the manifest lists no placement of type "modal" with this name.`,
  );
}
