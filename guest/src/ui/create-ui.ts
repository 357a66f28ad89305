/// <reference lib="esnext.disposable" preserve="true" />
/** The page around the app: where it goes, how large the app is, toasts and dialogs. */
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

/** The part of a bridge that is used: any bridge, whatever its contract. */
export interface UiBridge {
  readonly method: BuiltInCaller;
  readonly context: Readable<unknown>;
}

/**
 * Each method rejects with CAPABILITY_MISSING when the manifest does not list what it needs,
 * SURFACE_REFUSED when the host does not offer it here, CALL_LIMIT_EXCEEDED when it is too much at
 * once, and CALL_ARGUMENTS_INVALID with the name of the field.
 */
export interface AppUi extends Disposable {
  /**
   * Goes to a path of the host, `/customers/c-1042`, or to a page of an app, `{ path: "/orders/7" }`.
   * Needs `navigation:write`; `{ app }` of another app `navigation:apps` besides.
   *
   * @throws {BridgeError} ACTIVATION_MISSING some seconds after the person's last click or key, APP_UNKNOWN
   */
  navigate(target: NavigateTarget, options?: NavigateOptions): Promise<void>;
  /**
   * Tells the host which page of this app is shown, so that it can open the app there again.
   *
   * @param path of this app's origin. Default: that of this page, with query and fragment.
   */
  reportPath(path?: string): Promise<void>;
  /** Shows a short text, at most 200 characters, in the app's name. Needs `toasts:show`. */
  showToast(text: string, options?: ToastOptions): Promise<void>;
  /**
   * Asks a question in a dialog of the host; `false` also when the person dismisses it. A text alone
   * is the title. Needs `dialogs:show`.
   *
   * @throws {BridgeError} ACTIVATION_MISSING, as in `navigate`; CALL_ABORTED
   */
  confirm(question: string | ConfirmOptions, options?: { signal?: AbortSignal }): Promise<boolean>;
  /**
   * Shows a `modal` placement of this app in a dialog of the host, with data for its page. Resolves to
   * what that page gives to `closeModal`; `undefined` when the person has closed it. Nothing is known
   * of the result: it comes from another page. Needs `dialogs:show`.
   *
   * @throws {BridgeError} ACTIVATION_MISSING, as in `navigate`; CALL_ABORTED
   */
  openModal(name: string, options?: OpenModalOptions & { signal?: AbortSignal }): Promise<unknown>;
  /** What this page was opened with by `openModal`; `undefined` when it is in no dialog. */
  readonly modal: GuestModal | undefined;
  /** Closes the dialog that shows this page. The frame goes with it. */
  closeModal(result?: unknown): Promise<void>;
  /**
   * Keeps the frame as high as its content, within the host's limits. Where the host does not allow
   * it, the frame stays as it is.
   *
   * @param element what the height is of. Default: the page's body.
   * @returns a function that stops it
   */
  autoResize(element?: HTMLElement): Unsubscribe;
  /** Stops what this has started in the page. */
  close(): void;
}

// A person takes their time. The dialog goes when this page does.
const PATIENT = { timeoutMs: Infinity };

/**
 * In a dialog of the host, Escape closes it, unless the page has prevented that.
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

/** The surfaces as `createUi` gives them, with nothing started yet. */
export function composeUi(bridge: UiBridge): {
  readonly ui: AppUi;
  /** @returns what stops it, which the end of the surfaces calls, too */
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
    // An engine without `using` finds nothing here that it would look for.
    [Symbol.dispose]: close,
  };
  return { ui, own };
}

/** In a dialog only. The host's page does not see keys of this one. */
export function closeOnEscape({
  modal,
  closeModal,
}: Pick<AppUi, "modal" | "closeModal">): Unsubscribe {
  if (modal === undefined || typeof window === "undefined") return () => undefined;
  const onKey = (event: KeyboardEvent): void => {
    // While a text is composed, Escape is the editor's.
    if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
    // Whoever else listens need not close it again.
    event.preventDefault();
    closeModal().catch(() => undefined);
  };
  window.addEventListener("keydown", onKey);
  return () => window.removeEventListener("keydown", onKey);
}

function patiently(options: { readonly signal?: AbortSignal } = {}): CallOptions {
  return callOptions({ ...PATIENT, ...options });
}
