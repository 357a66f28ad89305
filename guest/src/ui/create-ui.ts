/// <reference lib="esnext.disposable" preserve="true" />
/** The host's UI for apps: navigation, frame size, toasts and dialogs. */
import {
  isRecord,
  type ConfirmOptions,
  type GuestModal,
  type NavigateOptions,
  type NavigateTarget,
  type OpenModalOptions,
  type ToastOptions,
} from "@breezeway/shared";
import {
  callOptions,
  type CallOptions,
  type Readable,
  type Unsubscribe,
} from "@breezeway/shared/channel";
import type { BuiltInCaller } from "../bridge-types.ts";
import { followSize } from "./follow-size.ts";

/** The part of a bridge that the UI uses. A bridge with any contract has it. */
export interface UiBridge {
  readonly method: BuiltInCaller;
  readonly context: Readable<unknown>;
}

/**
 * Each method rejects with CAPABILITY_MISSING when the manifest lacks its capability, SURFACE_REFUSED
 * when the host does not offer it here, CALL_LIMIT_EXCEEDED when it is called too often, and
 * CALL_ARGUMENTS_INVALID with the name of the field.
 */
export interface AppUi extends Disposable {
  /**
   * Navigates to a path of the host, such as `/customers/c-1042`, or to a page of an app, such as
   * `{ path: "/orders/7" }`. Requires user activation and the capability `navigation:write`; a page of
   * another app also requires `navigation:apps`.
   *
   * @throws {BridgeError} ACTIVATION_MISSING, APP_UNKNOWN
   */
  navigate(target: NavigateTarget, options?: NavigateOptions): Promise<void>;
  /**
   * Reports the page that this app shows, so that the host can open the app there again.
   *
   * @param path A path of this app's origin. Default: that of this page, with query and fragment.
   */
  reportPath(path?: string): Promise<void>;
  /** Shows a text of at most 200 characters in the app's name. Requires `toasts:show`. */
  showToast(text: string, options?: ToastOptions): Promise<void>;
  /**
   * Asks a question in a dialog of the host. Resolves to `false` also when the user dismisses it. A
   * text alone is the title. Requires user activation and `dialogs:show`.
   *
   * @throws {BridgeError} ACTIVATION_MISSING, CALL_ABORTED
   */
  confirm(question: string | ConfirmOptions, options?: { signal?: AbortSignal }): Promise<boolean>;
  /**
   * Shows a `modal` placement of this app in a dialog of the host, with data for its page. Resolves to
   * the value that its page passes to `closeModal`; `undefined` when the user closes it. The value
   * comes from another page and is not checked. Requires user activation and `dialogs:show`.
   *
   * @throws {BridgeError} ACTIVATION_MISSING, CALL_ABORTED
   */
  openModal(name: string, options?: OpenModalOptions & { signal?: AbortSignal }): Promise<unknown>;
  /** Name and data with which `openModal` opened this page; `undefined` outside a dialog. */
  readonly modal: GuestModal | undefined;
  /** Closes the dialog that shows this page, and the page's frame with it. */
  closeModal(result?: unknown): Promise<void>;
  /**
   * Keeps the frame as high as its content, within the host's limits. The frame stays as it is where
   * the host does not allow this.
   *
   * @param element The element whose height is used. Default: the page's body.
   * @returns A function that stops it.
   */
  autoResize(element?: HTMLElement): Unsubscribe;
  /** Stops all listeners and observers that this UI has started. */
  close(): void;
}

// Users take their time. The dialog ends with this page.
const PATIENT = { timeoutMs: Infinity };

/**
 * Returns the host's UI for apps. In a dialog of the host, Escape closes it unless the page prevents
 * the default of the key.
 *
 * @example
 * const ui = createUi(bridge);
 * if (await ui.confirm({ title: "Cancel this order?", tone: "danger" })) await cancel();
 */
export function createUi(bridge: UiBridge): AppUi {
  const { ui, own } = composeUi(bridge);
  own(closeOnEscape(ui));
  return ui;
}

/** Makes the UI of `createUi` without starting anything. */
export function composeUi(bridge: UiBridge): {
  readonly ui: AppUi;
  /** Stops something when the UI closes. @returns A function that stops it earlier. */
  readonly own: (stop: Unsubscribe) => Unsubscribe;
} {
  const running = new Set<Unsubscribe>();
  const { method } = bridge;

  const modal = (): GuestModal | undefined => {
    const { current } = bridge.context;
    const given = isRecord(current) ? current["modal"] : undefined;
    return isRecord(given) && typeof given["name"] === "string"
      ? { name: given["name"], data: given["data"] }
      : undefined;
  };

  const own = (stop: Unsubscribe): Unsubscribe => {
    const end = (): void => {
      running.delete(end);
      stop();
    };
    running.add(end);
    return end;
  };

  const closeModal = (result?: unknown): Promise<void> => method.call("closeModal", result);

  const close = (): void => {
    for (const stop of running) stop();
  };

  const ui: AppUi = {
    navigate: (target, options) => method.call("navigate", target, options),
    reportPath: (path = location.pathname + location.search + location.hash) =>
      method.call("reportPath", path),
    showToast: (text, options) => method.call("showToast", text, options),
    confirm: (question, options) =>
      method.call(
        "confirm",
        typeof question === "string" ? { title: question } : question,
        patiently(options),
      ),
    openModal: (name, { data, ...options } = {}) =>
      method.call("openModal", name, { data }, patiently(options)),
    get modal() {
      return modal();
    },
    closeModal,
    autoResize: (element = document.body) =>
      own(followSize(element, (heightPx) => method.call("resize", { heightPx }))),
    close,
    // In a browser without `using` this key is `undefined`, and nothing looks it up.
    [Symbol.dispose]: close,
  };
  return { ui, own };
}

/** Closes the dialog on Escape, if this page is in one. The host's page does not receive its keys. */
export function closeOnEscape({
  modal,
  closeModal,
}: Pick<AppUi, "modal" | "closeModal">): Unsubscribe {
  if (modal === undefined || typeof window === "undefined") return () => undefined;
  const onKey = (event: KeyboardEvent): void => {
    // During text composition Escape belongs to the input method.
    if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
    // Prevented, so that no other listener closes the dialog again.
    event.preventDefault();
    closeModal().catch(() => undefined);
  };
  window.addEventListener("keydown", onKey);
  return () => window.removeEventListener("keydown", onKey);
}

function patiently(options: { readonly signal?: AbortSignal } = {}): CallOptions {
  return callOptions({ ...PATIENT, ...options });
}
